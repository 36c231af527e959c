"""Which processes watch Results, by the database's own clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webautodash.database.products.statements import moment
from webautodash.domain.vocabulary import MonitorState
from webautodash.models import Monitor

SILENT_AFTER = 3
"""Heartbeats that did not come."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)


def heartbeat_pause(interval: timedelta) -> timedelta:
    """How long a monitor of an interval waits from one heartbeat to the next."""
    return min(max(interval, _SHORTEST_PAUSE), _LONGEST_PAUSE)


class MonitorKey(NamedTuple):
    """A monitor's own row: its number, and what no other row of that number has, also of another such database."""

    id: int
    token: str | None


@dataclass(frozen=True, slots=True)
class MonitorRecord:
    """One monitor as the database knows it."""

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
        """By which its row is changed."""
        return MonitorKey(self.id, self.token)

    @property
    def silent(self) -> bool:
        """Whether it should have said that it is alive, and did not.

        A heartbeat of the future is of a clock that was wrong: whoever is alive replaces it with the next one.
        """
        pause = heartbeat_pause(timedelta(milliseconds=self.interval_ms))
        return self.state is MonitorState.RUNNING and abs(self.now - self.heartbeat_at) > SILENT_AFTER * pause

    @property
    def files_per_second(self) -> float | None:
        """In the last pass that took any."""
        if self.busy_files is None or not self.busy_ms:
            return None
        return round(1000 * self.busy_files / self.busy_ms, 1)


class MonitorRepository:
    """Rows of ``monitors``. What a monitor says changes its own row, while that says that it runs, and no other."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, host: str, pid: int, started_by: str, code_version: str, interval_ms: int, *, process: str | None = None
    ) -> MonitorKey:
        """One more; ``process`` tells processes of the same ``pid`` apart."""
        now = moment(self._session.connection())
        values = {"host": host, "pid": pid, "process": process, "started_by": started_by, "code_version": code_version}
        times = {"started_at": now, "heartbeat_at": now, "passes": 0, "files_taken": 0}
        row = Monitor(**values, **times, token=uuid4().hex, interval_ms=interval_ms, state=MonitorState.RUNNING)
        self._session.add(row)
        self._session.flush()
        return MonitorKey(row.id, row.token)

    def beat(self, key: MonitorKey) -> bool:
        """Say that it is alive; False where its row is gone, or says that it ended."""
        return self._change(key, heartbeat_at=self._now())

    def begin_pass(self, key: MonitorKey) -> None:
        """A pass is under way that takes files."""
        self._change(key, pass_started_at=self._now())

    def end_pass(self, key: MonitorKey, pass_ms: int, found: int, taken: int) -> None:
        """A pass has ended, which also says that the monitor is alive."""
        now = self._now()
        values: dict[str, Any] = {"passes": Monitor.passes + 1, "last_pass_at": now, "last_pass_ms": pass_ms}
        if taken:
            values |= {"files_taken": Monitor.files_taken + taken, "busy_files": taken, "busy_ms": pass_ms}
        self._change(key, **values, files_found=found, heartbeat_at=now, pass_started_at=None)

    def say_error(self, key: MonitorKey, error: str | None) -> bool:
        """What goes wrong; None for that nothing does any more. False where its row is gone, or says that it ended."""
        return self._change(key, last_error=error, last_error_at=self._now() if error is not None else None)

    def end(self, key: MonitorKey, state: MonitorState) -> bool:
        """It stopped, or was found to be gone; False where its row says so already, or is gone."""
        return self._change(key, state=state, stopped_at=self._now(), pass_started_at=None)

    def forget(self, numbers: Collection[int]) -> None:
        """Remove rows."""
        if numbers:
            self._session.execute(delete(Monitor).where(Monitor.id.in_(numbers)))

    def count_silent(self, moment: datetime) -> int:
        """How many have a last heartbeat that is older than that."""
        return self._session.scalar(select(func.count()).where(Monitor.heartbeat_at < moment)) or 0

    def forget_silent(self, moment: datetime) -> int:
        """Delete those whose last heartbeat is older than that. Returns how many."""
        return self._session.connection().execute(delete(Monitor).where(Monitor.heartbeat_at < moment)).rowcount

    def all(self) -> list[MonitorRecord]:
        """Every monitor that is known, the first first."""
        columns = [getattr(Monitor, name) for name in MonitorRecord.__slots__ if name != "now"]
        rows = self._session.execute(select(*columns, self._now().label("now")).order_by(Monitor.id)).mappings()
        return [MonitorRecord(**{**row, "state": MonitorState(row["state"])}) for row in rows]

    def _now(self) -> Any:
        return moment(self._session.connection())

    def _change(self, key: MonitorKey, **values: Any) -> bool:
        own = (Monitor.id == key.id, Monitor.token == key.token, Monitor.state == MonitorState.RUNNING)
        return bool(self._session.connection().execute(update(Monitor).where(*own).values(**values)).rowcount)
