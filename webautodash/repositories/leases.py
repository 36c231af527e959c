"""Leases: locks with an expiry time, by the database's clock."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update

from webautodash.database.schema import has_column
from webautodash.models import Lease
from webautodash.repositories.base import Repository


class LeaseRecord(NamedTuple):
    """A lease that was taken and not released; it may have expired."""

    name: str
    holder: str
    purpose: str
    taken_at: datetime
    expires_at: datetime
    seconds: int | None


class LeaseAge(NamedTuple):
    """A lease, and for how long it has been expired; negative while it is held."""

    name: str
    holder: str
    purpose: str
    taken_at: datetime
    expired_for: timedelta


class LeaseRepository(Repository):
    """Rows of ``leases``. Of several callers that take the same lease, only one succeeds."""

    @cached_property
    def _has_lengths(self) -> bool:
        # Migrations take leases in a system database that may not be migrated itself yet.
        return has_column(self._session.connection(), Lease.__tablename__, "seconds")

    def _end(self, seconds: int) -> dict[str, Any]:
        return {"expires_at": self._moment(seconds), **({"seconds": seconds} if self._has_lengths else {})}

    def take(self, name: str, token: str, holder: str, purpose: str, seconds: int) -> bool:
        """Take a lease that is free or has expired. Returns False if it is held.

        A lease that ends later than its own length from now was taken while the clock was wrong; it is shortened to
        its length. Raises DuplicateKey if another caller takes a new lease at the same moment.
        """
        now = self._moment()
        values = {"token": token, "holder": holder, "purpose": purpose, "taken_at": now, **self._end(seconds)}
        if self._change(update(Lease).where(Lease.name == name, Lease.expires_at < now).values(values)):
            return True
        if (held := self.find(name)) is not None:
            self._shorten(held.name, held.seconds or seconds)
            return False
        self._session.execute(insert(Lease).values(name=name, **values))
        return True

    def renew(self, name: str, token: str, seconds: int) -> bool:
        """Extend a lease. Returns False if it expired or another caller has it."""
        held = (Lease.name == name, Lease.token == token, Lease.expires_at >= self._moment())
        return bool(self._change(update(Lease).where(*held).values(self._end(seconds))))

    def renew_all(self, token: str, seconds: int) -> None:
        """Extend all leases of a token that have not expired."""
        held = (Lease.token == token, Lease.expires_at >= self._moment())
        self._change(update(Lease).where(*held).values(self._end(seconds)))

    def names_held_with(self, token: str) -> set[str]:
        """The names of all leases that a token holds now."""
        now = self._moment()
        return set(self._session.scalars(select(Lease.name).where(Lease.token == token, Lease.expires_at >= now)))

    def release(self, token: str) -> None:
        """Release all leases of a token; those that another caller has by now are left alone."""
        self._session.execute(delete(Lease).where(Lease.token == token))

    def holds(self, name: str, token: str) -> bool:
        """Whether this token holds the lease now."""
        return self._token(name) == token

    def is_held(self, name: str) -> bool:
        """Whether the lease is held now."""
        return self._token(name) is not None

    def delete_expired(self, prefix: str) -> None:
        """Delete expired leases whose names begin with ``prefix``."""
        now = self._moment()
        self._session.execute(
            delete(Lease).where(Lease.name.startswith(prefix, autoescape=True), Lease.expires_at < now)
        )

    def shorten(self, seconds: int) -> None:
        """Let no lease end later than its own length from now, or ``seconds`` if its length is unknown."""
        for name, own in self._session.execute(select(Lease.name, Lease.seconds)).all():
            self._shorten(name, own or seconds)

    def all(self) -> list[LeaseAge]:
        """Every lease that was not released, by name."""
        now = self._session.scalars(select(self._moment())).one()
        rows = self._session.scalars(select(Lease).order_by(Lease.name))
        return [LeaseAge(row.name, row.holder, row.purpose, row.taken_at, now - row.expires_at) for row in rows]

    def find(self, name: str) -> LeaseRecord | None:
        """The lease of this name, unless it was released."""
        row = self._session.scalars(select(Lease).where(Lease.name == name)).first()
        if row is None:
            return None
        seconds = row.seconds if self._has_lengths else None
        return LeaseRecord(row.name, row.holder, row.purpose, row.taken_at, row.expires_at, seconds)

    def _shorten(self, name: str, seconds: int) -> None:
        end = self._moment(seconds)
        self._change(update(Lease).where(Lease.name == name, Lease.expires_at > end).values(expires_at=end))

    def _token(self, name: str) -> str | None:
        now = self._moment()
        return self._session.scalars(select(Lease.token).where(Lease.name == name, Lease.expires_at >= now)).first()
