"""What stands on stdout: one JSON document, or tables that read well on a terminal and in a pipe."""

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from statistics import median_low
from typing import TYPE_CHECKING

from webautodash.cli.terminal.json_lines import said_as_json
from webautodash.cli.terminal.streams import printable, unheard, write_line
from webautodash.domain.json_document import to_json, to_json_line

if TYPE_CHECKING:
    from rich.console import Console

_GAP = 2
_WIDEST = 60


def show_json(result: object) -> None:
    """The one document of a ``--json`` command, in UTF-8 whatever the terminal's encoding."""
    _show_bytes(to_json(result))


def show_json_line(result: object) -> None:
    """One of many documents, each on a line."""
    _show_bytes(to_json_line(result))


def say(text: str) -> None:
    """A line on stdout."""
    write_line(sys.stdout, printable(text))


def complain(text: str, level: int = logging.WARNING, trace: Sequence[str] = ()) -> None:
    """A line on stderr, among those of the log where they are JSON; what cannot be heard stops no work."""
    # Nothing at all ends the line of a question, which is no line of a log.
    if text and said_as_json(text, level, trace):
        return
    try:
        sys.stderr.writelines(trace)
        write_line(sys.stderr, printable(text))
    except OSError:
        unheard(sys.stderr)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table of texts; on a terminal long cells are wrapped, elsewhere they stand out to the right."""
    if not sys.stdout.isatty():
        texts = [list(columns), *([as_text(value) for value in row] for row in rows)]
        right = [_numeric(cells) for _, cells in _by_column(columns, rows)]
        for line in aligned(texts, [0] * len(columns), right)[0]:
            say(line)
        return
    from rich.table import Table  # not for commands that print JSON

    console = _console()
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column, cells in _by_column(columns, rows):
        table.add_column(column, justify="right" if _numeric(cells) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(as_text(value) for value in row))
    with console.capture() as capture:
        console.print(table)
    write_line(sys.stdout, "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n")))


def show_numbers(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table of short cells; where a terminal is too narrow, in parts that each repeat the first column."""
    if not sys.stdout.isatty():
        show_table(columns, rows)
        return
    width = _console().width
    widths = [max(len(column), *(len(as_text(cell)) for cell in cells)) for column, cells in _by_column(columns, rows)]
    part = [0]
    for number in range(1, len(columns)):
        if len(part) > 1 and sum(widths[each] + _GAP for each in [*part, number]) > width:
            show_table([columns[each] for each in part], [[row[each] for each in part] for row in rows])
            say("")
            part = [0]
        part.append(number)
    show_table([columns[each] for each in part], [[row[each] for each in part] for row in rows])


def show_fields(fields: Mapping[str, object]) -> None:
    """One thing, a line a field, a list a line an item; fields without a value are left out."""
    shown = {name: _lines(value) for name, value in fields.items() if value not in (None, "", (), [])}
    width = max((len(name) for name in shown), default=0) + _GAP
    for name, lines in shown.items():
        say(f"{name + ':':<{width}}{lines[0]}")
        for line in lines[1:]:
            say(" " * width + line)


def aligned(
    lines: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool] = ()
) -> tuple[list[str], list[int]]:
    """Lines of cells one below the other, none cut off, and the widths of the columns: at least those that are given.

    A very long cell moves the rest of its own line only: it does not make every other line as long.
    """
    from rich.cells import cell_len  # not for commands that print JSON

    found = list(widths)
    for number, lengths in enumerate(zip(*([cell_len(text) for text in line] for line in lines), strict=True)):
        # Where most are long, such as paths, none is very long.
        widest = max(_WIDEST, 2 * median_low(lengths))
        found[number] = max(found[number], *(length for length in lengths if length <= widest), 0)
    shown = []
    for line in lines:
        cells = []
        for number, text in enumerate(line):
            padding = " " * (found[number] - cell_len(text))
            cells.append(padding + text if right and right[number] else text + padding)
        shown.append((" " * _GAP).join(cells).rstrip())
    return shown, found


def _console() -> "Console":
    from rich.console import Console  # not for commands that print JSON

    return Console(highlight=False, markup=False, emoji=False)


def _show_bytes(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.buffer.flush()


def _lines(value: object) -> list[str]:
    return [as_text(part) for part in value] if isinstance(value, list | tuple) else [as_text(value)]


def _by_column(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for number, column in enumerate(columns):
        yield column, ("", *(row[number] for row in rows))


def _numeric(cells: Iterable[object]) -> bool:
    return all(cell in (None, "") or (isinstance(cell, int) and not isinstance(cell, bool)) for cell in cells)


def as_text(value: object) -> str:
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
            text = "; ".join(as_text(part) for part in value)
        case dict():
            text = ", ".join(f"{name}: {as_text(part)}" for name, part in value.items())
        case _:
            text = str(value)
    return printable(" ".join(text.splitlines()))
