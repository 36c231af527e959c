"""One page of a long list: the items, where the next page begins, and the databases that could not be read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.hints import explain_unreadable
from webautodash.cli.terminal.json_output import show_json
from webautodash.cli.terminal.messages import print_line
from webautodash.cli.terminal.tables import show_items

if TYPE_CHECKING:
    from webautodash.client.reports import Listing


def show_listing(found: "Listing[Any]", columns: Mapping[str, str], empty: str, *, as_json: bool) -> None:
    """Print a page and end the command; ``columns`` maps headings to fields, ``empty`` is printed for no items."""
    if as_json:
        show_json(found)
    elif not found.items:
        print_line(empty)
    else:
        show_items(columns, found.items)
        if found.more:
            print_line(
                f"more: --after {found.next}" if found.next else "there are more: name a provider, or raise --limit"
            )
    exit_with_problems(explain_unreadable(problem) for problem in found.problems)
