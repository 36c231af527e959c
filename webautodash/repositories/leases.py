"""Who is at work on something, decided by one row and the database's own clock."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from webautodash.database.products.statements import moment
from webautodash.database.schema import has_column
from webautodash.models import Lease


class Holding(NamedTuple):
    """A lease that somebody holds."""

    name: str
    holder: str
    purpose: str
    taken_at: datetime
    expires_at: datetime
    seconds: int | None


class LeaseAge(NamedTuple):
    """A lease, and for how long it has been run out; negative while it is held."""

    name: str
    holder: str
    purpose: str
    taken_at: datetime
    expired_for: timedelta


class LeaseRepository:
    """Rows of ``leases``; each call is a statement or two that only one of many callers can win."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _has_lengths(self) -> bool:
        # Migrations take leases in a system database that is still to be migrated itself.
        return has_column(self._session.connection(), Lease.__tablename__, "seconds")

    def _length(self, seconds: int) -> dict[str, Any]:
        return {"seconds": seconds} if self._has_lengths else {}

    def take(self, name: str, token: str, holder: str, purpose: str, seconds: int) -> bool:
        """Take a lease that nobody holds, or whose time has run out; False where somebody holds it.

        One that ends later than its own length from now was taken by a clock that was wrong: it ends after its length.
        Raises DuplicateKey where another caller takes a new one at the same moment.
        """
        connection = self._session.connection()
        now, then = moment(connection), moment(connection, seconds)
        values: dict[str, Any] = {"token": token, "holder": holder, "purpose": purpose}
        values |= {"taken_at": now, "expires_at": then, **self._length(seconds)}
        if self._changes(update(Lease).where(Lease.name == name, Lease.expires_at < now).values(values)):
            return True
        if (held := self.find(name)) is not None:
            self._shorten(held.name, held.seconds or seconds)
            return False
        self._session.execute(insert(Lease).values(name=name, **values))
        return True

    def renew(self, name: str, token: str, seconds: int) -> bool:
        """Hold a lease for longer; False where its time ran out, or it is another's by now."""
        connection = self._session.connection()
        held = (Lease.name == name, Lease.token == token, Lease.expires_at >= moment(connection))
        renewed = {"expires_at": moment(connection, seconds), **self._length(seconds)}
        return self._changes(update(Lease).where(*held).values(renewed))

    def renew_all(self, token: str, seconds: int) -> None:
        """Hold all leases of a token for longer whose time has not run out."""
        connection = self._session.connection()
        held = (Lease.token == token, Lease.expires_at >= moment(connection))
        renewed = {"expires_at": moment(connection, seconds), **self._length(seconds)}
        self._changes(update(Lease).where(*held).values(renewed))

    def held_with(self, token: str) -> set[str]:
        """The names of all leases that a token holds at this moment."""
        now = moment(self._session.connection())
        return set(self._session.scalars(select(Lease.name).where(Lease.token == token, Lease.expires_at >= now)))

    def give_back(self, token: str) -> None:
        """Be done with all leases of a token; no harm where one is another's by now."""
        self._session.execute(delete(Lease).where(Lease.token == token))

    def holds(self, name: str, token: str) -> bool:
        """Whether a lease is held with this token at this moment."""
        return self._token(name) == token

    def is_held(self, name: str) -> bool:
        """Whether anybody holds a lease at this moment."""
        return self._token(name) is not None

    def forget_expired(self, beginning: str) -> None:
        """Remove those of such names whose time has run out: nobody held them to their end."""
        now = moment(self._session.connection())
        self._session.execute(
            delete(Lease).where(Lease.name.startswith(beginning, autoescape=True), Lease.expires_at < now)
        )

    def shorten(self, seconds: int) -> None:
        """Have no lease end later than its own length from now, ``seconds`` where that is not known."""
        for name, own in self._session.execute(select(Lease.name, Lease.seconds)).all():
            self._shorten(name, own or seconds)

    def all(self) -> list[LeaseAge]:
        """Every lease that was not given back, by name."""
        now = self._session.scalars(select(moment(self._session.connection()))).one()
        rows = self._session.scalars(select(Lease).order_by(Lease.name))
        return [LeaseAge(row.name, row.holder, row.purpose, row.taken_at, now - row.expires_at) for row in rows]

    def find(self, name: str) -> Holding | None:
        """Who holds a lease, or held it last and did not give it back."""
        row = self._session.scalars(select(Lease).where(Lease.name == name)).first()
        if row is None:
            return None
        seconds = row.seconds if self._has_lengths else None
        return Holding(row.name, row.holder, row.purpose, row.taken_at, row.expires_at, seconds)

    def _shorten(self, name: str, seconds: int) -> None:
        end = moment(self._session.connection(), seconds)
        self._changes(update(Lease).where(Lease.name == name, Lease.expires_at > end).values(expires_at=end))

    def _token(self, name: str) -> str | None:
        now = moment(self._session.connection())
        return self._session.scalars(select(Lease.token).where(Lease.name == name, Lease.expires_at >= now)).first()

    def _changes(self, statement: object) -> bool:
        # No value is read out of the ORM's memory here; FOUND_ROWS makes a row that stays the same count, too.
        return bool(self._session.connection().execute(statement).rowcount)  # type: ignore[call-overload]
