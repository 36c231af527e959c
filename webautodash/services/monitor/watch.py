"""Scans Results again and again, and decides which files are due."""

import os
import stat
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from webautodash.domain.dates import utc_now
from webautodash.domain.file_paths import (
    DEFAULT_ROOT,
    as_text,
    from_text,
    is_watched,
    root_prefix,
    shown_folder,
    split_root,
)
from webautodash.domain.folders import entry_status
from webautodash.domain.retries import LONGEST_SECONDS
from webautodash.domain.vocabulary import FAILED_FILES, STORED_FILES, FileState
from webautodash.repositories.ingested_files import FileStatus
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.batches import in_parts, run_in_parts
from webautodash.services.ingest.scan import Candidate, FileKey, FileStat, Part, list_results, require_path, stat_text
from webautodash.services.ingest.skip_known import skip_known
from webautodash.services.monitor.done_files import DoneFiles
from webautodash.services.registry import own_root
from webautodash.services.store import Store

_AT_ONCE = 900
# Failed files whose existence is checked in one scan.
_FAILED_AT_ONCE = 500


class DueFile(NamedTuple):
    """A file to ingest, and when its row was last changed."""

    candidate: Candidate
    updated_at: datetime


class _Settling(NamedTuple):
    """A file that may still be being written: its stat and its row's time, unchanged since ``since``."""

    stat: FileStat
    updated_at: datetime
    since: float


@dataclass(slots=True)
class ScanResult:
    """What one scan of Results found."""

    found: int = 0
    due: list[DueFile] = field(default_factory=list)
    soon: float | None = None
    """Seconds until another file may be due."""
    settling: int = 0
    """Files that may still be being written."""
    problems: list[str] = field(default_factory=list)
    """Folders that cannot be read."""
    miscounted: list[RegisteredProvider] = field(default_factory=list)
    cut_short: bool = False
    """Whether due files were left only because it was time for another scan."""
    gone: list[str] = field(default_factory=list)
    """Files that were waiting and no longer exist."""
    cleared: list[str] = field(default_factory=list)
    """Files that had failed and no longer exist."""

    def scan_within(self, seconds: float) -> None:
        """Let the next scan begin within this time."""
        self.soon = seconds if self.soon is None else min(self.soon, seconds)


class FolderWatch:
    """Scans Results. What it remembers only saves work, because the databases know the state of every file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._results = store.settings.results_dir
        self._prefix = root_prefix(DEFAULT_ROOT)
        self._done = DoneFiles()
        self._settling: dict[FileKey, _Settling] = {}
        # The folders in Results, and the names beside them.
        self._entries: set[str] = set()
        self._failed: deque[FileStatus] = deque()
        self._something_removed = True

    def done(self, candidate: Candidate) -> None:
        """Remember that a file needs nothing until it or its row changes."""
        self._done.add(candidate)

    def require_results(self) -> None:
        """Raise UsageError if Results does not exist, NoAnswer if it does not answer in time."""
        self._store.time_limit.within(str(self._results), partial(require_path, self._results, self._results))

    def scan(self) -> ScanResult:
        """Scan once, without opening any file.

        Raises UsageError if Results does not exist or cannot be read, NoAnswer if it does not answer in time,
        UnknownResultsFolder or AmbiguousRoot if it does not belong to exactly one root.
        """
        self._done.doubt()
        # Each time: a root may have been moved while this process still watches its old folder.
        self._prefix = own_root(self._store)
        with self._store.system.reading() as work:
            open_rows = {row.path: row for row in work.ingested_files.open()}
        result, settling = ScanResult(), self._settling
        self._settling = {}
        unseen = {path for path in open_rows if is_watched(path, self._prefix)}
        # A few at a time, because there may be very many.
        for part in in_parts(self._changed(result, unseen), _AT_ONCE):
            new = skip_known(self._store, part, lambda candidate, _: self._done.add(candidate))
            result.miscounted += new.miscounted
            self._sort(result, settling, new.files)
        self._remove_gone(result, [open_rows[path] for path in unseen if self._is_gone(path)])
        self._clear_failed(result)
        return result

    def _changed(self, result: ScanResult, unseen: set[str]) -> Iterator[Candidate]:
        """The files that are not known to be done. Paths that are found are removed from ``unseen``."""
        open_names: dict[str, set[str]] = {}
        for path in map(from_text, unseen):
            head, slash, name = path.rpartition("/")
            open_names.setdefault(head + slash, set()).add(name)
        entries: set[str] = set()
        for part in self._parts():
            entries.add(part.directory if part.folder is not None else part.files[0][0])
            shown = shown_folder(part.directory, self._results, self._prefix)
            names = open_names.get(shown, set())
            result.found += len(part.files)
            if part.problem is not None:
                result.problems.append(part.problem)
                unseen -= {as_text(shown + name) for name in names}
                continue
            for name, file_stat in self._done.changed(part.directory, part.files, names):
                candidate = Candidate(part.directory, name, part.folder, file_stat, None, part.place, shown)
                unseen.discard(candidate.shown if unseen else "")
                yield candidate
            if part.folder is not None and len(self._done.names(part.directory)) > len(part.files):
                self._something_removed = True
                self._done.keep(part.directory, {name for name, _ in part.files})
        if self._entries - entries:
            self._something_removed = True
            self._done.keep_folders(entries)
        self._entries = entries

    def _parts(self) -> Iterator[Part]:
        """List Results; the whole listing has one limit of time."""
        time_limit, where = self._store.time_limit, str(self._results)
        end = time.monotonic() + time_limit.seconds
        self.require_results()
        parts = list_results(self._results)
        while (part := time_limit.within(where, partial(next, parts, None), end - time.monotonic())) is not None:
            yield part

    def _sort(self, result: ScanResult, settling: Mapping[FileKey, _Settling], files: Sequence[Candidate]) -> None:
        """Decide what each file needs: nothing, to settle, to wait for its next attempt, or to be ingested now."""
        if not files:
            return
        paths = {candidate.shown: candidate for candidate in files}
        with self._store.system.reading() as work:
            rows = work.ingested_files.statuses(list(paths))
        now, found = utc_now(), {}
        latest, misdated = now + timedelta(seconds=LONGEST_SECONDS), []
        for path, candidate in paths.items():
            row = rows.get(path)
            if row is None or row.look != stat_text(candidate.stat):
                found[path] = stat_text(candidate.stat)
                self._settle(result, settling, DueFile(candidate, now))
            elif row.state in FAILED_FILES:
                self._done.add(candidate)
            elif row.state is FileState.SEEN or row.state in STORED_FILES:
                # A stored file: another monitor has just stored it, or its database has lost it.
                self._settle(result, settling, DueFile(candidate, row.updated_at))
            elif row.next_attempt_at is not None and row.next_attempt_at > now:
                # No pause is longer, so a clock was wrong.
                if row.next_attempt_at > latest:
                    misdated.append(path)
                result.scan_within((min(row.next_attempt_at, latest) - now).total_seconds())
            else:
                result.due.append(DueFile(candidate, row.updated_at))
        if found:
            # Every process writes in the same order, so that no two of them wait for each other forever.
            ordered = dict(sorted(found.items()))
            self._store.system.run(lambda work: work.ingested_files.record_found(ordered, rows, now))
        if misdated:
            misdated.sort()
            self._store.system.run(lambda work: work.ingested_files.limit_next_attempts(misdated, latest))

    def _settle(self, result: ScanResult, settling: Mapping[FileKey, _Settling], file: DueFile) -> None:
        """Add a file to the due ones once it has been unchanged for long enough."""
        candidate, now = file.candidate, time.monotonic()
        current = _Settling(candidate.stat, file.updated_at, now)
        before = settling.get(candidate.key)
        if before is not None and before[:2] == current[:2]:
            current = before
        # Also when it is due, because it may not be processed at once.
        self._settling[candidate.key] = current
        left = self._store.settings.settle_seconds - (now - current.since)
        if left <= 0:
            result.due.append(file)
        else:
            result.settling += 1
            result.scan_within(left)

    def _clear_failed(self, result: ScanResult) -> None:
        """Delete the rows of failed files that no longer exist, after something was removed, some at a time."""
        if self._something_removed and not self._failed:
            self._something_removed = False
            with self._store.system.reading() as work:
                failed = work.ingested_files.failed()
                self._failed.extend(row for row in failed if is_watched(row.path, self._prefix))
        part = [self._failed.popleft() for _ in range(min(len(self._failed), _FAILED_AT_ONCE))]
        gone = [row for row in part if self._is_gone(row.path)]
        self._remove(gone)
        result.cleared = [row.path for row in gone]

    def _remove_gone(self, result: ScanResult, gone: Sequence[FileStatus]) -> None:
        self._remove(gone)
        result.gone = [row.path for row in gone if row.state is not FileState.SEEN]

    def _remove(self, rows: Sequence[FileStatus]) -> None:
        run_in_parts(self._store.system, rows, _AT_ONCE, lambda part, work: work.ingested_files.remove(part))

    def _is_gone(self, path: str) -> bool:
        """Whether a file does not exist; False if it only cannot be seen."""
        folder, _, name = from_text(split_root(path)[1]).rpartition("/")
        return self._store.time_limit.within(
            str(self._results / folder), partial(_has_no_file, str(self._results), folder, name)
        )


def _has_no_file(results: str, folder: str, name: str) -> bool:
    try:
        # A link to a folder may have become a folder.
        return stat.S_ISDIR(entry_status(os.path.realpath(results), folder, name).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
