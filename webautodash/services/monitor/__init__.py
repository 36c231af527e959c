"""Watches Results for months: scan, wait until a file is complete, ingest it, try again."""

from webautodash.services.monitor.background import BackgroundMonitor
from webautodash.services.monitor.loop import (
    LONGEST_INTERVAL,
    SHORTEST_INTERVAL,
    MonitorEvents,
    MonitorLoop,
    MonitorTrouble,
    open_store,
)
from webautodash.services.monitor.system_alerts import check_and_send

__all__ = [
    "LONGEST_INTERVAL",
    "SHORTEST_INTERVAL",
    "BackgroundMonitor",
    "MonitorEvents",
    "MonitorLoop",
    "MonitorTrouble",
    "check_and_send",
    "open_store",
]
