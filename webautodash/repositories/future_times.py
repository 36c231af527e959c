"""Times in the future, by the clock of the database server: they were written while a clock was wrong."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from webautodash.domain.retries import LONGEST_SECONDS
from webautodash.models import (
    Alert,
    AlertDigest,
    IngestedFile,
    Lease,
    MigratedDatabase,
    MigrationRun,
    Monitor,
    SystemLog,
)
from webautodash.repositories.base import Repository

# Synchronized clocks differ by less.
_TOLERANCE_SECONDS = 60
_PAUSE_SECONDS = int(LONGEST_SECONDS) + _TOLERANCE_SECONDS
_PAST: tuple[InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None], ...] = (
    Lease.taken_at,
    IngestedFile.first_seen_at,
    IngestedFile.updated_at,
    Alert.created_at,
    AlertDigest.created_at,
    AlertDigest.delivered_at,
    Monitor.started_at,
    Monitor.heartbeat_at,
    Monitor.last_pass_at,
    MigrationRun.started_at,
    MigrationRun.finished_at,
    MigratedDatabase.started_at,
    MigratedDatabase.finished_at,
    SystemLog.created_at,
)
"""Times of past events."""
_AHEAD = (IngestedFile.next_attempt_at, AlertDigest.next_attempt_at)
"""Times of the next attempt, at most the longest pause from now."""


@dataclass(frozen=True, slots=True)
class FutureTimes:
    """Rows with a time too far ahead in one column."""

    table: str
    column: str
    rows: int
    latest: datetime


class FutureTimeRepository(Repository):
    """The columns of the system database with times that may be in the future by mistake."""

    def find(self) -> list[FutureTimes]:
        """The columns with such times; a difference of a minute is ignored."""
        found = [self._of(column, _TOLERANCE_SECONDS) for column in _PAST]
        found += [self._of(column, _PAUSE_SECONDS) for column in _AHEAD]
        return [one for one in found if one is not None]

    def _of(
        self, column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None], seconds: int
    ) -> FutureTimes | None:
        limit = self._moment(seconds)
        rows, latest = self._session.execute(select(func.count(), func.max(column)).where(column > limit)).one()
        return FutureTimes(column.class_.__tablename__, column.key, rows, latest) if latest is not None else None
