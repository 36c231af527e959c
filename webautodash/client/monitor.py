"""Monitors, in the foreground of a program or in a thread."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from webautodash.config import Settings
from webautodash.services.monitor import (
    LONGEST_INTERVAL as LONGEST_INTERVAL,
    SHORTEST_INTERVAL as SHORTEST_INTERVAL,
    BackgroundMonitor as BackgroundMonitor,
    MonitorEvents as MonitorEvents,
    MonitorLoop as MonitorLoop,
    MonitorTrouble as MonitorTrouble,
    open_store,
)


@contextmanager
def watching(settings: Settings, interval: float, workers: int, events: MonitorEvents) -> Iterator[MonitorLoop]:
    """A monitor whose ``run`` or ``run_once`` the caller starts, and ``stop`` ends."""
    with (
        open_store(settings) as store,
        closing(MonitorLoop(store, interval=interval, workers=workers, events=events)) as monitor,
    ):
        yield monitor
