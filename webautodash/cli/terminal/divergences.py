"""Files that only one of two databases records, for ``status`` and ``verify``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from webautodash.cli.terminal.messages import print_line
from webautodash.cli.terminal.tables import show_table

if TYPE_CHECKING:
    from webautodash.client.reports import Divergence

_MAX_ROWS = 20


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
