"""Monitors: the processes that watch Results. All times are from the database's clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import delete, func, select, update

from webautodash.domain.vocabulary import MonitorState
from webautodash.models import Monitor
from webautodash.repositories.base import Repository, from_row

SILENT_AFTER = 3
"""The number of missed heartbeats after which a monitor counts as silent."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)


def heartbeat_pause(interval: timedelta) -> timedelta:
    """The time between two heartbeats of a monitor with this interval."""
    return min(max(interval, _SHORTEST_PAUSE), _LONGEST_PAUSE)


class MonitorKey(NamedTuple):
    """Identifies a monitor's row; the token tells it from a row with the same id in a database that was recreated."""

    id: int
    token: str | None


@dataclass(frozen=True, slots=True)
class MonitorRecord:
    """One row, and the time at which it was read."""

    id: int
    token: str | None
    host: str
    pid: int
    process: str | None
    started_by: str
    code_version: str
    interval_ms: int
    state: MonitorState
    started_at: datetime
    heartbeat_at: datetime
    stopped_at: datetime | None
    passes: int
    pass_started_at: datetime | None
    last_pass_at: datetime | None
    last_pass_ms: int | None
    files_found: int | None
    files_taken: int
    busy_files: int | None
    busy_ms: int | None
    last_error: str | None
    last_error_at: datetime | None
    now: datetime

    @property
    def key(self) -> MonitorKey:
        """Identifies the row in changes."""
        return MonitorKey(self.id, self.token)

    @property
    def silent(self) -> bool:
        """Whether its heartbeats are overdue although its row says that it is running.

        A heartbeat in the future comes from a wrong clock: a monitor that is alive replaces it with its next one.
        """
        pause = heartbeat_pause(timedelta(milliseconds=self.interval_ms))
        return self.state is MonitorState.RUNNING and abs(self.now - self.heartbeat_at) > SILENT_AFTER * pause

    @property
    def files_per_second(self) -> float | None:
        """The speed of the last pass that processed files."""
        if self.busy_files is None or not self.busy_ms:
            return None
        return round(1000 * self.busy_files / self.busy_ms, 1)


class MonitorRepository(Repository):
    """Rows of ``monitors``. A monitor changes only its own row, and only while that row says that it is running."""

    def add(
        self, host: str, pid: int, started_by: str, code_version: str, interval_ms: int, *, process: str | None = None
    ) -> MonitorKey:
        """Add a running monitor; ``process`` tells processes with the same ``pid`` apart."""
        now = self._moment()
        values = {"host": host, "pid": pid, "process": process, "started_by": started_by, "code_version": code_version}
        times = {"started_at": now, "heartbeat_at": now, "passes": 0, "files_taken": 0}
        row = Monitor(**values, **times, token=uuid4().hex, interval_ms=interval_ms, state=MonitorState.RUNNING)
        self._session.add(row)
        self._session.flush()
        return MonitorKey(row.id, row.token)

    def beat(self, key: MonitorKey) -> bool:
        """Record a heartbeat. Returns False if the row is gone or says that the monitor has ended."""
        return self._set(key, heartbeat_at=self._moment())

    def begin_pass(self, key: MonitorKey) -> None:
        """Record that a pass began to process files."""
        self._set(key, pass_started_at=self._moment())

    def end_pass(self, key: MonitorKey, pass_ms: int, found: int, processed: int) -> None:
        """Record the end of a pass, which counts as a heartbeat."""
        now = self._moment()
        values: dict[str, Any] = {"passes": Monitor.passes + 1, "last_pass_at": now, "last_pass_ms": pass_ms}
        if processed:
            values |= {"files_taken": Monitor.files_taken + processed, "busy_files": processed, "busy_ms": pass_ms}
        self._set(key, **values, files_found=found, heartbeat_at=now, pass_started_at=None)

    def record_error(self, key: MonitorKey, error: str | None) -> bool:
        """Record the current error, or None. Returns False if the row is gone or says that the monitor has ended."""
        return self._set(key, last_error=error, last_error_at=self._moment() if error is not None else None)

    def end(self, key: MonitorKey, state: MonitorState) -> bool:
        """Record that it stopped or was lost. Returns False if the row says so already or is gone."""
        return self._set(key, state=state, stopped_at=self._moment(), pass_started_at=None)

    def delete(self, numbers: Collection[int]) -> None:
        """Delete rows by id."""
        if numbers:
            self._session.execute(delete(Monitor).where(Monitor.id.in_(numbers)))

    def count_silent(self, moment: datetime) -> int:
        """The number of monitors whose last heartbeat is older than ``moment``."""
        return self._number(select(func.count()).where(Monitor.heartbeat_at < moment))

    def forget_silent(self, moment: datetime) -> int:
        """Delete the monitors whose last heartbeat is older than ``moment``. Returns how many."""
        return self._change(delete(Monitor).where(Monitor.heartbeat_at < moment))

    def all(self) -> list[MonitorRecord]:
        """Every monitor, oldest first."""
        columns = [getattr(Monitor, name) for name in MonitorRecord.__slots__ if name != "now"]
        rows = self._session.execute(select(*columns, self._moment().label("now")).order_by(Monitor.id))
        return [from_row(MonitorRecord, row) for row in rows]

    def _set(self, key: MonitorKey, **values: Any) -> bool:
        own = (Monitor.id == key.id, Monitor.token == key.token, Monitor.state == MonitorState.RUNNING)
        return bool(self._change(update(Monitor).where(*own).values(**values)))
