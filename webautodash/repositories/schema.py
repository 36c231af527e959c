"""The schema of a database: its revision, the migration that runs on it, and its tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, column, event, func, inspect, select, table, true, update
from sqlalchemy.exc import DBAPIError

from webautodash.database.schema import Schema, has_column, schema_of
from webautodash.domain.dates import utc_now
from webautodash.models import DatabaseIdentity
from webautodash.repositories.base import Repository

VERSION_TABLE, VERSION_COLUMN = "alembic_version", "version_num"
MIGRATION_TABLE, MIGRATION_COLUMN = DatabaseIdentity.__tablename__, "migrating_to"
_VERSIONS = Table(VERSION_TABLE, MetaData(), Column(VERSION_COLUMN, String(32)))


@dataclass(frozen=True, slots=True)
class RunningMigration:
    """A migration of a provider's database that is running or was interrupted."""

    target: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class OwnedSchema:
    """The revision of a provider's database, its owner, and the migration that runs on it."""

    revision: str
    identity: str
    slug: str
    migration: RunningMigration | None


@dataclass(slots=True)
class SentStatements:
    """Statements that were sent to the server, each in one line; ``refused`` is the one that failed."""

    statements: list[str] = field(default_factory=list)
    refused: str | None = None


class SchemaRepository(Repository):
    """Rows of ``alembic_version``, the columns of ``database_identity`` about migrations, and the tables themselves."""

    def connection(self) -> object:
        """The connection of the transaction, for Alembic, which sends the statements of revisions itself."""
        return self._session.connection()

    def revision(self) -> str | None:
        """The revision of the database, None if it has none."""
        if not inspect(self._session.connection()).has_table(VERSION_TABLE):
            return None
        return self._session.scalar(select(_VERSIONS.c.version_num))

    def running_migration(self) -> RunningMigration | None:
        """The migration that is recorded; None if there is none, or if the revision cannot record one."""
        if not self._records_migrations():
            return None
        row = self._session.execute(select(DatabaseIdentity.migrating_to, DatabaseIdentity.migrating_since)).first()
        return None if row is None else _migration(row.migrating_to, row.migrating_since)

    def begin_migration(self, target: str) -> None:
        """Record a migration to ``target``. Waits for the transactions that hold ``lock_owner``."""
        self._record(target, utc_now())

    def end_migration(self) -> None:
        """Record that no migration is running."""
        self._record(None, None)

    def lock_owner(self) -> OwnedSchema | None:
        """Revision, owner and migration, locked for reading: no migration begins before the transaction ends.

        None if there is no owner, or if the revision cannot record a migration.
        """
        statement = (
            select(
                _VERSIONS.c.version_num,
                DatabaseIdentity.identity,
                DatabaseIdentity.slug,
                DatabaseIdentity.migrating_to,
                DatabaseIdentity.migrating_since,
            )
            .join_from(_VERSIONS, DatabaseIdentity, true())
            .with_for_update(read=True)
        )
        # A database may wait for its lock here: a wait that was in vain is not repeated by the query of the error.
        self._session.connection()
        try:
            row = self._session.execute(statement).first()
        except DBAPIError:
            if not self._records_migrations():
                return None
            raise
        if row is None:
            return None
        migration = _migration(row.migrating_to, row.migrating_since)
        return OwnedSchema(row.version_num, row.identity, row.slug, migration)

    def count(self, name: str) -> int:
        """The rows of a table, or of ``table.column`` the rows with a value."""
        table_name, _, column_name = name.partition(".")
        statement = select(func.count()).select_from(table(table_name))
        if column_name:
            statement = statement.where(column(column_name).is_not(None))
        return self._number(statement)

    def tables(self) -> Schema:
        """Every table as the server describes it."""
        return schema_of(self._session.connection())

    @contextmanager
    def recording(self, sent: SentStatements) -> Iterator[None]:
        """Record the statements that are sent within the block, except those that fill in values row by row.

        A revision marks such a statement by the option ``fills_values``: which ones are sent depends on the rows.
        """
        connection = self._session.connection()

        def record(_connection: object, _cursor: object, statement: str, *rest: Any) -> None:
            context = rest[1]
            if context is None or not context.execution_options.get("fills_values"):
                sent.statements.append(" ".join(statement.split()))

        event.listen(connection, "before_cursor_execute", record)
        try:
            yield
        except DBAPIError:
            sent.refused = sent.statements[-1] if sent.statements else None
            raise
        finally:
            event.remove(connection, "before_cursor_execute", record)

    def _record(self, target: str | None, since: datetime | None) -> None:
        if self._records_migrations():
            values = update(DatabaseIdentity).values(migrating_to=target, migrating_since=since)
            self._session.connection().execute(values)

    def _records_migrations(self) -> bool:
        # The first revision has no such columns.
        connection = self._session.connection()
        return inspect(connection).has_table(MIGRATION_TABLE) and has_column(
            connection, MIGRATION_TABLE, "migrating_since"
        )


def _migration(target: str | None, since: datetime | None) -> RunningMigration | None:
    return None if target is None else RunningMigration(target, since)
