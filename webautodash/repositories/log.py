"""The system log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webautodash.domain.vocabulary import Level
from webautodash.models import SystemLog
from webautodash.repositories.rows import insert_rows


@dataclass(frozen=True, slots=True)
class LogRecord:
    """An event to add; ``provider`` is a slug, ``details`` holds counts and codes."""

    created_at: datetime
    level: Level
    component: str
    event: str
    message: str
    provider: str | None = None
    database_name: str | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event of the system log."""

    id: int
    created_at: datetime
    level: Level
    component: str
    event: str
    message: str
    provider: str | None
    database_name: str | None
    details: Any


class LogRepository:
    """Rows of ``system_logs``. Whoever records an event keeps every value of a patient out of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(
        self,
        level: Level,
        component: str,
        event: str,
        message: str,
        *,
        provider: str | None = None,
        database_name: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event; ``provider`` is a slug, ``details`` holds counts and codes."""
        self._session.add(
            SystemLog(
                level=level,
                component=component,
                event=event,
                message=message,
                provider=provider,
                database_name=database_name,
                details=dict(details) if details else None,
            )
        )
        self._session.flush()

    def add(self, records: Sequence[LogRecord]) -> None:
        """Add many events, in their order."""
        names = LogRecord.__slots__
        insert_rows(self._session, SystemLog, [{name: getattr(record, name) for name in names} for record in records])

    def counts(self, since: datetime) -> dict[Level, int]:
        """How many events of each level there are from then on."""
        counted = select(SystemLog.level, func.count()).where(SystemLog.created_at >= since).group_by(SystemLog.level)
        return {Level(level): number for level, number in self._session.execute(counted)}

    def search(
        self,
        *,
        level: Level | None = None,
        component: str | None = None,
        provider: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
        before_id: int | None = None,
    ) -> list[LogEntry]:
        """The latest ``limit`` events that fit, oldest of them first; ``level`` means that level and above."""
        statement = select(SystemLog).order_by(SystemLog.id.desc()).limit(limit)
        if level is not None:
            statement = statement.where(SystemLog.level.in_([word for word in Level if word.rank >= level.rank]))
        if component is not None:
            statement = statement.where(SystemLog.component == component)
        if provider is not None:
            statement = statement.where(SystemLog.provider == provider)
        if since is not None:
            statement = statement.where(SystemLog.created_at >= since)
        if before_id is not None:
            statement = statement.where(SystemLog.id < before_id)
        rows = self._session.scalars(statement).all()
        return [
            LogEntry(
                id=row.id,
                created_at=row.created_at,
                level=Level(row.level),
                component=row.component,
                event=row.event,
                message=row.message,
                provider=row.provider,
                database_name=row.database_name,
                details=row.details,
            )
            for row in reversed(rows)
        ]
