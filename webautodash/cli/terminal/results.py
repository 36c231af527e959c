"""Results that several commands print: a page of a list, divergences, the consequences of a correction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from webautodash.cli.advice import advice_for, explain_unreadable
from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.cli.terminal.tables import show_items, show_table
from webautodash.domain.wording import counted

if TYPE_CHECKING:
    from webautodash.client.extraction_sessions import TimeCorrection
    from webautodash.client.reports import Divergence, Listing
    from webautodash.client.set_aside_patients import StoredReview

_MAX_ROWS = 20


def show_found(found: Sequence[object], columns: Mapping[str, str], empty: str, *, as_json: bool) -> None:
    """Print a list; ``columns`` maps headings to fields, ``empty`` is printed for no items."""
    if as_json:
        show_json(found)
    elif not found:
        print_line(empty)
    else:
        show_items(columns, found)


def show_listing(found: "Listing[Any]", columns: Mapping[str, str], empty: str, *, as_json: bool) -> None:
    """Print a page like ``show_found``, and whether there is more, and end the command if there was a problem."""
    if as_json:
        show_json(found)
    else:
        show_found(found.items, columns, empty, as_json=False)
        if found.more:
            print_line(
                f"more: --after {found.next}" if found.next else "there are more: name a provider, or raise --limit"
            )
    exit_with_problems(explain_unreadable(problem) for problem in found.problems)


def show_advice(kinds: Iterable[str | None]) -> None:
    """Print the advice for each kind of error once; placeholders such as PATH stand for the values."""
    for kind in dict.fromkeys(kinds):
        if (advice := advice_for(kind, {})) is not None:
            print_line(f"{kind}: {advice}")


def show_divergences(found: "Sequence[Divergence]") -> None:
    """Print which files are missing from which database, and where they are; the first rows only."""
    rows = [
        (one.provider, database, file.path, file.location)
        for one in found
        for database, files in (("the database", one.missing_files), ("the system database", one.unrecorded_files))
        for file in files
    ]
    if rows:
        print_line("")
        show_table(["provider", "missing from", "file", "location"], rows[:_MAX_ROWS])
    if len(rows) > _MAX_ROWS:
        print_line(f"first {_MAX_ROWS} of {len(rows):,}; to see all: --json")


def show_consequences(done: "TimeCorrection | StoredReview") -> None:
    """Print what changed for patients and conflicts."""
    print_line(f"{counted(done.patients, 'patient')} compared again, {done.patients_changed} with different values")
    print_line(
        f"conflicts: {done.conflicts_added} added, {done.conflicts_closed} closed as false positives, "
        f"{done.conflicts_reopened} reopened"
    )
    if done.conflicts_decided:
        kept = counted(done.conflicts_decided, "conflict")
        print_line(f"{kept} kept as decided by people, although the comparison no longer finds them")
