"""The figures, read from one snapshot of the system database."""

from dataclasses import dataclass

from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.vocabulary import FileState, Level, Severity
from webautodash.repositories.metrics import Durations
from webautodash.repositories.monitors import MonitorRecord
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import SystemWork

BOUNDS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one moment."""

    providers: list[RegisteredProvider]
    open_conflicts: dict[int, dict[Severity, int]]
    files: dict[FileState, int]
    patients: dict[str, dict[str, int]]
    durations: Durations
    attempts: int
    oldest_waiting_seconds: float
    monitors: list[MonitorRecord]
    log_entries: dict[Level, int]
    undelivered: dict[tuple[AlertChannel, DigestState], int]


def read_figures(work: SystemWork) -> Figures:
    """Read the figures, in a constant number of statements."""
    providers, files, metrics = work.providers, work.file_states, work.metrics
    return Figures(
        providers=providers.all(),
        open_conflicts=providers.open_conflicts(),
        files=files.counts(),
        patients=metrics.patients(),
        durations=metrics.durations([round(1000 * bound) for bound in BOUNDS_SECONDS]),
        attempts=metrics.attempts(),
        oldest_waiting_seconds=files.oldest_waiting_seconds() or 0.0,
        monitors=work.monitors.all(),
        log_entries=work.system_log.counts(),
        undelivered=work.alerts.undelivered(),
    )
