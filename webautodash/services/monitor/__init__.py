"""Taking files as they come, by itself and for months: look, wait until a file is whole, take it, try again."""

from webautodash.services.monitor.background import BackgroundMonitor
from webautodash.services.monitor.loop import Monitor, open_store

__all__ = ["BackgroundMonitor", "Monitor", "open_store"]
