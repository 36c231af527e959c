"""A monitor in the foreground of a program, which ends when it is told to."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.services.callbacks import ignore
from webautodash.services.ingest import FileOutcome, check_results_folder
from webautodash.services.monitor import LONGEST_INTERVAL, SHORTEST_INTERVAL, BackgroundMonitor, MonitorLoop, open_store

__all__ = ["LONGEST_INTERVAL", "SHORTEST_INTERVAL", "BackgroundMonitor", "MonitorEvents", "MonitorLoop", "watching"]


@dataclass(frozen=True, slots=True)
class MonitorEvents:
    """Functions that a monitor calls: for each file, after each pass that took files, and for each new problem."""

    on_file: Callable[[FileOutcome], None] = ignore
    on_pass: Callable[[], None] = ignore
    on_trouble: Callable[[str], None] = ignore


@contextmanager
def watching(settings: Settings, interval: float, workers: int, events: MonitorEvents) -> Iterator[MonitorLoop]:
    """A monitor whose ``run`` or ``run_once`` the caller starts, and ``stop`` ends."""
    check_results_folder(settings)
    with (
        open_store(settings) as store,
        closing(
            MonitorLoop(
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
