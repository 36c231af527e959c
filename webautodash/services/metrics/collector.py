"""Metrics for Prometheus, read from one snapshot of the system database."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from threading import Lock

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.vocabulary import Level, MonitorState, ProviderStatus
from webautodash.errors import WebAutoDashError
from webautodash.repositories.ingested_files import OUTCOMES
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services import revisions
from webautodash.services.callbacks import ignore
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_BOUNDS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


class StoreCollector(Collector):
    """Reads the system database at each scrape; if it cannot be read, ``webautodash_up 0`` is the only metric.

    ``on_reading`` is called after each reading, with the error or None. Keeps a connection between scrapes.
    """

    def __init__(self, settings: Settings, on_reading: Callable[[WebAutoDashError | None], object] = ignore) -> None:
        self._settings, self._on_reading = settings, on_reading
        self._store: Store | None = None
        self._lock = Lock()
        # The default registry has metrics of this process, which are not needed.
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def text(self) -> bytes:
        """The metrics of this moment in the text format."""
        return generate_latest(self.registry)

    def describe(self) -> list[Metric]:
        """Nothing: the names of the metrics would need a reading."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        metrics: list[Metric] = []
        error: WebAutoDashError | None = None
        try:
            metrics = self._read()
        except WebAutoDashError as problem:
            error = problem
        self._on_reading(error)
        yield _gauge("up", "Whether the system database could be read: 1 or 0.", [], {(): float(error is None)})
        yield from metrics

    def close(self) -> None:
        """Close the connection. The next scrape opens another."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    def _read(self) -> list[Metric]:
        with self._lock:
            is_new = self._store is None
            self._store = store = self._store or Store.open(self._settings)
        try:
            with store.system.reading() as work:
                revisions.require_head(work, store.system.name, SchemaHistory.SYSTEM)
                return list(_metrics(work))
        except WebAutoDashError:
            self.close()
            if is_new:
                raise
        # The connection was lost between two scrapes, or the database was replaced.
        return self._read()


def _metrics(work: SystemWork) -> Iterator[Metric]:
    """The metrics, read in a constant number of statements."""
    providers, monitors = work.providers.all(), work.monitors.all()
    statuses, states = Counter(one.status for one in providers), Counter(one.state for one in monitors)
    patients, conflicts = work.metrics.patients(), work.providers.open_conflicts()
    entries, undelivered = work.system_log.counts(), work.alerts.undelivered()
    yield _gauge("providers", "Registered providers.", ["status"], {(one,): statuses[one] for one in ProviderStatus})
    files = work.file_states.counts()
    yield _gauge("files", "Files below Results, by state.", ["state"], {(one,): files[one] for one in files})
    attempts = work.metrics.attempts()
    yield _gauge("file_attempts", "Attempts at files, for each since its last change.", [], {(): attempts})
    oldest = work.file_states.oldest_waiting_seconds() or 0.0
    yield _gauge("oldest_waiting_seconds", "Age of the oldest file that waits; 0 if none waits.", [], {(): oldest})
    yield _gauge(
        "patients",
        "Patients of the stored files, by outcome.",
        ["provider", "outcome"],
        {(one.slug, outcome): patients.get(one.slug, {}).get(outcome, 0) for one in providers for outcome in OUTCOMES},
    )
    yield _gauge(
        "conflicts",
        "Differences ever recorded, also resolved ones; without duplicates.",
        ["provider"],
        {(one.slug,): one.total_conflicts for one in providers},
    )
    yield _gauge(
        "open_conflicts",
        "Differences that wait for a person: unresolved or in review.",
        ["provider", "severity"],
        {(one.slug, severity): number for one in providers for severity, number in conflicts.get(one.id, {}).items()},
    )
    yield _gauge(
        "last_extraction_timestamp_seconds",
        "When the latest stored file was extracted.",
        ["provider"],
        {(one.slug,): one.last_extraction.timestamp() for one in providers if one.last_extraction is not None},
    )
    yield _durations(work)
    yield _gauge(
        "monitors", "Monitors, by last reported state.", ["state"], {(one,): states[one] for one in MonitorState}
    )
    yield _gauge(
        "monitor_heartbeat_age_seconds",
        "Time since the last heartbeat of each running monitor.",
        ["host", "pid"],
        {
            (one.host, str(one.pid)): (one.now - one.heartbeat_at).total_seconds()
            for one in monitors
            if one.state is MonitorState.RUNNING
        },
    )
    yield _gauge(
        "alerts",
        "Alerts that are not delivered: pending, or failed after the last attempt.",
        ["channel", "state"],
        {
            (channel, state): undelivered.get((channel, state), 0)
            for channel in AlertChannel
            for state in (DigestState.PENDING, DigestState.FAILED)
        },
    )
    yield _gauge("log_entries", "Entries in the system log.", ["level"], {(one,): entries.get(one, 0) for one in Level})


def _durations(work: SystemWork) -> Metric:
    took = work.metrics.durations([round(1000 * bound) for bound in _BOUNDS_SECONDS])
    buckets = [(str(bound), number) for bound, number in zip(_BOUNDS_SECONDS, took.within, strict=True)]
    return HistogramMetricFamily(
        "webautodash_file_duration_seconds",
        "Time from the opening of a file to its commit, for the stored files.",
        buckets=[*buckets, ("+Inf", took.files)],
        sum_value=took.total_ms / 1000,
    )


def _gauge(name: str, documentation: str, labels: list[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    # No counters: a changed file takes its counts back, and the log is pruned.
    family = GaugeMetricFamily(f"webautodash_{name}", documentation, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
