"""Tables on stdout that read well on a terminal and in a pipe."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from statistics import median_low
from typing import TYPE_CHECKING

from webautodash.cli.terminal.output import print_line, printable, write_line

if TYPE_CHECKING:
    from rich.console import Console

_GAP = 2
_MAX_WIDTH = 60

# rich is imported inside functions: a command that prints JSON does not need it.


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; long cells wrap on a terminal and extend to the right in a pipe."""
    if not sys.stdout.isatty():
        texts = [list(columns), *([cell_text(value) for value in row] for row in rows)]
        right = [_is_numeric(cells) for _, cells in _by_column(columns, rows)]
        for line in aligned(texts, [0] * len(columns), right)[0]:
            print_line(line)
        return
    from rich.table import Table

    console = _console()
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column, cells in _by_column(columns, rows):
        table.add_column(column, justify="right" if _is_numeric(cells) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell_text(value) for value in row))
    with console.capture() as capture:
        console.print(table)
    write_line(sys.stdout, "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n")))


def show_items(columns: Mapping[str, str], items: Iterable[object]) -> None:
    """Print objects as a table; ``columns`` maps headings to attributes, also those of an attribute: ``alert.id``."""
    show_table(list(columns), list(map(attrgetter(*columns.values()), items)))


def show_numbers(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table of short cells; on a narrow terminal in parts that each repeat the first column."""
    if not sys.stdout.isatty():
        show_table(columns, rows)
        return
    width = _console().width
    widths = [
        max(len(column), *(len(cell_text(cell)) for cell in cells)) for column, cells in _by_column(columns, rows)
    ]
    part = [0]
    for number in range(1, len(columns)):
        if len(part) > 1 and sum(widths[each] + _GAP for each in [*part, number]) > width:
            show_table([columns[each] for each in part], [[row[each] for each in part] for row in rows])
            print_line("")
            part = [0]
        part.append(number)
    show_table([columns[each] for each in part], [[row[each] for each in part] for row in rows])


def show_fields(fields: Mapping[str, object]) -> None:
    """Print one object, a line for each field and each item of a list; empty fields are left out."""
    shown = {name: _lines(value) for name, value in fields.items() if value not in (None, "", (), [])}
    width = max((len(name) for name in shown), default=0) + _GAP
    for name, lines in shown.items():
        print_line(f"{name + ':':<{width}}{lines[0]}")
        for line in lines[1:]:
            print_line(" " * width + line)


def aligned(
    lines: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool] = ()
) -> tuple[list[str], list[int]]:
    """Align cells in columns at least ``widths`` wide; return the lines and the widths that were used.

    No cell is cut off. A very long cell shifts the rest of its own line only.
    """
    from rich.cells import cell_len

    used = list(widths)
    for number, lengths in enumerate(zip(*([cell_len(text) for text in line] for line in lines), strict=True)):
        # In a column of long cells, such as paths, the limit grows with them.
        limit = max(_MAX_WIDTH, 2 * median_low(lengths))
        used[number] = max(used[number], *(length for length in lengths if length <= limit), 0)
    shown = []
    for line in lines:
        cells = []
        for number, text in enumerate(line):
            padding = " " * (used[number] - cell_len(text))
            cells.append(padding + text if right and right[number] else text + padding)
        shown.append((" " * _GAP).join(cells).rstrip())
    return shown, used


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


def cell_text(value: object) -> str:
    """A value on one line."""
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case datetime():
            text = value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            text = value.isoformat()
        case list() | tuple():
            text = "; ".join(cell_text(part) for part in value)
        case dict():
            text = ", ".join(f"{name}: {cell_text(part)}" for name, part in value.items())
        case _:
            text = str(value)
    return printable(" ".join(text.splitlines()))


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _lines(value: object) -> list[str]:
    return [cell_text(part) for part in value] if isinstance(value, list | tuple) else [cell_text(value)]


def _by_column(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for number, column in enumerate(columns):
        yield column, ("", *(row[number] for row in rows))


def _is_numeric(cells: Iterable[object]) -> bool:
    return all(cell in (None, "") or (isinstance(cell, int) and not isinstance(cell, bool)) for cell in cells)
