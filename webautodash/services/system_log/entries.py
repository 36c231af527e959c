"""The system log: events of ingestion, registration and migration, without any patient's value."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from webautodash.database import Database
from webautodash.domain.vocabulary import Level
from webautodash.errors import WebAutoDashError
from webautodash.repositories.system_log import LogEntry, LogRecord
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.store import Store

__all__ = ["LogEntry", "SystemLogWriter", "search"]


class SystemLogWriter:
    """Where services say what happened: a row in the system database, and the standard logging."""

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
        """Record an event in a transaction of its own. Never fails: what was done is not undone for want of a log."""
        _announce(level, component, event, message, provider)
        self._write(
            event,
            lambda work: work.system_log.record(
                level, component, event, message, provider=provider, database_name=database_name, details=details
            ),
        )

    def record_all(self, records: Sequence[LogRecord]) -> None:
        """Record events in one transaction of their own. Never fails either."""
        for record in records:
            _announce(record.level, record.component, record.event, record.message, record.provider)
        if records:
            self._write(records[0].event, lambda work: work.system_log.add(records))

    def _write(self, event: str, transaction: Callable[[SystemWork], None]) -> None:
        try:
            self._system.run(transaction)
        except WebAutoDashError as error:
            logging.getLogger("webautodash.log").warning(
                "the system log has no entry for the event %s: %s", event, error
            )


def _announce(level: Level, component: str, event: str, message: str, provider: str | None) -> None:
    logger = logging.getLogger(f"webautodash.{component}")
    logger.log(getattr(logging, level), "%s", message, extra={"event": event, "provider": provider})


def search(
    store: Store,
    *,
    level: Level | None = None,
    component: str | None = None,
    provider: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
    before_id: int | None = None,
) -> list[LogEntry]:
    """The latest events that fit, oldest of them first; ``level`` and above, ``provider`` by slug."""
    with store.system.reading() as work:
        return work.system_log.search(
            level=level, component=component, provider=provider, since=since, limit=limit, before_id=before_id
        )
