"""A table that has no end."""

import sys
from collections.abc import Sequence

from webautodash.cli.terminal.output import aligned, as_text, say


class Columns:
    """Prints rows as they come. A column keeps its place; a longer cell widens it for the rows from then on."""

    def __init__(self, **widths: int) -> None:
        self._names, self._widths = list(widths), list(widths.values())
        self._headed = False

    def show(self, rows: Sequence[Sequence[object]]) -> None:
        """Print rows, before the first ones the names of the columns."""
        lines = [[as_text(value) for value in row] for row in rows]
        if not self._headed:
            lines.insert(0, self._names)
            self._headed = True
        shown, self._widths = aligned(lines, self._widths)
        for line in shown:
            say(line)
        sys.stdout.flush()
