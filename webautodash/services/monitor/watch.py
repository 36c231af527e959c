"""What lies in Results, told apart: done with, not known to be whole, waiting for its time, due."""

import os
import stat
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from struct import Struct
from typing import NamedTuple

from webautodash.domain.folders import entry_status
from webautodash.domain.retries import LONGEST_SECONDS
from webautodash.domain.vocabulary import FAILED_FILES, STORED_FILES, FileState
from webautodash.models.base import utc_now
from webautodash.repositories.ingested_files import FileStatus
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.batches import in_parts
from webautodash.services.ingest.paths import DEFAULT_ROOT, as_text, from_text, is_watched, shown_folder, split_root
from webautodash.services.ingest.scan import Candidate, Look, Part, list_results, require_there, stat_text
from webautodash.services.ingest.skip_known import skip_known
from webautodash.services.registry.roots import Root, own_root
from webautodash.services.store import Store

_AT_ONCE = 900
# What is done with is asked of the databases again in this time: one of them may have been restored from a backup.
_BELIEVED_SECONDS = 3600.0
# Failed files that are looked for in one pass.
_FAILED_AT_ONCE = 500

Place = tuple[str, str]
"""Folder and name."""
Rest = tuple[Look, datetime | None, float]
"""What a file looks like, since when its row says so, and since when both by the clock of this process."""

_LOOK = Struct("<QqqIq")


class Due(NamedTuple):
    """A file to take, how often that was tried, and since when its row says so."""

    candidate: Candidate
    attempts: int
    since: datetime | None


@dataclass(slots=True)
class ScanResult:
    """What one look at Results found."""

    found: int = 0
    due: list[Due] = field(default_factory=list)
    soon: float | None = None
    """In how many seconds another file may be due."""
    resting: int = 0
    """Files that may not be whole yet."""
    problems: list[str] = field(default_factory=list)
    """Folders that cannot be read."""
    miscounted: list[RegisteredProvider] = field(default_factory=list)
    cut_short: bool = False
    """Whether some of what is due was left only because it was time for another look."""
    gone: list[str] = field(default_factory=list)
    """Files that waited, and are no longer there."""
    cleared: list[str] = field(default_factory=list)
    """Files that had failed, and are no longer there."""

    def again_in(self, seconds: float) -> None:
        """Have the next look no later than that."""
        self.soon = seconds if self.soon is None else min(self.soon, seconds)


class Watch:
    """Looks at Results again and again. What it remembers only saves work: the databases know it all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._results = store.settings.results_dir
        self._root = Root(DEFAULT_ROOT)
        # By folder and name, what needs nothing while it looks so; packed, for there may be very many.
        self._done: dict[str, dict[str, bytes]] = {}
        self._resting: dict[Place, Rest] = {}
        self._asked_at = time.monotonic()
        # How many files are to be asked about.
        self._doubts = 0.0
        self._to_ask = self._rounds()
        # Folders, and what lies beside them.
        self._places: set[str] = set()
        self._failed: deque[FileStatus] = deque()
        self._something_left = True

    def done(self, candidate: Candidate) -> None:
        """A file needs nothing until it changes, or its row says otherwise."""
        self._done.setdefault(candidate.directory, {})[candidate.name] = _packed(candidate.look)

    def require_results(self) -> None:
        """Raise UsageError where Results is not there, NoAnswer where it does not answer in time."""
        self._store.time_limit.within(str(self._results), partial(require_there, self._results, self._results))

    def require_root(self) -> None:
        """Raise UnknownResultsFolder or AmbiguousRoot where Results belongs to no root, or not to one alone."""
        own_root(self._store)

    def look(self) -> ScanResult:
        """Look once, without opening any file.

        Raises UsageError where Results is not there or cannot be read, NoAnswer where it does not answer in time, and
        UnknownResultsFolder or AmbiguousRoot where it belongs to no root, or not to one alone.
        """
        self._doubt()
        # Asked each time: a root may have moved while this process goes on looking at its old folder.
        self._root = own_root(self._store)
        with self._store.system.reading() as work:
            open_rows = {row.path: row for row in work.ingested_files.open()}
        sight, resting = ScanResult(), self._resting
        self._resting = {}
        left = {path for path in open_rows if is_watched(path, self._root.prefix)}
        # A few at a time, for there may be very many.
        for fresh in in_parts(self._fresh(sight, left), _AT_ONCE):
            unknown, miscounted = skip_known(self._store, fresh, lambda candidate, _: self.done(candidate))
            sight.miscounted += miscounted
            self._sort(sight, resting, unknown)
        self._forget(sight, [open_rows[path] for path in left if self._is_gone(path)])
        self._clear(sight)
        return sight

    def _doubt(self) -> None:
        """Believe no longer of some files that they are done with; of each once in a time."""
        now, known = time.monotonic(), sum(map(len, self._done.values()))
        self._doubts = min(known, self._doubts + known * (now - self._asked_at) / _BELIEVED_SECONDS)
        self._asked_at = now
        number = int(self._doubts)
        self._doubts -= number
        for directory, name in islice(self._to_ask, number):
            self._done.get(directory, {}).pop(name, None)

    def _rounds(self) -> Iterator[Place]:
        """What is done with, round after round without an end; for whoever takes no more at once than there is."""
        while True:
            for directory in list(self._done):
                for name in list(self._done.get(directory, ())):
                    yield directory, name

    def _fresh(self, sight: ScanResult, left: set[str]) -> Iterator[Candidate]:
        """The files that are not known to be done with; of ``left``, paths with an open row, those go that are met."""
        open_names: dict[str, set[str]] = {}
        for path in map(from_text, left):
            head, slash, name = path.rpartition("/")
            open_names.setdefault(head + slash, set()).add(name)
        places: set[str] = set()
        for part in self._parts():
            places.add(part.directory if part.folder is not None else part.files[0][0])
            prefix = shown_folder(part.directory, self._results, self._root.prefix)
            names = open_names.get(prefix, set())
            sight.found += len(part.files)
            if part.problem is not None:
                sight.problems.append(part.problem)
                left -= {as_text(prefix + name) for name in names}
                continue
            for name, look in self._changed(part, names):
                candidate = Candidate(
                    part.directory, name, part.folder, look, place=part.place, prefix=self._root.prefix
                )
                left.discard(candidate.shown(self._results) if left else "")
                yield candidate
        if self._places - places:
            self._something_left = True
            self._done = {directory: names for directory, names in self._done.items() if directory in places}
        self._places = places

    def _parts(self) -> Iterator[Part]:
        """What lies in Results; all of the looking together has a limit of time."""
        patience, where = self._store.time_limit, str(self._results)
        end = time.monotonic() + patience.seconds
        self.require_results()
        parts = list_results(self._results)
        while (part := patience.within(where, partial(next, parts, None), end - time.monotonic())) is not None:
            yield part

    def _changed(self, part: Part, open_names: set[str]) -> list[tuple[str, Look]]:
        known = self._done.get(part.directory, {})
        changed = [(name, look) for name, look in part.files if known.get(name) != _packed(look) or name in open_names]
        if part.folder is not None and len(known) > len(part.files):
            # Files were removed.
            self._something_left = True
            there = {name for name, _ in part.files}
            self._done[part.directory] = {name: look for name, look in known.items() if name in there}
        return changed

    def _sort(self, sight: ScanResult, resting: Mapping[Place, Rest], unknown: Sequence[Candidate]) -> None:
        if not unknown:
            return
        paths = {candidate.shown(self._results): candidate for candidate in unknown}
        with self._store.system.reading() as work:
            rows = work.ingested_files.standing(list(paths))
        now, seen = utc_now(), {}
        latest, misdated = now + timedelta(seconds=LONGEST_SECONDS), []
        for path, candidate in paths.items():
            row = rows.get(path)
            if row is None or row.look != stat_text(candidate.look):
                seen[path] = stat_text(candidate.look)
                self._rest(sight, resting, Due(candidate, 0, now))
            elif row.state in FAILED_FILES:
                self.done(candidate)
            elif row.state is FileState.SEEN or row.state in STORED_FILES:
                # One that is stored another monitor has taken at this moment, or its database has lost it.
                self._rest(sight, resting, Due(candidate, row.attempts, row.updated_at))
            elif row.next_attempt_at is not None and row.next_attempt_at > now:
                # No pause is longer: a clock was wrong.
                if row.next_attempt_at > latest:
                    misdated.append(path)
                sight.again_in((min(row.next_attempt_at, latest) - now).total_seconds())
            else:
                sight.due.append(Due(candidate, row.attempts, row.updated_at))
        if seen:
            self._say_seen(seen, rows, now)
        if misdated:
            misdated.sort()
            self._store.system.run(lambda work: work.ingested_files.bring_forward(misdated, latest))

    def _rest(self, sight: ScanResult, resting: Mapping[Place, Rest], due: Due) -> None:
        """A file is whole once it looks the same for long enough."""
        candidate, now = due.candidate, time.monotonic()
        place = (candidate.directory, candidate.name)
        look, row_since, since = resting.get(place, (None, None, now))
        if (look, row_since) != (candidate.look, due.since):
            since = now
        # One that is due may not be taken at once.
        self._resting[place] = (candidate.look, due.since, since)
        left = self._store.settings.settle_seconds - (now - since)
        if left <= 0:
            sight.due.append(due)
        else:
            sight.resting += 1
            sight.again_in(left)

    def _say_seen(self, seen: Mapping[str, str], rows: Mapping[str, FileStatus], now: datetime) -> None:
        # In one order, whoever writes: two monitors then wait for each other, and never both.
        ordered = dict(sorted(seen.items()))
        self._store.system.run(lambda work: work.ingested_files.see(ordered, rows, now))

    def _clear(self, sight: ScanResult) -> None:
        """Forget files that had failed and are no longer there, some at a time; asked when something is gone."""
        if self._something_left and not self._failed:
            self._something_left = False
            with self._store.system.reading() as work:
                failed = work.ingested_files.failed()
                self._failed.extend(row for row in failed if is_watched(row.path, self._root.prefix))
        some = [self._failed.popleft() for _ in range(min(len(self._failed), _FAILED_AT_ONCE))]
        gone = [row for row in some if self._is_gone(row.path)]
        if gone:
            self._store.system.run(lambda work: work.ingested_files.remove(gone))
            sight.cleared = [row.path for row in gone]

    def _is_gone(self, path: str) -> bool:
        """Whether there is no file, which is not to be said of one that only cannot be seen."""
        folder, _, name = from_text(split_root(path)[1]).rpartition("/")
        return self._store.time_limit.within(
            str(self._results / folder), partial(_has_no_file, str(self._results), folder, name)
        )

    def _forget(self, sight: ScanResult, missing: Sequence[FileStatus]) -> None:
        if missing:
            self._store.system.run(lambda work: work.ingested_files.remove(missing))
            sight.gone = [row.path for row in missing if row.state is not FileState.SEEN]


def _has_no_file(results: str, folder: str, name: str) -> bool:
    try:
        # What was a link to a folder may be a folder by now.
        return stat.S_ISDIR(entry_status(os.path.realpath(results), folder, name).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def _packed(look: Look) -> bytes:
    inode, size, mtime_ns, names, ctime_ns = look
    return _LOOK.pack(inode, -1 if size is None else size, mtime_ns, names, ctime_ns)
