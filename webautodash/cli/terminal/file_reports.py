"""Results of an ingest: a line for each file with a problem, a table of all. Messages of a monitor."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from webautodash.cli.advice import explain_file
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.cli.terminal.progress_bar import progress_line
from webautodash.cli.terminal.tables import show_numbers
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.client.ingest import FileOutcome, FileResult, IngestOptions, IngestReport, Progress
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.file_state_transitions import RETRIED_RESULTS, STORED_RESULTS
from webautodash.domain.wording import counted

_SUCCESSES = frozenset({FileResult.INGESTED, FileResult.ALREADY_INGESTED})
_PROBLEMS = (FileResult.REJECTED, FileResult.HELD, FileResult.BLOCKED, FileResult.FAILED, FileResult.PARTIAL)
_NEXT_STEP = {
    FileResult.REJECTED: "nothing of it was stored; correct or remove it, then ingest again",
    FileResult.HELD: "nothing of it was stored",
    FileResult.FAILED: "nothing of it was stored; fix the cause, then ingest again",
    FileResult.BLOCKED: "nothing of it was stored; it waits until the cause is fixed",
    FileResult.WAITING: "left for the next ingest",
}
_OUTCOMES = {
    "files": "files",
    "found": "patients",
    "stored": "stored",
    "changed": "changed",
    "duplicates": "duplicates",
    "set aside": "set_aside",
}
_ROWS = {which.name.replace("_", " "): which.name for which in LISTS}


@contextmanager
def ingest_options(verbosity: Verbosity, workers: int = 1) -> Iterator[IngestOptions]:
    """Options that print each file with a problem, and show a progress line on a terminal within the block."""
    if not verbosity.shows_progress:
        yield IngestOptions(workers, print_file)
        return
    # Twice a second: each update costs as much as storing a patient or two.
    with progress_line(verbosity, "searching for files", updates_per_second=2) as update:
        begin = time.monotonic()

        def on_progress(now: Progress) -> None:
            rate = now.patients / max(time.monotonic() - begin, 0.001)
            description = f"{now.files:,} of {now.of_files:,} files, {now.patients:,} patients, {rate:,.0f}/s"
            update(description, now.size, now.of_size or None)

        yield IngestOptions(workers, print_file, on_progress)


def as_document(report: IngestReport) -> dict[str, object]:
    """The report as JSON: each file, and the totals by provider."""
    return {"files": report.files, "providers": report.by_provider(), "problems": report.problems}


def show_report(report: IngestReport, *, as_json: bool = False, quiet: bool = False) -> None:
    """Print the report on stdout: as JSON, as a table, or as one line where no file was new."""
    if as_json:
        show_json(as_document(report))
        return
    if quiet:
        return
    ingested_before = report.count([FileResult.ALREADY_INGESTED])
    if not report.files:
        print_line("no extraction files found")
    elif ingested_before == len(report.files):
        print_line(f"{counted(ingested_before, 'file')}, all ingested before; nothing new")
    else:
        _show_totals(report, ingested_before)


def show_next_steps(report: IngestReport, *further: tuple[str, str]) -> None:
    """Print the commands that deal with what a run stored, and ``further`` ones, each with its purpose."""
    stored = [outcome for outcome in report.files if outcome.state in STORED_RESULTS]
    steps = list(further)
    if any(outcome.set_aside for outcome in stored):
        steps.insert(0, ("set-aside list", "to see the patients that were set aside"))
    if any(outcome.conflicts for outcome in stored):
        steps.insert(0, ("conflict list", "to review the recorded differences"))
    if steps:
        print_line("")
        print_line("Next:")
    for command, purpose in steps:
        print_line(f"  {f'webautodash {command}':<30}{purpose}")


def print_problems(report: IngestReport) -> None:
    """Print a last line on stderr that counts the problems."""
    parts = [f"{number} {state}" for state in _PROBLEMS if (number := report.count([state]))]
    if parts:
        print_notice(f"problems: {', '.join(parts)}, of {counted(len(report.files), 'file')}")


def print_file(outcome: FileOutcome) -> None:
    """Print a line on stderr for a file with a problem."""
    if outcome.state not in _SUCCESSES:
        next_step = _NEXT_STEP.get(outcome.state)
        print_notice(f"{explain_file(outcome)}{f'; {next_step}' if next_step else ''}")


class MonitorMessages:
    """Prints problems of files as they occur, and a summary of each pass."""

    def __init__(self) -> None:
        self._reported: dict[str, str | None] = {}
        self._files: Counter[FileResult] = Counter()
        self._patients = 0

    def file(self, outcome: FileOutcome) -> None:
        """Print a line on stderr for a file with a new problem."""
        self._files[outcome.state] += 1
        if outcome.state is not FileResult.ALREADY_INGESTED:
            self._patients += outcome.found
        if outcome.state not in RETRIED_RESULTS:
            self._reported.pop(outcome.path, None)
            if outcome.state not in _SUCCESSES:
                print_notice(explain_file(outcome))
        elif self._reported.get(outcome.path) != outcome.reason:
            self._reported[outcome.path] = outcome.reason
            print_notice(f"{explain_file(outcome)}; it is retried with growing pauses")

    def pass_ended(self) -> None:
        """Print a line on stderr that counts the files since the last one."""
        counts = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in self._files.items())
        if self._files.keys() - RETRIED_RESULTS:
            at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            print_notice(f"{at} files: {counts}; {self._patients:,} patients", logging.INFO)
        self._files.clear()
        self._patients = 0


def _show_totals(report: IngestReport, ingested_before: int) -> None:
    totals = report.by_provider()
    columns = dict(_OUTCOMES)
    if ingested_before:
        columns = {"files": columns.pop("files"), "already ingested": "already_ingested"} | columns
    numbers = [
        [*(getattr(one, name) for name in columns.values()), *(one.rows[name] for name in _ROWS.values())]
        for one in totals
    ]
    rows: list[list[object]] = [[one.name, *own] for one, own in zip(totals, numbers, strict=True)]
    if len(totals) > 1:
        rows.append(["total", *map(sum, zip(*numbers, strict=True))])
    show_numbers(["provider", *columns, *_ROWS], rows)
