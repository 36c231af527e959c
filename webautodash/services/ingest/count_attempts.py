"""Counts the readings of a file before they begin: a process that is killed over the file leaves no other trace.

Files are counted many at a time. A file whose last reading did not end is counted on its own just before it is read,
and what became of it is written before the next: so no file is ever blamed more than once for another one.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple, Self

from webautodash.errors import ConnectionLost, DatabaseUnreachable, WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.repositories.ingested_files import Reading
from webautodash.services.batches import in_parts
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.report import FileOutcome, FileResult
from webautodash.services.ingest.scan import Candidate, stat_text
from webautodash.services.store import Store

MOST_KILLED = 3
"""Processes that may be killed over a file before it is held."""
WORKER_LOST = "worker_lost"
KILLED_READER = "killed_reader"
CONNECTION_LOST = ConnectionLost.own_kind()
_AT_ONCE = 200
_ASKED_AT_ONCE = 900
# Their rows may stay as they are, and the count with them.
_MAY_GO_UNWRITTEN = frozenset({FileResult.GONE, FileResult.ALREADY_INGESTED})

Place = tuple[str, str]
"""Folder and name."""


class _Begun(NamedTuple):
    path: str
    number: int


class Attempts:
    """Counts the readings of one run. Leaving it takes back the count of files that were not read to the end.

    It is left after ``view``, which writes the outcomes.
    """

    def __init__(self, store: Store, view: FileLog) -> None:
        self._store, self._view = store, view
        self._earlier: dict[Place, tuple[int, str | None]] = {}
        self._coming: deque[Candidate] = deque()
        self._begun: dict[Place, _Begun] = {}
        self._in_hand: set[Place] = set()
        self._finished: list[str] = []
        self._is_to_be_written = False

    def expect(self, files: Sequence[Candidate]) -> list[tuple[Candidate, FileOutcome]]:
        """Ask which files had readings that did not end; those that are not read any more, with their outcome."""
        for some in in_parts(files, _ASKED_AT_ONCE):
            shown = {candidate.shown(self._store.settings.results_dir): candidate for candidate in some}
            looks = {path: stat_text(candidate.look) for path, candidate in shown.items()}
            with self._store.system.reading() as work:
                found = work.ingested_files.unfinished(looks)
            self._earlier |= {_place(shown[path]): earlier for path, earlier in found.items()}
        self._coming = deque(files)
        spent = [(one, self._hold(one, *self._earlier[_place(one)])) for one in files if _place(one) in self._earlier]
        return [(candidate, outcome) for candidate, outcome in spent if outcome is not None]

    def in_order(self, groups: Sequence[Sequence[Candidate]]) -> None:
        """Take note of the order in which the files will be read."""
        self._coming = deque(candidate for group in groups for candidate in group)

    def may_be_opened(self, candidate: Candidate) -> bool:
        """Whether a file may be opened before its turn; then it is counted now."""
        if _place(candidate) in self._earlier:
            return False
        self._count_with_next(candidate)
        return True

    def begin(self, candidate: Candidate) -> None:
        """Count a file that is read next, and those that come after it."""
        place = _place(candidate)
        earlier, _ = self._earlier.get(place, (0, None))
        if self._is_to_be_written or earlier:
            self._view.flush()
            self._clear_finished()
            self._is_to_be_written = False
        if earlier:
            self._count([candidate], earlier + 1)
        else:
            self._count_with_next(candidate)
        self._in_hand.add(place)

    def end(self, candidate: Candidate, outcome: FileOutcome) -> FileOutcome:
        """The outcome of a file that was begun, with what follows from its number of unfinished readings."""
        place = _place(candidate)
        in_hand = place in self._in_hand
        self._in_hand.discard(place)
        if outcome.state is FileResult.WAITING or place not in self._begun:
            return outcome
        begun = self._begun.pop(place)
        self._is_to_be_written = self._is_to_be_written or place in self._earlier
        if outcome.kind == CONNECTION_LOST or (outcome.kind == WORKER_LOST and in_hand):
            held = self._hold(candidate, begun.number, outcome.kind)
            self._is_to_be_written = True
            return held or replace(outcome, unfinished=begun.number)
        if outcome.state in _MAY_GO_UNWRITTEN:
            self._finished.append(begun.path)
            if len(self._finished) >= _AT_ONCE:
                self._clear_finished()
        return outcome

    def _hold(self, candidate: Candidate, number: int, kind: str | None) -> FileOutcome | None:
        """The outcome of a file that is not read again, after so many readings that did not end."""
        most = self._store.settings.retry_attempts if kind == CONNECTION_LOST else MOST_KILLED
        if number < most:
            return None
        if kind == CONNECTION_LOST:
            what = f"the connection to the server was lost {number} times while this file was stored"
        else:
            kind, what = KILLED_READER, f"{number} processes ended while they read or stored this file"
        shown = candidate.shown(self._store.settings.results_dir)
        return FileOutcome(shown, FileResult.HELD, reason=what, kind=kind, unfinished=number)

    def _count_with_next(self, candidate: Candidate) -> None:
        if _place(candidate) not in self._begun:
            self._count([candidate, *self._next(candidate)], 1)

    def _next(self, candidate: Candidate) -> list[Candidate]:
        some: list[Candidate] = []
        while self._coming and len(some) < _AT_ONCE - 1:
            coming = self._coming.popleft()
            place = _place(coming)
            if place != _place(candidate) and place not in self._begun and place not in self._earlier:
                some.append(coming)
        return some

    def _count(self, files: Sequence[Candidate], number: int) -> None:
        results = self._store.settings.results_dir
        readings = [Reading(one.shown(results), stat_text(one.look), number) for one in files]
        self._store.system.run(lambda work: work.ingested_files.begin_readings(readings, utc_now()))
        for candidate, reading in zip(files, readings, strict=True):
            self._begun[_place(candidate)] = _Begun(reading.path, number)

    def _clear_finished(self) -> None:
        for some in in_parts(self._finished, _AT_ONCE):
            self._store.system.run(lambda work, some=some: work.ingested_files.end_readings(some))  # type: ignore[misc]
        self._finished = []

    def _take_back(self, paths: Sequence[str]) -> None:
        for some in in_parts(paths, _AT_ONCE):
            self._store.system.run(lambda work, some=some: work.ingested_files.take_back_readings(some))  # type: ignore[misc]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        # Nobody knows over which file the server was lost; it was one of those that were being read.
        blamed = self._in_hand if isinstance(error, DatabaseUnreachable) else set()
        left = [begun.path for place, begun in self._begun.items() if place not in blamed]
        # The error that ended the run is reported, not one that follows from it.
        with suppress(WebAutoDashError) if error is not None else nullcontext():
            # A file that was read to the end did not kill its reader, even if its outcome could not be written.
            self._finished += self._view.unwritten()
            self._clear_finished()
            self._take_back(left)


def _place(candidate: Candidate) -> Place:
    return candidate.directory, candidate.name
