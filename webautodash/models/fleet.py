"""The ledger of the migrations, and who is at work on what."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import MigrationState
from webautodash.models.base import (
    BigId,
    Identifier,
    Json,
    Key,
    Name,
    Prose,
    Sha256,
    SystemBase,
    Word,
    one_of,
    table_options,
    utc_now,
)


class MigrationRun(SystemBase):
    """One call of ``migrate up`` or ``migrate down`` that had something to do."""

    __tablename__ = "migration_runs"
    __table_args__ = table_options(one_of("state", MigrationState))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    started_by: Mapped[Name]
    host: Mapped[Name]
    pid: Mapped[int]
    arguments: Mapped[Json]
    code_version: Mapped[Word]
    state: Mapped[Word]
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]


class MigratedDatabase(SystemBase):
    """What a run has to do with one database, and how far it is."""

    __tablename__ = "migration_run_databases"
    # Unique: a run's databases, and each once in it.
    __table_args__ = table_options(
        one_of("state", MigrationState),
        UniqueConstraint("run_id", "database_name"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    run_id: Mapped[BigId] = mapped_column(ForeignKey("migration_runs.id"))
    position: Mapped[int]
    database_name: Mapped[Identifier]
    provider: Mapped[Identifier | None]
    from_revision: Mapped[Word | None]
    to_revision: Mapped[Word | None]
    state: Mapped[Word]
    reached: Mapped[Word | None]
    """The last revision that was finished."""
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error_code: Mapped[Name | None]
    statement: Mapped[Prose | None]
    """The one that the server refused; of a migration, so without any value of a row."""
    error: Mapped[Prose | None]
    cure: Mapped[Prose | None]
    sql_sha256: Mapped[Sha256 | None]
    """Of the statements that ran in the last attempt."""


class Lease(SystemBase):
    """Who is at work on something, until when; whoever holds it renews it while at work."""

    __tablename__ = "leases"
    __table_args__ = table_options()

    name: Mapped[Key] = mapped_column(primary_key=True)
    token: Mapped[Word]
    holder: Mapped[Name]
    purpose: Mapped[Name]
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # Deferred: a system database that is to be migrated has no such column yet.
    seconds: Mapped[int | None] = mapped_column(deferred=True)
    """For how long it is taken or renewed each time; none where an older program took it."""
