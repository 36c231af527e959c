"""The figures as metrics of Prometheus."""

from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.vocabulary import FileState, Level, MonitorState, ProviderStatus
from webautodash.errors import WebAutoDashError
from webautodash.repositories.ingested_files import OUTCOMES
from webautodash.services import revisions
from webautodash.services.callbacks import ignore
from webautodash.services.metrics.figures import BOUNDS_SECONDS, Figures, read_figures
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store


class StoreCollector(Collector):
    """Reads the system database at each scrape; if it cannot be read, ``webautodash_up 0`` is the only metric.

    ``on_reading`` is called after each reading, with the error or None. Keeps a connection between scrapes.
    """

    def __init__(self, settings: Settings, on_reading: Callable[[WebAutoDashError | None], object] = ignore) -> None:
        self._settings, self._on_reading = settings, on_reading
        self._store: Store | None = None
        self._lock = Lock()
        # The default registry has metrics of this process, which nobody needs.
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
        figures: Figures | None = None
        error: WebAutoDashError | None = None
        try:
            figures = self._read()
        except WebAutoDashError as problem:
            error = problem
        self._on_reading(error)
        yield _gauge("up", "Whether the system database could be read: 1 or 0.", [], {(): float(figures is not None)})
        if figures is not None:
            yield from _metrics(figures)

    def close(self) -> None:
        """Close the connection. The next scrape opens another."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    def _read(self) -> Figures:
        with self._lock:
            is_new = self._store is None
            self._store = store = self._store or Store.open(self._settings)
        try:
            with store.system.reading() as work:
                revisions.require_head(work, store.system.name, SchemaHistory.SYSTEM)
                return read_figures(work)
        except WebAutoDashError:
            self.close()
            if is_new:
                raise
        # The connection was lost between two scrapes, or the database was replaced.
        return self._read()


def _metrics(figures: Figures) -> Iterator[Metric]:
    providers = figures.providers
    statuses = Counter(one.status for one in providers)
    yield _gauge("providers", "Registered providers.", ["status"], {(one,): statuses[one] for one in ProviderStatus})
    yield _gauge("files", "Files below Results, by state.", ["state"], _by_label(figures.files))
    yield _gauge("file_attempts", "Attempts at files, for each since its last change.", [], {(): figures.attempts})
    yield _gauge(
        "oldest_waiting_seconds",
        "Age of the oldest file that waits; 0 if none waits.",
        [],
        {(): figures.oldest_waiting_seconds},
    )
    yield _gauge(
        "patients",
        "Patients of the stored files, by outcome.",
        ["provider", "outcome"],
        {
            (one.slug, outcome): figures.patients.get(one.slug, {}).get(outcome, 0)
            for one in providers
            for outcome in OUTCOMES
        },
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
        {
            (one.slug, str(severity)): number
            for one in providers
            for severity, number in figures.open_conflicts.get(one.id, {}).items()
        },
    )
    yield _gauge(
        "last_extraction_timestamp_seconds",
        "When the latest stored file was extracted.",
        ["provider"],
        {(one.slug,): one.last_extraction.timestamp() for one in providers if one.last_extraction is not None},
    )
    yield _durations(figures)
    states = Counter(one.state for one in figures.monitors)
    yield _gauge(
        "monitors", "Monitors, by last reported state.", ["state"], {(one,): states[one] for one in MonitorState}
    )
    yield _gauge(
        "monitor_heartbeat_age_seconds",
        "Time since the last heartbeat of each running monitor.",
        ["host", "pid"],
        {
            (one.host, str(one.pid)): (one.now - one.heartbeat_at).total_seconds()
            for one in figures.monitors
            if one.state is MonitorState.RUNNING
        },
    )
    entries = {level: figures.log_entries.get(level, 0) for level in Level}
    yield _gauge(
        "alerts",
        "Alerts that are not delivered: pending, or failed after the last attempt.",
        ["channel", "state"],
        {
            (str(channel), str(state)): figures.undelivered.get((channel, state), 0)
            for channel in AlertChannel
            for state in (DigestState.PENDING, DigestState.FAILED)
        },
    )
    yield _gauge("log_entries", "Entries in the system log.", ["level"], _by_label(entries))


def _durations(figures: Figures) -> Metric:
    took = figures.durations
    buckets = [(str(bound), number) for bound, number in zip(BOUNDS_SECONDS, took.within, strict=True)]
    return HistogramMetricFamily(
        "webautodash_file_duration_seconds",
        "Time from the opening of a file to its commit, for the stored files.",
        buckets=[*buckets, ("+Inf", took.files)],
        sum_value=took.total_ms / 1000,
    )


def _by_label(numbers: dict[FileState, int] | dict[Level, int]) -> dict[tuple[str, ...], float]:
    return {(str(label),): number for label, number in numbers.items()}


def _gauge(name: str, documentation: str, labels: list[str], values: dict[tuple[str, ...], float]) -> Metric:
    # No counters: a changed file takes its counts back, and the log is pruned.
    family = GaugeMetricFamily(f"webautodash_{name}", documentation, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
