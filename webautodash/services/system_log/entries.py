"""Entries of the system log: events of ingestion, registration and migration, without any value of a patient."""

import logging
from collections.abc import Sequence
from typing import Any

from webautodash.database import Database
from webautodash.domain.vocabulary import Level
from webautodash.errors import WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.repositories.system_log import LogEntry, LogFilter, LogRecord
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.store import Store

__all__ = ["LogEntry", "SystemLogWriter", "search_log"]


class SystemLogWriter:
    """Writes events to the system database and to the standard logging."""

    def __init__(self, system: Database[SystemWork]) -> None:
        self._system = system

    def record(
        self,
        level: Level,
        component: str,
        event: str,
        message: str,
        *,
        provider: str | None = None,
        database_name: str | None = None,
        **details: Any,
    ) -> None:
        """Record an event in its own transaction. Never fails: what happened is valid without a log entry."""
        values = details or None
        self.record_all([LogRecord(utc_now(), level, component, event, message, provider, database_name, values)])

    def record_all(self, records: Sequence[LogRecord]) -> None:
        """Record events in one transaction. Never fails."""
        for record in records:
            logger = logging.getLogger(f"webautodash.{record.component}")
            extra = {"event": record.event, "provider": record.provider}
            logger.log(getattr(logging, record.level), "%s", record.message, extra=extra)
        if not records:
            return
        try:
            self._system.run(lambda work: work.system_log.add(records))
        except WebAutoDashError as error:
            logging.getLogger("webautodash.log").warning(
                "the system log has no entry for the event %s: %s", records[0].event, error
            )


def search_log(store: Store, wanted: LogFilter, *, limit: int = 100, before_id: int | None = None) -> list[LogEntry]:
    """The latest ``limit`` entries that match, oldest first, or those before ``before_id``."""
    with store.system.reading() as work:
        return work.system_log.search(wanted, limit=limit, before_id=before_id)
