"""What a provider's own database says of a migration that is at work on it, or was interrupted.

It says so in the row that says whose it is, which whoever writes holds for reading: a migration waits for them, and
they keep out while it is at work.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, inspect, select, update

from webautodash.database.schema import has_column
from webautodash.models import DatabaseIdentity
from webautodash.models.base import utc_now

TABLE, COLUMN = DatabaseIdentity.__tablename__, "migrating_to"


class Underway(NamedTuple):
    """A migration that is at work, or was interrupted."""

    target: str
    since: datetime | None


def underway(connection: Connection) -> Underway | None:
    """What the database says; None where none is, and where it is too old, or too new, to say."""
    if not _can_say(connection):
        return None
    row = connection.execute(select(DatabaseIdentity.migrating_to, DatabaseIdentity.migrating_since)).first()
    return None if row is None or row.migrating_to is None else Underway(row.migrating_to, row.migrating_since)


def close(connection: Connection, target: str) -> None:
    """Say that a migration is on its way to ``target``, once everybody who is writing has ended."""
    if _can_say(connection):
        connection.execute(update(DatabaseIdentity).values(migrating_to=target, migrating_since=utc_now()))


def reopen(connection: Connection) -> None:
    """Say that none is."""
    if _can_say(connection):
        connection.execute(update(DatabaseIdentity).values(migrating_to=None, migrating_since=None))


def _can_say(connection: Connection) -> bool:
    # The first revision has no such columns.
    return inspect(connection).has_table(TABLE) and has_column(connection, TABLE, "migrating_since")
