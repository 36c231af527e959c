"""A part of a long list: the items, where it goes on, and the databases that could not be asked."""

from collections.abc import Mapping

from webautodash.cli.exit_status import end_with
from webautodash.cli.terminal.output import say, show_json, show_table
from webautodash.services.paging import Listing, T


def show_listing(found: Listing[T], columns: Mapping[str, str], nothing: str, *, as_json: bool) -> None:
    """Print a listing and end the command; ``columns`` are headings to fields, ``nothing`` is said of an empty one."""
    if as_json:
        show_json(found)
    elif not found.items:
        say(nothing)
    else:
        show_table(list(columns), [[getattr(one, field) for field in columns.values()] for one in found.items])
        if found.more:
            say(f"more: --after {found.next}" if found.next else "more: name a provider, or raise --limit")
    end_with(problem.problem for problem in found.problems)
