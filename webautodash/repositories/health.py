"""Who holds a lease, and who died holding one; by the database's own clock."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webautodash.database.dialects.statements import moment
from webautodash.models import Lease


class LeaseLife(NamedTuple):
    """A lease, and for how long it has been run out; negative while it is held."""

    name: str
    holder: str
    purpose: str
    taken_at: datetime
    expired_for: timedelta


class HealthRepository:
    """Rows of ``leases``, only read."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def leases(self) -> list[LeaseLife]:
        """Every lease that was not given back, by name."""
        now = self._now()
        rows = self._session.scalars(select(Lease).order_by(Lease.name))
        return [LeaseLife(row.name, row.holder, row.purpose, row.taken_at, now - row.expires_at) for row in rows]

    def _now(self) -> datetime:
        return self._session.scalars(select(moment(self._session.connection()))).one()
