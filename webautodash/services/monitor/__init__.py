"""Watches Results for months: scan, wait until a file is complete, ingest it, try again."""

from webautodash.services.monitor.background import BackgroundMonitor
from webautodash.services.monitor.loop import LONGEST_INTERVAL, SHORTEST_INTERVAL, MonitorLoop, open_store

__all__ = ["LONGEST_INTERVAL", "SHORTEST_INTERVAL", "BackgroundMonitor", "MonitorLoop", "open_store"]
