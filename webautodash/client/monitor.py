"""Monitors, in the foreground of a program or in a thread."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from webautodash.config import Settings
from webautodash.services.monitor import (
    LONGEST_INTERVAL,
    SHORTEST_INTERVAL,
    BackgroundMonitor,
    MonitorEvents,
    MonitorLoop,
    MonitorTrouble,
    open_store,
)

__all__ = [
    "LONGEST_INTERVAL",
    "SHORTEST_INTERVAL",
    "BackgroundMonitor",
    "MonitorEvents",
    "MonitorLoop",
    "MonitorTrouble",
    "watching",
]


@contextmanager
def watching(settings: Settings, interval: float, workers: int, events: MonitorEvents) -> Iterator[MonitorLoop]:
    """A monitor whose ``run`` or ``run_once`` the caller starts, and ``stop`` ends."""
    with (
        open_store(settings) as store,
        closing(MonitorLoop(store, interval=interval, workers=workers, events=events)) as monitor,
    ):
        yield monitor
