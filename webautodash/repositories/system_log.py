"""The system log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from webautodash.domain.vocabulary import Level
from webautodash.models import SystemLog
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.rows import insert_rows

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class LogRecord:
    """An event to add; ``provider`` is a slug, ``details`` contains counts and codes."""

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
    """One entry of the system log."""

    id: int
    created_at: datetime
    level: Level
    component: str
    event: str
    message: str
    provider: str | None
    database_name: str | None
    details: Any


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries match: ``level`` and above, ``provider`` by slug, not older than ``since``."""

    level: Level | None = None
    component: str | None = None
    provider: str | None = None
    since: datetime | None = None


class LogRepository(Repository):
    """Rows of ``system_logs``. Callers must ensure that no entry contains a value of a patient."""

    def add(self, records: Sequence[LogRecord]) -> None:
        """Add events, in their order."""
        names = LogRecord.__slots__
        insert_rows(self._session, SystemLog, [{name: getattr(record, name) for name in names} for record in records])

    def counts(self, since: datetime | None = None) -> dict[Level, int]:
        """How many entries of each level there are, altogether or since a time."""
        counted = select(SystemLog.level, func.count()).group_by(SystemLog.level)
        if since is not None:
            counted = counted.where(SystemLog.created_at >= since)
        return {Level(level): number for level, number in self._session.execute(counted)}

    def search(self, wanted: LogFilter, *, limit: int = 100, before_id: int | None = None) -> list[LogEntry]:
        """The latest ``limit`` entries that match, oldest first, or those before ``before_id``."""
        statement = select(SystemLog).where(*_conditions(wanted)).order_by(SystemLog.id.desc()).limit(limit)
        if before_id is not None:
            statement = statement.where(SystemLog.id < before_id)
        return [from_row(LogEntry, row) for row in reversed(self._session.scalars(statement).all())]

    def last_id(self) -> int:
        """The highest id of an entry, 0 if there is none."""
        return self._number(select(func.max(SystemLog.id)))

    def ids_above(self, number: int, wanted: LogFilter) -> list[int]:
        """The ids of the entries that match and have a higher id, in order."""
        above = select(SystemLog.id).where(SystemLog.id > number, *_conditions(wanted))
        return list(self._session.scalars(above.order_by(SystemLog.id)))

    def entries(self, ids: Sequence[int]) -> list[LogEntry]:
        """Entries by their ids, in the order of the ids."""
        found: list[LogEntry] = []
        for begin in range(0, len(ids), _AT_ONCE):
            some = select(SystemLog).where(SystemLog.id.in_(ids[begin : begin + _AT_ONCE])).order_by(SystemLog.id)
            found += [from_row(LogEntry, row) for row in self._session.scalars(some)]
        return found

    def count_before(self, moment: datetime) -> int:
        """How many entries are older."""
        return self._number(select(func.count()).where(SystemLog.created_at < moment))

    def delete_before(self, moment: datetime, most: int) -> int:
        """Delete about ``most`` of the older entries, the oldest first. Returns how many."""
        older = SystemLog.created_at < moment
        # Up to the time of the last of them: a range of the index is faster than a list of ids on every product.
        last = self._session.scalar(
            select(SystemLog.created_at).where(older).order_by(SystemLog.created_at).offset(most - 1).limit(1)
        )
        some = delete(SystemLog).where(older if last is None else SystemLog.created_at <= last)
        return self._change(some)


def _conditions(wanted: LogFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.level is not None:
        conditions.append(SystemLog.level.in_([word for word in Level if word.rank >= wanted.level.rank]))
    if wanted.component is not None:
        conditions.append(SystemLog.component == wanted.component)
    if wanted.provider is not None:
        conditions.append(SystemLog.provider == wanted.provider)
    if wanted.since is not None:
        conditions.append(SystemLog.created_at >= wanted.since)
    return conditions
