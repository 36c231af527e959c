"""Records the outcomes of files in the system database, many at a time."""

import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from webautodash.domain.alerts import Cause
from webautodash.domain.dates import utc_now
from webautodash.domain.file_state_transitions import (
    STORED_RESULTS,
    FileResult,
    RetryPolicy,
    Transition,
    after_attempt,
    stored_result,
)
from webautodash.domain.vocabulary import STORED_FILES, FileState, Level
from webautodash.domain.wording import counted
from webautodash.errors import WebAutoDashError
from webautodash.repositories.ingested_files import COUNTS, FileRecord
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.system_log import LogRecord
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.alerts import ChangedFile, causes_of, raise_alerts
from webautodash.services.batches import in_parts
from webautodash.services.ingest.provider_changes import (
    ProviderChanges,
    delete_events,
    find_lost_paths,
    read_changes,
    settle_totals,
)
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import FileStat, stat_text
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

_MOST_AT_ONCE = 200
_LONGEST_SECONDS = 1.0
# A file of this size may take longer than the outcomes before it should stay unwritten.
_LARGE = 1 << 20
# The facts of an outcome that a row records under the same name.
_COPIED = ("path", "size", "mtime_ns", "session_id", "reason", "kind", "duration_ms", *COUNTS)
_LOGGED_COUNTS = ("stored", "changed", "duplicates", "set_aside", "conflicts")
_HELD = (Level.ERROR, "file_held")
_EVENTS = {
    FileResult.INGESTED: (Level.INFO, "file_ingested"),
    FileResult.PARTIAL: (Level.WARNING, "file_partial"),
    FileResult.ALREADY_INGESTED: (Level.INFO, "file_already_ingested"),
    FileResult.REJECTED: (Level.ERROR, "file_rejected"),
    FileResult.WAITING: (Level.INFO, "file_waiting"),
    FileResult.BLOCKED: (Level.WARNING, "file_blocked"),
    FileResult.FAILED: (Level.ERROR, "file_failed"),
    FileResult.HELD: _HELD,
}


@dataclass(frozen=True, slots=True)
class _Entry:
    at: datetime
    outcome: FileOutcome
    stat: FileStat | None
    """The file's stat when it was found."""


@dataclass(frozen=True, slots=True)
class _News:
    """The rows to write, their log entries, and those changes that may cause an alert."""

    records: list[FileRecord]
    entries: list[LogRecord]
    changed: list[ChangedFile]


class FileLog:
    """Updates states, totals, alerts and the log: after a second or 200 files, and when its block ends.

    After a crash the next run adds missing rows and totals: a file without a row is read again. The log then says that
    the file was ingested before. With a retry policy, files that failed get the time of their next attempt.
    """

    def __init__(self, store: Store, retry: RetryPolicy | None = None) -> None:
        self._store, self._retry = store, retry
        self._log = SystemLogWriter(store.system)
        self._unwritten: list[_Entry] = []
        self._since = 0.0
        self._miscounted: dict[str, RegisteredProvider] = {}
        self._providers: dict[str, RegisteredProvider] = {}

    def record(self, outcome: FileOutcome, stat: FileStat | None = None) -> None:
        """Add an outcome; nothing is recorded for a file that is gone."""
        if outcome.state is FileResult.GONE:
            return
        if not self._unwritten:
            self._since = time.monotonic()
        self._unwritten.append(_Entry(utc_now(), outcome, stat))
        self.write_if_due()

    def recount(self, provider: RegisteredProvider) -> None:
        """Let the next flush read a provider's totals from the provider's own database."""
        self._miscounted[provider.slug] = provider

    def write_if_due(self, next_size: int | None = None) -> None:
        """Write if it is time to, or if the next file is so large that it may take long."""
        is_late = time.monotonic() - self._since >= _LONGEST_SECONDS
        if self._unwritten and (is_late or len(self._unwritten) >= _MOST_AT_ONCE or (next_size or 0) >= _LARGE):
            self.flush()

    def unwritten(self) -> list[str]:
        """The paths of files that were read to the end but whose outcomes are not written yet."""
        return [entry.outcome.path for entry in self._unwritten if not entry.outcome.unfinished]

    def flush(self) -> None:
        """Write everything, states and totals in one transaction."""
        news = self._news()
        if news.records or self._miscounted:
            self._write(news.records, causes_of(self._store, news.changed))
        self._log.record_all(news.entries)
        self._unwritten.clear()
        self._miscounted.clear()

    def _news(self) -> _News:
        rows = self._rows([entry.outcome.path for entry in self._unwritten])
        news = _News([], [], [])
        for entry in self._unwritten:
            outcome, row = entry.outcome, rows.get(entry.outcome.path)
            provider = self._provider(outcome.provider)
            transition = after_attempt(
                outcome.state,
                row.attempts if row is not None else 0,
                entry.at,
                set_aside=outcome.set_aside,
                transient=outcome.transient,
                policy=self._retry,
            )
            record = _record(outcome, transition, provider.id if provider else None, entry.stat)
            if outcome.state is FileResult.ALREADY_INGESTED and row is not None:
                if _row(row) == _row(record):
                    continue
                if row.content_sha256 == record.content_sha256:
                    # The duration is that of the attempt that stored the file.
                    record = replace(record, duration_ms=row.duration_ms)
            news.records.append(record)
            if row is None or outcome.state in STORED_RESULTS or _event(row) != _event(record):
                news.entries.extend(_log_entries(entry.at, outcome, record.state))
                news.changed.append(ChangedFile(outcome.state, record, provider))
                if provider is not None and outcome.session_id is not None:
                    self.recount(provider)
        return news

    def _rows(self, paths: list[str]) -> dict[str, FileRecord]:
        if not paths:
            return {}
        with self._store.system.reading() as work:
            return work.ingested_files.find(paths)

    def _provider(self, slug: str | None) -> RegisteredProvider | None:
        if slug is None:
            return None
        if slug not in self._providers:
            self._providers = {provider.slug: provider for provider in self._store.providers()}
        return self._providers.get(slug)

    def _write(self, records: list[FileRecord], causes: list[Cause]) -> None:
        def transaction(work: SystemWork) -> None:
            # Totals before files: the foreign key of each file locks the provider's row for reading, and two processes
            # that then changed the provider's row would wait for each other.
            for one in changes:
                work.providers.set_totals(one.provider.id, one.totals)
            files, now = work.ingested_files, utc_now()
            for part in in_parts(lost, _MOST_AT_ONCE):
                files.clear_sessions(part)
            files.record(records, now)
            for record in corrections:
                files.correct(record, now)
            raise_alerts(work, self._store.settings, causes, now)

        # Every process writes in the same order: no two of them can wait for each other forever.
        records.sort(key=lambda record: record.path)
        miscounted = sorted(self._miscounted.values(), key=lambda provider: provider.id)
        recorded = {(record.provider_id, record.content_sha256) for record in records}
        changes = read_changes(self._store, miscounted, {sha256 for _, sha256 in recorded if sha256 is not None})
        lost = [path for one in changes if one.is_older for path in find_lost_paths(self._store, one.provider)]
        found = (record for one in changes for record in _stored_files(one))
        corrections = [record for record in found if (record.provider_id, record.content_sha256) not in recorded]
        corrections.sort(key=lambda record: record.path)
        causes = [*causes, *(cause for one in changes for cause in one.causes(self._store))]
        self._store.system.run(transaction)
        for one in changes:
            delete_events(self._store, one)
        for one in changes:
            settle_totals(self._store, one)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        # The error that ended the run is reported, not one that follows from it.
        with suppress(WebAutoDashError) if error is not None else nullcontext():
            self.flush()


def _record(
    outcome: FileOutcome, transition: Transition, provider_id: int | None, stat: FileStat | None = None
) -> FileRecord:
    """The row of a file; ``stat`` is the file's stat when it was found."""
    return FileRecord(
        state=transition.state,
        attempts=transition.attempts,
        provider_id=provider_id,
        content_sha256=outcome.sha256,
        look=stat_text(stat) if stat is not None else None,
        next_attempt_at=transition.next_attempt_at,
        unfinished=outcome.unfinished or None,
        **{name: getattr(outcome, name) for name in _COPIED},
    )


def _event(record: FileRecord) -> tuple[object, ...]:
    """What a row records; if it is the same as before, the log and the alerts need nothing new."""
    reason = None if record.state in STORED_FILES else record.reason
    return record.state, record.content_sha256, record.provider_id, reason


def _row(record: FileRecord) -> tuple[object, ...]:
    """What a row of a stored file records, with its session and the stat of the file."""
    return *_event(record), record.size, record.mtime_ns, record.session_id, record.look


def _log_entries(at: datetime, outcome: FileOutcome, state: FileState) -> list[LogRecord]:
    """The log entries for an outcome after which the file is in ``state``."""
    level, event = _HELD if state is FileState.HELD else _EVENTS[outcome.state]
    message = f"{outcome.path}: {event.removeprefix('file_').replace('_', ' ')}"
    if outcome.reason:
        message += f": {outcome.reason}"
    details: dict[str, object] = {"path": outcome.path, "session_id": outcome.session_id}
    if outcome.kind is not None:
        details["kind"] = outcome.kind
    if outcome.session_id is not None:
        details |= {"found": outcome.found, **{name: getattr(outcome, name) for name in _LOGGED_COUNTS}, **outcome.rows}
    where = (outcome.provider, outcome.database_name)
    entries = [LogRecord(at, level, "ingest", event, message, *where, details)]
    if outcome.conflicts and outcome.state is not FileResult.ALREADY_INGESTED:
        message = f"{outcome.path}: {counted(outcome.conflicts, 'difference')} to review"
        details = {"session_id": outcome.session_id, "conflicts": outcome.conflicts}
        entries.append(LogRecord(at, Level.WARNING, "conflicts", "conflicts_found", message, *where, details))
    return entries


def _stored_files(changes: ProviderChanges) -> Iterator[FileRecord]:
    """The rows of the files of a provider's events."""
    for file in changes.files.values():
        result = stored_result(file.session.tally.failed_extractions)
        outcome = FileOutcome.of_session(file.path, result, changes.provider, file.session)
        yield _record(outcome, after_attempt(result, 0, file.created_at), changes.provider.id)
