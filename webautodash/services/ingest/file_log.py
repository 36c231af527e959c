"""What the system database shows of files and counters: told of each file, written for many at once."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from webautodash.domain.alerts import Cause
from webautodash.domain.retries import RetryDecision
from webautodash.domain.vocabulary import STORED_FILES, EventKind, FileState, Level
from webautodash.domain.wording import counted
from webautodash.errors import DatabaseUnreachable, WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.repositories.ingested_files import FileRecord
from webautodash.repositories.pending_events import Event, file_stored
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import LastSession, StoredFile, Totals
from webautodash.repositories.system_log import LogRecord
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services.alerts.causes import Changed, causes_of, causes_of_event
from webautodash.services.alerts.outbox import raise_alerts
from webautodash.services.batches import in_parts
from webautodash.services.ingest.report import FileOutcome, FileResult
from webautodash.services.ingest.scan import Look, stat_text
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter
from webautodash.services.verify.divergence import lost_paths

T = TypeVar("T")

_MOST_AT_ONCE = 200
_LONGEST_SECONDS = 1.0
# A file of this size may take longer than the others should wait.
_LARGE = 1 << 20


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a file, and what is to become of it."""

    at: datetime
    outcome: FileOutcome
    look: Look | None
    """What its folder said when it was found."""
    verdict: RetryDecision | None
    """Of a file that was not taken."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a provider's database says that the system database may not know."""

    provider: RegisteredProvider
    totals: Totals
    events: list[Event]
    files: dict[int, StoredFile]
    """Of the events, by session."""
    is_older: bool
    """Whether it lacks the newest session that is recorded: it was put back from an older backup."""

    def records(self) -> Iterator[FileRecord]:
        """How the files of the events stand."""
        for file in self.files.values():
            state = FileResult.PARTIAL if file.session.tally.failed_extractions else FileResult.INGESTED
            outcome = FileOutcome.of_session(file.path, state, self.provider, file.session, None, None)
            yield _record(Told(file.created_at, outcome, None, None), self.provider.id)

    def causes(self, store: Store) -> Iterator[Cause]:
        """What somebody has to be alerted to."""
        for event in self.events:
            file = None if event.session_id is None else self.files.get(event.session_id)
            yield from causes_of_event(store, self.provider, event, file.session.content_sha256 if file else None)


def _read(provider: RegisteredProvider, last: LastSession | None, told: Collection[str], work: ProviderWork) -> _Read:
    """``last`` is the newest session that is recorded, ``told`` are the hashes of files that are recorded now."""
    sessions, events = work.sessions, work.pending_events.pending()
    newer = sessions.since(last) if last is not None else {}
    has_event = {event.session_id for event in events if event.kind is EventKind.FILE_STORED}
    for number, file in (newer or {}).items():
        # The system database was put back from an older backup, or a command was killed before it was told.
        if number not in has_event and file.session.content_sha256 not in told:
            events.append(file_stored(number, file.session.tally, file.created_at))
    numbers = {event.session_id for event in events if event.session_id is not None}
    files = sessions.files(numbers) if numbers else {}
    return _Read(provider, sessions.totals(), events, files, is_older=newer is None)


class FileLog:
    """Brings the system database up to date with what was done, within a second or two hundred files, and on leaving.

    What a crash leaves out of rows and counters the next run puts in: a file that has no row is read again. In the log
    such a file is one that was stored already.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._log = SystemLogWriter(store.system)
        self._told: list[Told] = []
        self._since = 0.0
        self._miscounted: dict[str, RegisteredProvider] = {}
        self._providers: dict[str, RegisteredProvider] = {}

    def tell(self, outcome: FileOutcome, look: Look | None = None, verdict: RetryDecision | None = None) -> None:
        """What became of a file; without a verdict one that was not taken waits for whoever comes next.

        Of one that is gone there is nothing to say.
        """
        if outcome.state is FileResult.GONE:
            return
        if not self._told:
            self._since = time.monotonic()
        self._told.append(Told(utc_now(), outcome, look, verdict))
        self.keep_up()

    def recount(self, provider: RegisteredProvider) -> None:
        """A provider's counters are not what their own database says."""
        self._miscounted[provider.slug] = provider

    def keep_up(self, ahead: int | None = None) -> None:
        """Write where it is time to, or where a file of so many bytes lies ahead."""
        late = time.monotonic() - self._since >= _LONGEST_SECONDS
        if self._told and (late or len(self._told) >= _MOST_AT_ONCE or (ahead or 0) >= _LARGE):
            self.flush()

    def unwritten(self) -> list[str]:
        """The paths of files that were read to the end and whose outcome is not written yet."""
        return [told.outcome.path for told in self._told if not told.outcome.unfinished]

    def flush(self) -> None:
        """Write all that was told, files and counters in one transaction."""
        news, entries, changed = self._news()
        if news or self._miscounted:
            self._write(news, causes_of(self._store, changed))
        self._log.record_all(entries)
        self._told.clear()
        self._miscounted.clear()

    def _news(self) -> tuple[list[FileRecord], list[LogRecord], list[Changed]]:
        """What the rows do not say yet, and what of it goes into the log, and may be cause for an alert."""
        known = self._found([told.outcome.path for told in self._told if told.outcome.state not in _TAKEN])
        news: list[FileRecord] = []
        entries: list[LogRecord] = []
        changed: list[Changed] = []
        for told in self._told:
            outcome = told.outcome
            provider = self._provider(outcome.provider)
            record = _record(told, provider.id if provider else None)
            row = known.get(outcome.path)
            stored_before = outcome.state is FileResult.ALREADY_INGESTED
            if stored_before and row is not None and _looks(row) == _looks(record):
                continue
            if stored_before and row is not None and row.content_sha256 == record.content_sha256:
                # How long it took is known from the time when it was stored.
                record = replace(record, duration_ms=row.duration_ms)
            news.append(record)
            # No event: that a file can be told without reading it from now on, and that one waits as it did.
            if row is None or _contents(row) != _contents(record):
                entries += _entries(told.at, outcome, record.state)
                changed.append((outcome, record, provider))
                if provider is not None and outcome.session_id is not None:
                    self._miscounted[provider.slug] = provider
        return news, entries, changed

    def _found(self, paths: list[str]) -> dict[str, FileRecord]:
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

    def _write(self, news: list[FileRecord], causes: list[Cause]) -> None:
        def transaction(work: SystemWork) -> None:
            # Before the files, whose foreign key has each hold the provider's row for reading: two who then want to
            # change it would wait for each other.
            for one in read:
                work.providers.set_totals(one.provider.id, one.totals)
            files, now = work.ingested_files, utc_now()
            for some in in_parts(lost, _MOST_AT_ONCE):
                files.lose_sessions(some)
            files.record(news, now)
            for record in left:
                files.correct(record, now)
            raise_alerts(work, self._store.settings, causes, now)

        # In one order, whoever writes: two processes then wait for each other, and never both.
        news.sort(key=lambda record: record.path)
        counted = sorted(self._miscounted.values(), key=lambda provider: provider.id)
        told = {(record.provider_id, record.content_sha256) for record in news}
        read = self._read_all(counted, {sha256 for _, sha256 in told if sha256 is not None}) if counted else []
        lost = [path for one in read if one.is_older for path in self._lost(one.provider)]
        found = (record for one in read for record in one.records())
        left = [record for record in found if (record.provider_id, record.content_sha256) not in told]
        left.sort(key=lambda record: record.path)
        causes = [*causes, *(cause for one in read for cause in one.causes(self._store))]
        self._store.system.run(transaction)
        for one in read:
            self._forget(one)
        # Looked at again: another worker may have stored a file meanwhile, and have written its counters before ours.
        for one in read:
            self._settle(one.provider, one.totals)

    def _settle(self, provider: RegisteredProvider, written: Totals) -> None:
        while (totals := self._totals(provider)) is not None and totals != written:
            self._set_totals(provider, totals)
            written = totals

    def _set_totals(self, provider: RegisteredProvider, totals: Totals) -> None:
        self._store.system.run(lambda work: work.providers.set_totals(provider.id, totals))

    def _totals(self, provider: RegisteredProvider) -> Totals | None:
        """None for a database that cannot be read any more; whoever reads it next puts its counters right."""
        return self._of(provider, lambda work: work.sessions.totals())

    def _read_all(self, providers: Sequence[RegisteredProvider], told: Collection[str]) -> list[_Read]:
        # The system database first: what is recorded there the others have.
        with self._store.system.reading() as work:
            last = work.providers.last_sessions()
        each = (self._of(one, partial(_read, one, last.get(one.id), told)) for one in providers)
        return [one for one in each if one is not None]

    def _lost(self, provider: RegisteredProvider) -> list[str]:
        """The paths whose sessions went with an older backup, which is said in the log."""
        lost = self._of(provider, partial(lost_paths, self._store, provider)) or []
        message = f"put back from an older backup: {counted(len(lost), 'stored file')} missing"
        where = (provider.slug, provider.database_name)
        entry = LogRecord(utc_now(), Level.ERROR, "backups", "database_older", message, *where, {"files": len(lost)})
        self._log.record_all([entry])
        return lost

    def _of(self, provider: RegisteredProvider, read: Callable[[ProviderWork], T]) -> T | None:
        try:
            with self._store.provider_database(provider).reading() as work:
                return read(work)
        except DatabaseUnreachable:
            raise
        except WebAutoDashError:
            return None

    def _forget(self, one: "_Read") -> None:
        """Delete what is recorded now from the outbox; what stays there is recorded once more, which adds nothing."""
        numbers = [event.id for event in one.events if event.id is not None]
        if numbers:
            with suppress(WebAutoDashError):
                database = self._store.provider_database(one.provider)
                database.run(lambda work: work.pending_events.delete(numbers))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        if error is None:
            self.flush()
        else:
            # The error that ended the run is reported, not one that follows from it.
            with suppress(WebAutoDashError):
                self.flush()


def _record(told: Told, provider_id: int | None) -> FileRecord:
    outcome, verdict = told.outcome, told.verdict
    state = _STATES.get(outcome.state)
    if state is None:
        state = FileState.PARTIAL if outcome.set_aside else FileState.INGESTED
    if state is FileState.WAITING and verdict is not None and verdict.held:
        state = FileState.HELD
    return FileRecord(
        path=outcome.path,
        state=state,
        provider_id=provider_id,
        content_sha256=outcome.sha256,
        size=outcome.size,
        mtime_ns=outcome.mtime_ns,
        session_id=outcome.session_id,
        look=stat_text(told.look) if told.look is not None else None,
        next_attempt_at=verdict.next_attempt_at if verdict is not None else None,
        reason=outcome.reason,
        kind=outcome.kind,
        found=outcome.found,
        stored=outcome.stored,
        changed=outcome.changed,
        duplicates=outcome.duplicates,
        set_aside=outcome.set_aside,
        duration_ms=outcome.duration_ms,
        unfinished=outcome.unfinished or None,
    )


def _contents(record: FileRecord) -> tuple[object, ...]:
    reason = None if record.state in STORED_FILES else record.reason
    return record.state, record.content_sha256, record.provider_id, reason


def _looks(record: FileRecord) -> tuple[object, ...]:
    return *_contents(record), record.size, record.mtime_ns, record.session_id, record.look


def _entries(at: datetime, outcome: FileOutcome, state: FileState) -> list[LogRecord]:
    level, event = _HELD if state is FileState.HELD else _EVENTS[outcome.state]
    message = f"{outcome.path}: {event.removeprefix('file_').replace('_', ' ')}"
    if outcome.reason:
        message += f": {outcome.reason}"
    details: dict[str, object] = {"path": outcome.path, "session_id": outcome.session_id}
    if outcome.kind is not None:
        details["kind"] = outcome.kind
    if outcome.session_id is not None:
        details |= {"found": outcome.found, **{name: getattr(outcome, name) for name in _NUMBERS}, **outcome.rows}
    where = (outcome.provider, outcome.database_name)
    entries = [LogRecord(at, level, "ingest", event, message, *where, details)]
    if outcome.conflicts and outcome.state is not FileResult.ALREADY_INGESTED:
        message = f"{outcome.path}: to be reviewed: {counted(outcome.conflicts, 'difference')}"
        details = {"session_id": outcome.session_id, "conflicts": outcome.conflicts}
        entries.append(LogRecord(at, Level.WARNING, "conflicts", "conflicts_found", message, *where, details))
    return entries


_TAKEN = frozenset({FileResult.INGESTED, FileResult.PARTIAL})
_NUMBERS = ("stored", "changed", "duplicates", "set_aside", "conflicts")
_STATES = {
    FileResult.INGESTED: FileState.INGESTED,
    FileResult.PARTIAL: FileState.PARTIAL,
    FileResult.REJECTED: FileState.REJECTED,
    FileResult.HELD: FileState.HELD,
    FileResult.WAITING: FileState.WAITING,
    FileResult.BLOCKED: FileState.WAITING,
    FileResult.FAILED: FileState.WAITING,
}
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
