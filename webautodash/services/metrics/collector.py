"""The figures in the words of Prometheus."""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.vocabulary import FileState, Level, MonitorState, ProviderStatus
from webautodash.errors import WebAutoDashError
from webautodash.repositories.ingested_files import OUTCOMES
from webautodash.services.callbacks import ignore
from webautodash.services.metrics.figures import BOUNDS_SECONDS, Figures, read_figures
from webautodash.services.store import Store


class StoreCollector(Collector):
    """Reads the system database anew each time it is asked; one that cannot be read is ``webautodash_up 0`` alone.

    ``on_reading`` hears after each reading what went wrong, or None.
    """

    def __init__(self, settings: Settings, on_reading: Callable[[WebAutoDashError | None], object] = ignore) -> None:
        self._settings, self._on_reading = settings, on_reading
        # Of its own: the default one tells of this process, which is of no interest.
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def text(self) -> bytes:
        """All that there is to tell now, in the text format."""
        return generate_latest(self.registry)

    def describe(self) -> list[Metric]:
        """Nothing: to name the metrics would be to read them."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        figures: Figures | None = None
        error: WebAutoDashError | None = None
        try:
            with Store.open(self._settings) as store, store.system.reading() as work:
                figures = read_figures(work)
        except WebAutoDashError as problem:
            error = problem
        self._on_reading(error)
        yield _gauge("up", "Whether the system database could be read: 1 or 0.", [], {(): float(figures is not None)})
        if figures is not None:
            yield from _metrics(figures)


def _metrics(figures: Figures) -> Iterator[Metric]:
    providers = figures.providers
    statuses = Counter(one.status for one in providers)
    yield _gauge("providers", "Registered providers.", ["status"], {(one,): statuses[one] for one in ProviderStatus})
    yield _gauge("files", "Files below Results, by what is known of them.", ["state"], _by_word(figures.files))
    yield _gauge(
        "file_attempts", "Attempts at files, each since it was last found changed.", [], {(): figures.attempts}
    )
    yield _gauge(
        "oldest_waiting_seconds",
        "Age of the oldest file that is not taken yet; 0 where none waits.",
        [],
        {(): figures.oldest_waiting_seconds},
    )
    yield _gauge(
        "patients",
        "Patients of the files that are stored, by what became of them.",
        ["provider", "outcome"],
        {
            (one.slug, outcome): figures.patients.get(one.slug, {}).get(outcome, 0)
            for one in providers
            for outcome in OUTCOMES
        },
    )
    yield _gauge(
        "conflicts",
        "Differences ever recorded, resolved ones too; duplicates are none.",
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
        "monitors", "Monitors, by what they said last.", ["state"], {(one,): states[one] for one in MonitorState}
    )
    yield _gauge(
        "monitor_heartbeat_age_seconds",
        "Time since a running monitor last said that it is alive.",
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
    yield _gauge("log_entries", "Entries of the system log that are kept.", ["level"], _by_word(entries))


def _durations(figures: Figures) -> Metric:
    took = figures.durations
    buckets = [(str(bound), number) for bound, number in zip(BOUNDS_SECONDS, took.within, strict=True)]
    return HistogramMetricFamily(
        "webautodash_file_duration_seconds",
        "Time from the opening of a file to its commit, of the files that are stored.",
        buckets=[*buckets, ("+Inf", took.files)],
        sum_value=took.total_ms / 1000,
    )


def _by_word(numbers: dict[FileState, int] | dict[Level, int]) -> dict[tuple[str, ...], float]:
    return {(str(word),): number for word, number in numbers.items()}


def _gauge(name: str, documentation: str, labels: list[str], values: dict[tuple[str, ...], float]) -> Metric:
    # Gauges also where they mostly grow: a file that changes takes its counts back, the log is pruned.
    family = GaugeMetricFamily(f"webautodash_{name}", documentation, labels=labels)
    for words, value in values.items():
        family.add_metric(words, value)
    return family
