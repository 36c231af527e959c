"""Who holds a lease or watches for files, and whether they still can be alive; by the database's own clock."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webautodash.database.dialects.statements import moment
from webautodash.domain.vocabulary import MonitorState
from webautodash.models import Lease, Monitor


class LeaseLife(NamedTuple):
    """A lease, and for how long it has been run out; negative while it is held."""

    name: str
    holder: str
    purpose: str
    taken_at: datetime
    expired_for: timedelta


class MonitorLife(NamedTuple):
    """A monitor that says that it is at work, and for how long it has said nothing."""

    id: int
    host: str
    pid: int
    interval: timedelta
    heartbeat_at: datetime
    silent_for: timedelta


class HealthRepository:
    """Rows of ``leases`` and ``monitors``, only read."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def leases(self) -> list[LeaseLife]:
        """Every lease that was not given back, by name."""
        now = self._now()
        rows = self._session.scalars(select(Lease).order_by(Lease.name))
        return [LeaseLife(row.name, row.holder, row.purpose, row.taken_at, now - row.expires_at) for row in rows]

    def monitors(self) -> list[MonitorLife]:
        """Every monitor that has not said that it ends, the longest at work first."""
        now = self._now()
        rows = self._session.scalars(
            select(Monitor).where(Monitor.state == MonitorState.RUNNING).order_by(Monitor.started_at, Monitor.id)
        )
        return [
            MonitorLife(
                row.id,
                row.host,
                row.pid,
                timedelta(milliseconds=row.interval_ms),
                row.heartbeat_at,
                now - row.heartbeat_at,
            )
            for row in rows
        ]

    def _now(self) -> datetime:
        return self._session.scalars(select(moment(self._session.connection()))).one()
