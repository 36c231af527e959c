"""What is going on, and what went on in the last day, out of the databases alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from webautodash.domain.alerts import AlertChannel
from webautodash.domain.vocabulary import (
    FAILED_FILES,
    OPEN_FILES,
    FileState,
    Level,
    MonitorState,
    Severity,
)
from webautodash.errors import WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.repositories.file_states import FileEntry, ProcessedFiles
from webautodash.repositories.monitors import MonitorRecord
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.system_log import LogEntry
from webautodash.services.alerts import FailedDigest, failed_digests
from webautodash.services.alerts import waiting as waiting_alerts
from webautodash.services.paging import Unreadable, problems_of
from webautodash.services.store import Store
from webautodash.services.verify.divergence import (
    Divergence,
    SystemRecords,
    compare_databases,
    divergence,
    is_active,
    recorded_rows,
    system_records,
)

__all__ = ["FileEntry", "Status", "status"]

_DAY = timedelta(days=1)
# Of what waits or went wrong the first so many are shown; the lists have all.
_SHOWN = 20
_NOTES = 5


@dataclass(frozen=True, slots=True)
class MonitorStatus:
    """One monitor, as it said itself."""

    host: str
    pid: int
    started_by: str
    version: str
    state: MonitorState
    silent: bool
    """It should have said that it is alive, three times, and did not."""
    since: datetime
    stopped_at: datetime | None
    interval_seconds: float
    heartbeat_seconds_ago: float
    pass_running_seconds: float | None
    """Since when the pass is under way that takes files now."""
    last_pass_at: datetime | None
    last_pass_seconds: float | None
    passes: int
    files_found: int | None
    files_taken: int
    files_per_second: float | None
    """In the last pass that took any."""
    last_error: str | None
    last_error_at: datetime | None


@dataclass(frozen=True, slots=True)
class MonitoringStatistics:
    """Counters over all that was ever taken."""

    files_processed: int
    patients_processed: int
    conflicts_detected: int
    files_failed: int
    """Rejected or held, at this moment."""


@dataclass(frozen=True, slots=True)
class MonitoringStatus:
    """Who watches, and what came of it."""

    is_running: bool
    """Whether at least one monitor is alive."""
    monitors: tuple[MonitorStatus, ...]
    statistics: MonitoringStatistics


@dataclass(frozen=True, slots=True)
class ProviderSummary:
    """One provider: the registry's counters, and what waits for a person."""

    slug: str
    name: str
    database_name: str
    last_extraction: datetime | None
    total_sessions: int
    total_patients: int
    total_extractions: int
    total_conflicts: int
    open_conflicts: dict[Severity, int] | None
    """None where their database cannot be read, or is being made by a registration."""


@dataclass(frozen=True, slots=True)
class ProviderDatabaseStatistics:
    """All providers."""

    total_providers: int
    total_patients: int
    open_conflicts: dict[Severity, int]
    providers: tuple[ProviderSummary, ...]


@dataclass(frozen=True, slots=True)
class LastDay:
    """What happened in the last 24 hours."""

    since: datetime
    taken: ProcessedFiles
    conflicts_detected: int
    log_entries: dict[Level, int]
    latest_problems: tuple[LogEntry, ...]
    """The last few warnings and errors."""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """The outbox of the alerts."""

    waiting: dict[AlertChannel, int]
    """Alerts that go out with their channel's next message."""
    failed: tuple[FailedDigest, ...]
    """Messages that were given up."""


@dataclass(frozen=True, slots=True)
class Status:
    """One moment of the whole; turns into JSON."""

    at: datetime
    monitoring_status: MonitoringStatus
    provider_database_statistics: ProviderDatabaseStatistics
    files: dict[FileState, int]
    oldest_waiting_seconds: float | None
    waiting: tuple[FileEntry, ...]
    """The first few that were not taken yet."""
    failed: tuple[FileEntry, ...]
    """The first few that were rejected or are held."""
    last_day: LastDay
    alerts: AlertStatus
    divergences: tuple[Divergence, ...]
    """What a provider's database and the system database do not agree on: one was put back from an older backup."""
    problems: tuple[Unreadable, ...]


def status(store: Store) -> Status:
    """What there is at this moment; a provider's database that cannot be read is a problem and stops nothing."""
    now, known = utc_now(), system_records(store)
    since = now - _DAY
    with store.system.reading() as work:
        monitors = work.monitors.all()
        repository = work.file_states
        files, oldest = repository.counts(), repository.oldest_waiting_seconds()
        waiting = repository.search(OPEN_FILES, None, _SHOWN).items
        failed = repository.search(FAILED_FILES, None, _SHOWN).items
        taken = repository.processed_since(since)
        levels = work.system_log.counts(since)
        latest = work.system_log.search(level=Level.WARNING, since=since, limit=_NOTES)
    problems: list[Unreadable] = []
    registered = store.providers()
    read = [_provider(store, provider, known, since, problems) for provider in registered]
    providers = tuple(provider for provider, _, _ in read)
    return Status(
        at=now,
        monitoring_status=MonitoringStatus(
            is_running=any(one.state is MonitorState.RUNNING and not one.silent for one in monitors),
            monitors=tuple(_monitor(one) for one in monitors),
            statistics=MonitoringStatistics(
                files_processed=sum(one.total_sessions for one in registered),
                patients_processed=sum(one.total_extractions for one in registered),
                conflicts_detected=sum(one.total_conflicts for one in registered),
                files_failed=sum(files[state] for state in FAILED_FILES),
            ),
        ),
        provider_database_statistics=ProviderDatabaseStatistics(
            total_providers=len(registered),
            total_patients=sum(one.total_patients for one in registered),
            open_conflicts={
                severity: sum(one.open_conflicts[severity] for one in providers if one.open_conflicts is not None)
                for severity in Severity
            },
            providers=providers,
        ),
        files=files,
        oldest_waiting_seconds=oldest,
        waiting=waiting,
        failed=failed,
        last_day=LastDay(since, taken, sum(found for _, found, _ in read), levels, tuple(latest)),
        alerts=AlertStatus(waiting_alerts(store), tuple(failed_digests(store))),
        divergences=tuple(one for _, _, one in read if one),
        problems=tuple(problems),
    )


def _provider(
    store: Store, provider: RegisteredProvider, known: SystemRecords, since: datetime, problems: list[Unreadable]
) -> tuple[ProviderSummary, int, Divergence | None]:
    open_conflicts, found, differs = None, 0, None
    try:
        rows = recorded_rows(store, provider) if provider.id in known.lost else []
        with store.provider_database(provider).reading() as work:
            open_conflicts = work.conflicts.open()
            found = work.sessions.conflicts_since(since)
            if is_active(provider):
                differs = compare_databases(store, provider, known, work, rows)
        if differs is not None and differs.is_older:
            differs = divergence(store, provider, known)
    except WebAutoDashError as error:
        problems += problems_of(provider, error)
    shown = ProviderSummary(
        slug=provider.slug,
        name=provider.name,
        database_name=provider.database_name,
        last_extraction=provider.last_extraction,
        total_sessions=provider.total_sessions,
        total_patients=provider.total_patients,
        total_extractions=provider.total_extractions,
        total_conflicts=provider.total_conflicts,
        open_conflicts=open_conflicts,
    )
    return shown, found, differs


def _monitor(one: MonitorRecord) -> MonitorStatus:
    started = one.pass_started_at if one.state is MonitorState.RUNNING else None
    return MonitorStatus(
        host=one.host,
        pid=one.pid,
        started_by=one.started_by,
        version=one.code_version,
        state=one.state,
        silent=one.silent,
        since=one.started_at,
        stopped_at=one.stopped_at,
        interval_seconds=one.interval_ms / 1000,
        heartbeat_seconds_ago=round((one.now - one.heartbeat_at).total_seconds(), 3),
        pass_running_seconds=None if started is None else round((one.now - started).total_seconds(), 3),
        last_pass_at=one.last_pass_at,
        last_pass_seconds=None if one.last_pass_ms is None else one.last_pass_ms / 1000,
        passes=one.passes,
        files_found=one.files_found,
        files_taken=one.files_taken,
        files_per_second=one.files_per_second,
        last_error=one.last_error,
        last_error_at=one.last_error_at,
    )
