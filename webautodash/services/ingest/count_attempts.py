"""Counts attempts before they begin, because a process that is killed over a file leaves no other trace.

Files are counted many at a time. A file whose last attempt did not end is counted alone, just before it is read, and
its outcome is written before the next file: an unfinished attempt of one file is counted at most once for another one.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple, Self

from webautodash.domain.dates import utc_now
from webautodash.domain.file_state_transitions import CONNECTION_LOST, WORKER_LOST, FileResult, held_kind
from webautodash.errors import DatabaseUnreachable, WebAutoDashError
from webautodash.repositories.attempts import BegunAttempt, UnfinishedAttempts
from webautodash.services.batches import in_parts, run_in_parts
from webautodash.services.callbacks import always, ignore
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.process_file import lost_worker
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import Candidate, FileKey, stat_text
from webautodash.services.store import Store
from webautodash.services.workers import GroupWork, Prepare, run_groups

_AT_ONCE = 200
_ASKED_AT_ONCE = 900
# These results may not be written to a row, so that the count has to be reset.
_MAY_STAY_UNWRITTEN = frozenset({FileResult.GONE, FileResult.ALREADY_INGESTED})


class _Begun(NamedTuple):
    path: str
    number: int


class Attempts:
    """Counts the attempts of one run. At the end of its block it undoes the count of files that were not read.

    The block of ``file_log``, which writes the outcomes, ends before.
    """

    def __init__(self, store: Store, file_log: FileLog) -> None:
        self._store, self._file_log = store, file_log
        self._earlier: dict[FileKey, UnfinishedAttempts] = {}
        self._coming: deque[Candidate] = deque()
        self._begun: dict[FileKey, _Begun] = {}
        self._in_progress: set[FileKey] = set()
        self._finished: list[str] = []
        self._has_to_write = False

    def hold_unfinished(self, files: Sequence[Candidate]) -> list[tuple[Candidate, FileOutcome]]:
        """Look up the unfinished attempts of files. Returns those that are not read again, with their outcomes."""
        for part in in_parts(files, _ASKED_AT_ONCE):
            shown = {candidate.shown: candidate for candidate in part}
            stats = {path: stat_text(candidate.stat) for path, candidate in shown.items()}
            with self._store.system.reading() as work:
                found = work.attempts.unfinished(stats)
            self._earlier |= {shown[path].key: earlier for path, earlier in found.items()}
        self._coming = deque(files)
        earlier = [(one, self._earlier[one.key]) for one in files if one.key in self._earlier]
        held = [(candidate, self._hold(candidate, *unfinished)) for candidate, unfinished in earlier]
        return [(candidate, outcome) for candidate, outcome in held if outcome is not None]

    def process_groups(
        self,
        groups: list[list[Candidate]],
        workers: int,
        prepare: Prepare[Candidate, FileOutcome],
        done: Callable[[Candidate, FileOutcome], None],
        *,
        on_batch: Callable[[Candidate, int, int], None] = ignore,
        may_begin: Callable[[Candidate, FileOutcome | None], bool] = always,
    ) -> None:
        """Process the files of each group in order, ``workers`` groups at a time; for the rest, see GroupWork.

        The outcomes that the log has by then are written in time. Raises DatabaseUnreachable.
        """

        def begin(candidate: Candidate) -> None:
            self._file_log.write_if_due(candidate.size)
            self.begin(candidate)

        def end(candidate: Candidate, outcome: FileOutcome) -> None:
            done(candidate, self.end(candidate, outcome))

        self._coming = deque(candidate for group in groups for candidate in group)
        write = self._file_log.write_if_due
        work = GroupWork(
            prepare, end, lost_worker, before=begin, on_batch=on_batch, while_waiting=write, may_begin=may_begin
        )
        run_groups(self._store, groups, workers, work)

    def may_be_opened(self, candidate: Candidate) -> bool:
        """Whether a file may be read before its turn; if so, it is counted now."""
        if candidate.key in self._earlier:
            return False
        self._count_with_next(candidate)
        return True

    def begin(self, candidate: Candidate) -> None:
        """Count a file that is read next, together with those that come after it."""
        earlier = self._earlier.get(candidate.key)
        if self._has_to_write or earlier is not None:
            self._file_log.flush()
            self._reset_finished()
            self._has_to_write = False
        if earlier is not None:
            self._count([candidate], earlier.number + 1)
        else:
            self._count_with_next(candidate)
        self._in_progress.add(candidate.key)

    def end(self, candidate: Candidate, outcome: FileOutcome) -> FileOutcome:
        """The outcome of a file that was begun, with the consequences of its unfinished attempts."""
        key = candidate.key
        was_in_progress = key in self._in_progress
        self._in_progress.discard(key)
        if outcome.state is FileResult.WAITING or key not in self._begun:
            return outcome
        begun = self._begun.pop(key)
        self._has_to_write = self._has_to_write or key in self._earlier
        if outcome.kind == CONNECTION_LOST or (outcome.kind == WORKER_LOST and was_in_progress):
            held = self._hold(candidate, begun.number, outcome.kind)
            self._has_to_write = True
            return held or replace(outcome, unfinished=begun.number)
        if outcome.state in _MAY_STAY_UNWRITTEN:
            self._finished.append(begun.path)
            if len(self._finished) >= _AT_ONCE:
                self._reset_finished()
        return outcome

    def _hold(self, candidate: Candidate, number: int, last_kind: str | None) -> FileOutcome | None:
        """The outcome of a file that is not read again after this number of unfinished attempts."""
        kind = held_kind(number, last_kind, self._store.settings.retry_attempts)
        if kind is None:
            return None
        if kind == CONNECTION_LOST:
            reason = f"the connection to the server was lost {number} times while this file was stored"
        else:
            reason = f"{number} processes ended while they read or stored this file"
        return FileOutcome(candidate.shown, FileResult.HELD, reason=reason, kind=kind, unfinished=number)

    def _count_with_next(self, candidate: Candidate) -> None:
        if candidate.key not in self._begun:
            self._count([candidate, *self._next(candidate)], 1)

    def _next(self, candidate: Candidate) -> list[Candidate]:
        files: list[Candidate] = []
        while self._coming and len(files) < _AT_ONCE - 1:
            coming = self._coming.popleft()
            if coming.key != candidate.key and coming.key not in self._begun and coming.key not in self._earlier:
                files.append(coming)
        return files

    def _count(self, files: Sequence[Candidate], number: int) -> None:
        attempts = [BegunAttempt(one.shown, stat_text(one.stat), number) for one in files]
        self._store.system.run(lambda work: work.attempts.begin(attempts, utc_now()))
        for candidate, attempt in zip(files, attempts, strict=True):
            self._begun[candidate.key] = _Begun(attempt.path, number)

    def _reset_finished(self) -> None:
        run_in_parts(self._store.system, self._finished, _AT_ONCE, lambda part, work: work.attempts.end(part))
        self._finished = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        # If the server was lost, any file in progress may be the cause.
        suspects = self._in_progress if isinstance(error, DatabaseUnreachable) else set()
        unread = [begun.path for key, begun in self._begun.items() if key not in suspects]
        # The error that ended the run is reported, not one that follows from it.
        with suppress(WebAutoDashError) if error is not None else nullcontext():
            # A file that was read to the end ended no process, even if its outcome could not be written.
            self._finished += self._file_log.unwritten()
            self._reset_finished()
            run_in_parts(self._store.system, unread, _AT_ONCE, lambda part, work: work.attempts.cancel(part))
