"""What became of files: a line for each that needs a look, a table of all."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from webautodash.cli.output import complain, say, show_numbers
from webautodash.cli.verbosity import Verbosity
from webautodash.services.reports import FileOutcome, FileResult, IngestReport

_ADVICE = {
    FileResult.REJECTED: "nothing of it was stored; correct or remove it, then ingest again",
    FileResult.FAILED: "nothing of it was stored; put that right, then ingest again",
    FileResult.WAITING: "left for the next ingest",
}
_OUTCOMES = ("files", "patients", "stored", "changed", "duplicates", "set_aside")
_ROWS = ("medications", "diagnoses", "allergies", "health_concerns")


@contextmanager
def listening(said: Verbosity) -> Iterator[Callable[[FileOutcome], None]]:
    """Hear of each file as it is done: a moving line on a terminal, and a line that stays where one needs a look."""
    if not said.shows_progress:
        yield _tell
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed} files, {task.description} patients"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task, patients = progress.add_task("0", total=None), 0

        def on_file(outcome: FileOutcome) -> None:
            nonlocal patients
            patients += outcome.found if outcome.state is not FileResult.ALREADY_INGESTED else 0
            _tell(outcome)
            progress.update(task, advance=1, description=str(patients))

        yield on_file


def as_document(report: IngestReport) -> dict[str, object]:
    """For JSON: each file, and the sums by provider."""
    return {"files": report.files, "providers": report.by_provider(), "problems": report.problems}


def show_report(report: IngestReport) -> None:
    """The table, or one line where there was nothing new."""
    known = report.count([FileResult.ALREADY_INGESTED])
    if not report.files:
        say("no extraction files found")
    elif known == len(report.files):
        say(f"{known} {'file' if known == 1 else 'files'}, all ingested already; nothing new")
    else:
        _show_totals(report, known)


def complain_of(report: IngestReport) -> None:
    """A last line that counts what needs a look."""
    states = (FileResult.REJECTED, FileResult.FAILED, FileResult.PARTIAL)
    parts = [f"{number} {state}" for state in states if (number := report.count([state]))]
    if parts:
        complain(f"problems: {', '.join(parts)}, of {len(report.files)} files")


def _tell(outcome: FileOutcome) -> None:
    if outcome.state in {FileResult.INGESTED, FileResult.ALREADY_INGESTED}:
        return
    advice = _ADVICE.get(outcome.state)
    complain(f"{outcome.state}: {outcome.path}: {outcome.reason}{f'; {advice}' if advice else ''}")


def _show_totals(report: IngestReport, known: int) -> None:
    totals = report.by_provider()
    names = [*_OUTCOMES, *_ROWS]
    if known:
        names.insert(1, "already_ingested")
    rows: list[list[object]] = [[one.name, *(getattr(one, name) for name in names)] for one in totals]
    if len(totals) > 1:
        rows.append(["total", *(sum(getattr(one, name) for one in totals) for name in names)])
    show_numbers(["provider", *(name.replace("_", " ") for name in names)], rows)
