"""RESULTS.md and the plot, out of the recorded results."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.plot import Panel, svg
from benchmarks.results import Figure, Recorded, Table

RESULTS, RAW, PLOT, NOTES = "RESULTS.md", "results.json", "throughput.svg", "NOTES.md"
_HEADER = ("what", "unit", "median", "min", "max", "n", "target", "reached", "")


def render(folder: Path, recorded: Mapping[str, Recorded], notes: Path) -> None:
    """Write RESULTS.md and the plot into a folder; ``notes`` stands at the end, word for word."""
    if not recorded:
        return
    panels = _panels(recorded)
    if panels:
        (folder / PLOT).write_text(svg(panels), encoding="utf-8")
    latest = max(recorded.values(), key=lambda record: record.date)
    parts = [
        "# Results\n",
        "Written by `make bench`, `make bench-full` and `python -m benchmarks`; edit `NOTES.md`, not this page. Each "
        "scenario keeps its figures until it runs again, and has its own date. Ratios are taken within a repetition, "
        "then their median.\n",
        "## Targets\n",
        *aligned(_TARGETS_HEADER, _targets(recorded)),
        "",
    ]
    if panels:
        parts += [f"![patients a second against patients and against providers]({PLOT})\n"]
    parts += ["## Machine\n", *aligned(("", ""), [[*pair] for pair in latest.machine.items()]), ""]
    for record in recorded.values():
        parts += _scenario(record, latest)
    if notes.exists():
        parts.append(notes.read_text(encoding="utf-8"))
    (folder / RESULTS).write_text("\n".join(parts).rstrip("\n") + "\n", encoding="utf-8")


_TARGETS_HEADER = ("what", "median", "target", "reached", "measured")


def _targets(recorded: Mapping[str, Recorded]) -> Iterator[Sequence[str]]:
    for record in recorded.values():
        for figure in record.findings.figures:
            if figure.target is not None:
                value = f"{number(figure.value)} {figure.unit}" if figure.samples else figure.missing
                what = f"{record.findings.title}: {figure.what}"
                yield what, value, str(figure.target), figure.verdict, record.date[:10]


def _scenario(record: Recorded, latest: Recorded) -> Iterator[str]:
    findings = record.findings
    yield f"## {findings.title}\n"
    yield f"{record.date}, {record.repeat} repetition{'s' * (record.repeat != 1)}. {' '.join(findings.method)}\n"
    if not machine.same(record.machine, latest.machine):
        yield f"On another machine: {'; '.join(f'{name} {value}' for name, value in record.machine.items())}.\n"
    yield from table(figures_table(findings.figures))
    for one in findings.tables:
        yield f"{one.title}:\n"
        yield from table(one)


def table(one: Table) -> Iterator[str]:
    """A table in Markdown, with an empty line after it."""
    if one.rows:
        yield from aligned(one.header, one.rows)
        yield ""


def figures_table(figures: Iterable[Figure]) -> Table:
    """One line for each figure."""
    return Table("", _HEADER, [_line(figure) for figure in figures])


def _line(figure: Figure) -> Sequence[str]:
    target = str(figure.target) if figure.target else ""
    if not figure.samples:
        return figure.what, figure.unit, "", "", "", "0", target, figure.verdict, f"not available: {figure.missing}"
    values = [number(value) for value in (figure.value, min(figure.samples), max(figure.samples))]
    return figure.what, figure.unit, *values, str(len(figure.samples)), target, figure.verdict, figure.note


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns also stand straight on a terminal."""
    lines = [header, *rows]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(header))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return [shown[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *shown[1:]]


def _panels(recorded: Mapping[str, Recorded]) -> list[Panel]:
    """Each growth's panel, out of the run that went furthest."""
    panels = []
    for name, title, below, logarithmic in (
        ("growth", "Patients/s as a database grows", "patients in one provider's database", False),
        ("providers", "Patients/s with more providers", "providers, one file each in a pass", True),
    ):
        record = recorded.get(f"{name}-full") or recorded.get(name)
        if record and record.findings.curves:
            panels.append(Panel(title, below, record.findings.curves, logarithmic))
    return panels
