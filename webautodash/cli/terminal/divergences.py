"""Files that only one of two databases knows, as `status` and `verify` show them."""

from collections.abc import Sequence

from webautodash.cli.terminal.output import say, show_table
from webautodash.services.verify.divergence import Divergence

_MOST_SHOWN = 20


def show_divergences(found: Sequence[Divergence]) -> None:
    """Which files are missing from which database, and where they are; the first few."""
    rows = [
        (one.provider, what, file.path, file.location)
        for one in found
        for what, files in (("the database", one.missing_files), ("the system database", one.unrecorded_files))
        for file in files
    ]
    if rows:
        say("")
        show_table(["provider", "missing from", "file", "where it is"], rows[:_MOST_SHOWN])
    if len(rows) > _MOST_SHOWN:
        say(f"the first {_MOST_SHOWN} of {len(rows):,}; all: --json")
