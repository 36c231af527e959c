"""The system log: events without any patient's value."""

from datetime import datetime

from webautodash.client.installation import Group
from webautodash.repositories.system_log import LogEntry as LogEntry, LogFilter as LogFilter
from webautodash.services import retention, system_log
from webautodash.services.registry import resolve_provider
from webautodash.services.retention import Pruned as Pruned
from webautodash.services.system_log import LogTail as LogTail


class Log(Group):
    """Methods about the system log: ``WebAutoDash().log``."""

    def search(self, wanted: LogFilter, *, limit: int = 100, before_id: int | None = None) -> list[LogEntry]:
        """List the latest entries, oldest of them first, or those before ``before_id``."""
        return system_log.search_log(self._store, self._resolved(wanted), limit=limit, before_id=before_id)

    def follow(self, wanted: LogFilter) -> LogTail:
        """Return the log as it grows: first the latest entries, then the new ones at each call."""
        return LogTail(self._store, self._resolved(wanted))

    def prunable(self, before: datetime) -> Pruned:
        """Count what ``prune`` would delete. Raises UsageError for a time less than a day ago."""
        return retention.prunable(self._store, before)

    def prune(self, before: datetime) -> Pruned:
        """Delete log entries and other old records from before a time."""
        return retention.prune(self._store, before)

    def _resolved(self, wanted: LogFilter) -> LogFilter:
        if wanted.provider is None:
            return wanted
        slug = resolve_provider(self._store, wanted.provider).slug
        return LogFilter(wanted.level, wanted.component, slug, wanted.since)
