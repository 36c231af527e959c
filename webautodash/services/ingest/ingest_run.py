"""Ingests files and folders: each file once, in one transaction, with a report."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from webautodash.domain.file_state_transitions import FileResult
from webautodash.services.ingest.count_attempts import Attempts
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.order import Order, group_by_provider
from webautodash.services.ingest.process_file import FileProcessor
from webautodash.services.ingest.progress import Meter, Progress
from webautodash.services.ingest.report import FileOutcome, IngestReport
from webautodash.services.ingest.scan import Candidate, check_results_folder, each_candidate, stat_file
from webautodash.services.ingest.skip_known import skip_known
from webautodash.services.registry import root_of_paths
from webautodash.services.store import Store

# Those of the system database and of the server itself, and a few spare ones.
_OTHER_CONNECTIONS = 5


def ingest_paths(
    store: Store,
    paths: Sequence[Path] = (),
    *,
    workers: int = 1,
    rehash: bool = False,
    on_file: Callable[[FileOutcome], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Ingest files and folders, or all of Results. ``on_file`` is called after each file, ``on_progress`` more often.

    A file that is stored and unchanged is not opened, unless it is named itself or ``rehash`` is set. With several
    ``workers`` different providers are processed at once, in separate processes. A file whose end may be missing is
    read once more after ``settle_seconds``.
    Raises DatabaseUnreachable, and ConfigurationError if Results is not a folder; everything that is wrong with one
    file is that file's outcome.
    """
    if not paths:
        check_results_folder(store.settings)
    found = each_candidate(paths, store.settings.results_dir, root_of_paths(store, paths))
    run = _Run(store, on_file, Meter(on_progress))
    with run.attempts, run.log:
        # There may be very many files: no variable here keeps them while they are processed.
        run.process(list(found) if rehash else run.without_unchanged(found), workers)
        run.process_unfinished()
    return IngestReport(tuple(run.outcomes))


class _Run:
    """One ingest: its outcomes so far, and what records them."""

    def __init__(self, store: Store, on_file: Callable[[FileOutcome], None] | None, meter: Meter) -> None:
        self._store, self._on_file, self._meter = store, on_file, meter
        self.outcomes: list[FileOutcome] = []
        self._unfinished: list[Candidate] = []
        self.log = FileLog(store)
        self.attempts = Attempts(store, self.log)

    def without_unchanged(self, found: Iterable[Candidate]) -> list[Candidate]:
        """The files that are new or changed; the others are done."""

        def known(candidate: Candidate, outcome: FileOutcome) -> None:
            self._meter.add([candidate])
            self._done(candidate, outcome)

        new = skip_known(self._store, found, known)
        for provider in new.miscounted:
            self.log.recount(provider)
        # Before anything is stored, which would hide that a database lacks sessions.
        self.log.flush()
        return new.files

    def process(self, files: list[Candidate], workers: int) -> None:
        """Process files, apart from those that may still be being written."""
        self._meter.add(files)
        for candidate, outcome in self.attempts.hold_unfinished(files):
            files.remove(candidate)
            self._record(candidate, outcome)
        settings = self._store.settings
        order = Order(settings.zone, self._store.time_limit, settings.max_file_size, self._store.profiles)
        files = order.of(files, self.attempts.may_be_opened)
        groups = list(group_by_provider(self._store, files).values())
        if workers == 1 and len(groups) <= settings.max_connections - _OTHER_CONNECTIONS:
            # One order over all providers, unless a file would then find its database closed to make room for others.
            groups = [files]
        self.attempts.process_groups(groups, workers, FileProcessor, self._record, on_batch=self._meter.batch)

    def process_unfinished(self) -> None:
        """Wait, then process the files that may still have been being written."""
        if not self._unfinished:
            return
        self.log.flush()
        time.sleep(self._store.settings.settle_seconds)
        for candidate in self._unfinished:
            is_settled = stat_file(candidate.path) == candidate.stat
            process = FileProcessor(self._store, is_settled=is_settled)
            self.attempts.begin(candidate)
            outcome = process(candidate, partial(self._meter.batch, candidate))
            outcome = self.attempts.end(candidate, outcome)
            self.log.record(outcome, candidate.stat)
            self._done(candidate, outcome)

    def _record(self, candidate: Candidate, outcome: FileOutcome) -> None:
        if outcome.state is FileResult.WAITING:
            self._unfinished.append(candidate)
        else:
            self.log.record(outcome, candidate.stat)
            self._done(candidate, outcome)

    def _done(self, candidate: Candidate, outcome: FileOutcome) -> None:
        self.outcomes.append(outcome)
        if self._on_file is not None:
            self._on_file(outcome)
        self._meter.file(candidate, outcome)
