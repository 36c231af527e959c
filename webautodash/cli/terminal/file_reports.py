"""What became of files: a line for each that needs a look, a table of all."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from webautodash.cli.terminal.output import complain, say, show_numbers
from webautodash.cli.terminal.progress_bar import moving_line
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.wording import counted
from webautodash.services.ingest.progress import Progress
from webautodash.services.ingest.report import FileOutcome, FileResult, IngestReport

_ADVICE = {
    FileResult.REJECTED: "nothing of it was stored; correct or remove it, then ingest again",
    FileResult.HELD: "nothing of it was stored; it waits for `webautodash file accept`, `retry` or `forget`",
    FileResult.FAILED: "nothing of it was stored; put that right, then ingest again",
    FileResult.BLOCKED: "nothing of it was stored; it waits for that",
    FileResult.WAITING: "left for the next ingest",
}
_WELL = frozenset({FileResult.INGESTED, FileResult.ALREADY_INGESTED})
_WAITING = frozenset({FileResult.FAILED, FileResult.BLOCKED, FileResult.WAITING})
_OUTCOMES = ("files", "patients", "stored", "changed", "duplicates", "set_aside")
_ROWS = tuple(which.name for which in LISTS)


class Listener(NamedTuple):
    """What a run is given to speak to."""

    on_file: Callable[[FileOutcome], None]
    on_progress: Callable[[Progress], None] | None = None


@contextmanager
def listening(said: Verbosity) -> Iterator[Listener]:
    """Hear of each file as it is done: a moving line on a terminal, and a line that stays where one needs a look."""
    if not said.shows_progress:
        yield Listener(tell)
        return
    # Drawn twice a second: each time costs as much as storing a patient or two.
    with moving_line("looking for files", times_a_second=2) as move:
        begin = time.monotonic()

        def on_progress(now: Progress) -> None:
            rate = now.patients / max(time.monotonic() - begin, 0.001)
            words = f"{now.files:,} of {now.of_files:,} files, {now.patients:,} patients, {rate:,.0f}/s"
            move(words, now.size, now.of_size or None)

        yield Listener(tell, on_progress)


def as_document(report: IngestReport) -> dict[str, object]:
    """For JSON: each file, and the sums by provider."""
    return {"files": report.files, "providers": report.by_provider(), "problems": report.problems}


def show_report(report: IngestReport) -> None:
    """The table, or one line where there was nothing new."""
    known = report.count([FileResult.ALREADY_INGESTED])
    if not report.files:
        say("no extraction files found")
    elif known == len(report.files):
        say(f"{counted(known, 'file')}, all ingested already; nothing new")
    else:
        _show_totals(report, known)


def complain_of(report: IngestReport) -> None:
    """A last line that counts what needs a look."""
    states = (FileResult.REJECTED, FileResult.HELD, FileResult.BLOCKED, FileResult.FAILED, FileResult.PARTIAL)
    parts = [f"{number} {state}" for state in states if (number := report.count([state]))]
    if parts:
        complain(f"problems: {', '.join(parts)}, of {counted(len(report.files), 'file')}")


def tell(outcome: FileOutcome) -> None:
    """A line on stderr for a file that needs a look."""
    if outcome.state not in _WELL:
        advice = _ADVICE.get(outcome.state)
        complain(f"{_said(outcome)}{f'; {advice}' if advice else ''}")


def _said(outcome: FileOutcome) -> str:
    kind = f" [{outcome.kind}]" if outcome.kind is not None else ""
    return f"{outcome.state}: {outcome.path}: {outcome.reason}{kind}"


class Watcher:
    """Says what becomes of files as they come, for months: what goes on waiting for the same reason is said once."""

    def __init__(self) -> None:
        self._said: dict[str, str | None] = {}
        self._files: Counter[FileResult] = Counter()
        self._patients = 0

    def file(self, outcome: FileOutcome) -> None:
        """A line on stderr for a file that needs a look."""
        self._files[outcome.state] += 1
        if outcome.state is not FileResult.ALREADY_INGESTED:
            self._patients += outcome.found
        if outcome.state not in _WAITING:
            self._said.pop(outcome.path, None)
            if outcome.state not in _WELL:
                complain(_said(outcome))
        elif self._said.get(outcome.path) != outcome.reason:
            self._said[outcome.path] = outcome.reason
            complain(f"{_said(outcome)}; it is tried again with growing pauses")

    def taken(self) -> None:
        """A line on stderr for what came in since the last one."""
        counts = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in self._files.items())
        if self._files.keys() - _WAITING:
            at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            complain(f"{at} files: {counts}; {self._patients:,} patients", logging.INFO)
        self._files.clear()
        self._patients = 0


def _show_totals(report: IngestReport, known: int) -> None:
    totals = report.by_provider()
    names = [*_OUTCOMES, *_ROWS]
    numbers = [[*(getattr(one, name) for name in _OUTCOMES), *(one.rows[name] for name in _ROWS)] for one in totals]
    if known:
        names.insert(1, "already_ingested")
    rows: list[list[object]] = [[one.name, *own] for one, own in zip(totals, numbers, strict=True)]
    if len(totals) > 1:
        rows.append(["total", *map(sum, zip(*numbers, strict=True))])
    show_numbers(["provider", *(name.replace("_", " ") for name in names)], rows)
