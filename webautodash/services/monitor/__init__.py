"""Watches Results for months: scan, wait until a file is complete, ingest it, try again."""

from webautodash.services.monitor.background import BackgroundMonitor as BackgroundMonitor
from webautodash.services.monitor.loop import (
    LONGEST_INTERVAL as LONGEST_INTERVAL,
    SHORTEST_INTERVAL as SHORTEST_INTERVAL,
    MonitorEvents as MonitorEvents,
    MonitorLoop as MonitorLoop,
    MonitorTrouble as MonitorTrouble,
    open_store as open_store,
)
from webautodash.services.monitor.system_alerts import check_and_send as check_and_send
