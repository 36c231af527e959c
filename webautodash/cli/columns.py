"""A table that has no end."""

import sys
from collections.abc import Sequence

from webautodash.cli.output import as_text, say

_GAP = "  "


class Columns:
    """Prints rows as they come. A column keeps its place; a longer cell widens it for the rows from then on."""

    def __init__(self, **widths: int) -> None:
        self._names, self._widths = list(widths), list(widths.values())[:-1]
        self._headed = False

    def show(self, rows: Sequence[Sequence[object]]) -> None:
        """Print rows, before the first ones the names of the columns; the last column is as wide as it is."""
        lines = [[as_text(value) for value in row] for row in rows]
        if not self._headed:
            lines.insert(0, self._names)
            self._headed = True
        for line in lines:
            self._widths = [max(width, len(text)) for width, text in zip(self._widths, line[:-1], strict=True)]
        for line in lines:
            padded = [text.ljust(width) for text, width in zip(line[:-1], self._widths, strict=True)]
            say(_GAP.join([*padded, line[-1]]).rstrip())
        sys.stdout.flush()
