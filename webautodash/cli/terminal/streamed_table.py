"""A table whose rows arrive over time."""

import sys
from collections.abc import Sequence

from webautodash.cli.terminal.messages import print_line
from webautodash.cli.terminal.tables import aligned, cell_text


class StreamedTable:
    """Prints rows as they come. Columns keep their positions; a longer cell widens its column for later rows."""

    def __init__(self, **widths: int) -> None:
        self._names, self._widths = list(widths), list(widths.values())
        self._has_header = False

    def show(self, rows: Sequence[Sequence[object]]) -> None:
        """Print rows, and the header before the first ones."""
        lines = [[cell_text(value) for value in row] for row in rows]
        if not self._has_header:
            lines.insert(0, self._names)
            self._has_header = True
        shown, self._widths = aligned(lines, self._widths)
        for line in shown:
            print_line(line)
        sys.stdout.flush()
