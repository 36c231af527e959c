"""A monitor in the foreground of a program, which ends when it is told to."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.services.ingest.progress import unheard
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.results_folder import check_results_folder
from webautodash.services.monitor import LONGEST_INTERVAL, SHORTEST_INTERVAL, BackgroundMonitor, Monitor, open_store

__all__ = ["LONGEST_INTERVAL", "SHORTEST_INTERVAL", "BackgroundMonitor", "Monitor", "MonitorEvents", "watching"]


@dataclass(frozen=True, slots=True)
class MonitorEvents:
    """Functions that a monitor calls: for each file, after each pass that took files, and for each new problem."""

    on_file: Callable[[FileOutcome], None] = unheard
    on_pass: Callable[[], None] = unheard
    on_trouble: Callable[[str], None] = unheard


@contextmanager
def watching(settings: Settings, interval: float, workers: int, events: MonitorEvents) -> Iterator[Monitor]:
    """A monitor whose ``run`` or ``run_once`` the caller starts, and ``stop`` ends."""
    check_results_folder(settings)
    with (
        open_store(settings) as store,
        closing(
            Monitor(
                store,
                interval=interval,
                workers=workers,
                on_file=events.on_file,
                on_pass=events.on_pass,
                on_trouble=events.on_trouble,
            )
        ) as monitor,
    ):
        yield monitor
