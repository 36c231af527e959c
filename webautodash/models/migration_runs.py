"""The record of the migrations."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import MigrationState
from webautodash.models.base import (
    BigId,
    Identifier,
    Json,
    Name,
    Prose,
    Sha256,
    SystemBase,
    Word,
    one_of,
    table_options,
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
    """One database of a run: the planned revisions, its state, and the error if it failed."""

    __tablename__ = "migration_run_databases"
    __table_args__ = table_options(
        one_of("state", MigrationState),
        # Each database once in a run; also serves the foreign key.
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
    """The last revision that was completed."""
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error_code: Mapped[Name | None]
    statement: Mapped[Prose | None]
    """The statement that the server refused. Statements of a migration hold no values of rows."""
    error: Mapped[Prose | None]
    cure: Mapped[Prose | None]
    sql_sha256: Mapped[Sha256 | None]
    """SHA-256 of the statements that ran in the last attempt."""
