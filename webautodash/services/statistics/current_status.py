"""Reads the current status of the installation, and what happened in the last 24 hours, from the databases."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from webautodash.domain.alerts import AlertChannel
from webautodash.domain.dates import utc_now
from webautodash.domain.overdue import MOST_TIMES, overdue
from webautodash.domain.vocabulary import FAILED_FILES, OPEN_FILES, FileState, Level, MonitorState, Severity
from webautodash.errors import WebAutoDashError
from webautodash.repositories.base import from_row
from webautodash.repositories.file_states import FileEntry, ProcessedFiles
from webautodash.repositories.monitors import MonitorRecord
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.system_log import LogEntry, LogFilter
from webautodash.services.alerts import FailedDigest, failed_digests
from webautodash.services.paging import Unreadable, problems_of
from webautodash.services.store import Store
from webautodash.services.verify import (
    Divergence,
    SystemRecords,
    compare_databases,
    find_divergence,
    is_active,
    recorded_rows,
    system_records,
)

_DAY = timedelta(days=1)
# Number of waiting and failed files that are shown; the list of files has all.
_SHOWN = 20
_LATEST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class MonitorStatus:
    """The last report of a monitor."""

    host: str
    pid: int
    started_by: str
    version: str
    state: MonitorState
    silent: bool
    """Whether it missed three heartbeats."""
    since: datetime
    stopped_at: datetime | None
    interval_seconds: float
    heartbeat_seconds_ago: float
    pass_running_seconds: float | None
    """Duration of the pass that is running now."""
    last_pass_at: datetime | None
    last_pass_seconds: float | None
    passes: int
    files_found: int | None
    files_taken: int
    files_per_second: float | None
    """In the last pass that ingested any."""
    last_error: str | None
    last_error_at: datetime | None


@dataclass(frozen=True, slots=True)
class MonitoringStatistics:
    """Totals over everything that was ever ingested."""

    files_processed: int
    patients_processed: int
    conflicts_detected: int
    files_failed: int
    """Files that are rejected or held now."""


@dataclass(frozen=True, slots=True)
class MonitoringStatus:
    """The monitors and their totals."""

    is_running: bool
    """Whether at least one monitor sends heartbeats."""
    monitors: tuple[MonitorStatus, ...]
    statistics: MonitoringStatistics


@dataclass(frozen=True, slots=True)
class ProviderSummary:
    """One provider: the totals in the registry, and the open conflicts."""

    slug: str
    name: str
    database_name: str
    last_extraction: datetime | None
    total_sessions: int
    total_patients: int
    total_extractions: int
    total_conflicts: int
    open_conflicts: dict[Severity, int] | None
    """None if the database cannot be read, or the registration is not complete."""


@dataclass(frozen=True, slots=True)
class ProviderDatabaseStatistics:
    """The sums over all providers."""

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
    """The latest warnings and errors."""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """The outbox of alerts."""

    waiting: dict[AlertChannel, int]
    """Alerts that are sent with the next message of their channel."""
    failed: tuple[FailedDigest, ...]
    """Messages whose delivery failed for good."""


@dataclass(frozen=True, slots=True)
class OverdueProvider:
    """A provider for whom three usual intervals have passed without a file."""

    slug: str
    name: str
    last_at: datetime
    interval_seconds: float


@dataclass(frozen=True, slots=True)
class Status:
    """The status of the installation at one moment."""

    at: datetime
    monitoring_status: MonitoringStatus
    provider_database_statistics: ProviderDatabaseStatistics
    files: dict[FileState, int]
    oldest_waiting_seconds: float | None
    waiting: tuple[FileEntry, ...]
    """The first files that are not ingested yet."""
    failed: tuple[FileEntry, ...]
    """The first files that are rejected or held."""
    last_day: LastDay
    alerts: AlertStatus
    overdue: tuple[OverdueProvider, ...]
    """The providers whose files should have come."""
    divergences: tuple[Divergence, ...]
    """Differences between providers' databases and the system database, as after restoring an older backup."""
    problems: tuple[Unreadable, ...]


def status(store: Store) -> Status:
    """Read the status; a provider's database that cannot be read is listed as a problem."""
    now, records = utc_now(), system_records(store)
    since = now - _DAY
    with store.system.reading() as work:
        monitors = work.monitors.all()
        repository = work.file_states
        files, oldest = repository.counts(), repository.oldest_waiting_seconds()
        waiting = repository.search(OPEN_FILES, None, _SHOWN).items
        failed = repository.search(FAILED_FILES, None, _SHOWN).items
        taken = repository.processed_since(since)
        levels = work.system_log.counts(since)
        waiting_alerts = work.alerts.waiting()
        latest = work.system_log.search(LogFilter(Level.WARNING, since=since), limit=_LATEST_PROBLEMS)
    problems: list[Unreadable] = []
    registered = store.providers()
    read = [_provider(store, provider, records, since, problems) for provider in registered]
    providers = tuple(one.summary for one in read)
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
        last_day=LastDay(since, taken, sum(one.recent_conflicts for one in read), levels, tuple(latest)),
        alerts=AlertStatus(waiting_alerts, tuple(failed_digests(store))),
        overdue=tuple(one.overdue for one in read if one.overdue),
        divergences=tuple(one.divergence for one in read if one.divergence),
        problems=tuple(problems),
    )


class _ReadProvider(NamedTuple):
    summary: ProviderSummary
    recent_conflicts: int
    divergence: Divergence | None
    overdue: OverdueProvider | None


def _provider(
    store: Store, provider: RegisteredProvider, records: SystemRecords, since: datetime, problems: list[Unreadable]
) -> _ReadProvider:
    open_conflicts, recent_conflicts, differences, late = None, 0, None, None
    try:
        rows = recorded_rows(store, provider) if provider.id in records.lost else []
        with store.provider_database(provider).reading() as work:
            # A registry that an earlier version wrote has no counts until the next file is stored.
            open_conflicts = records.open_conflicts.get(provider.id) or work.conflicts.open()
            recent_conflicts = work.sessions.conflicts_since(since)
            if is_active(provider):
                late = overdue(work.session_history.latest_times(MOST_TIMES), utc_now())
                differences = compare_databases(store, provider, records, work, rows)
        if differences is not None and differences.is_older:
            differences = find_divergence(store, provider, records)
    except WebAutoDashError as error:
        problems += problems_of(provider, error)
    summary = from_row(ProviderSummary, provider, open_conflicts=open_conflicts)
    shown = late and OverdueProvider(provider.slug, provider.name, late.last_at, late.interval.total_seconds())
    return _ReadProvider(summary, recent_conflicts, differences, shown)


def _monitor(one: MonitorRecord) -> MonitorStatus:
    started = one.pass_started_at if one.state is MonitorState.RUNNING else None
    return from_row(
        MonitorStatus,
        one,
        version=one.code_version,
        since=one.started_at,
        interval_seconds=one.interval_ms / 1000,
        heartbeat_seconds_ago=round((one.now - one.heartbeat_at).total_seconds(), 3),
        pass_running_seconds=None if started is None else round((one.now - started).total_seconds(), 3),
        last_pass_seconds=None if one.last_pass_ms is None else one.last_pass_ms / 1000,
    )
