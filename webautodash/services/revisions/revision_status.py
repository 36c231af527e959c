"""Where a database stands, and who may work with it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, true
from sqlalchemy.exc import DBAPIError

from webautodash.config import ENV_PREFIX, Settings
from webautodash.database import Database, Server
from webautodash.errors import (
    BeingMigrated,
    ConfigurationError,
    DatabaseEmpty,
    MadeByEarlierScripts,
    NewerThanProgram,
    NotAProvidersDatabase,
    NotAtHead,
    SystemDatabaseTaken,
    WrongDatabase,
)
from webautodash.models import DatabaseIdentity
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.revisions import migration_lock
from webautodash.services.revisions.histories import SchemaHistory, head, knows, other_history

VERSION_TABLE, VERSION_COLUMN = "alembic_version", "version_num"
_VERSIONS = Table(VERSION_TABLE, MetaData(), Column(VERSION_COLUMN, String(32)))


def current(database: Database[UnitOfWork]) -> str | None:
    """The revision that a database is at, None for an empty one."""
    with database.reading() as work:
        return revision_of(work.session.connection())


def require_head(work: UnitOfWork, database: str, history: SchemaHistory) -> None:
    """Raise NotAtHead, or NewerThanProgram, for a database that this version cannot work with."""
    found, needed = revision_of(work.session.connection()), head(history)
    if found != needed:
        refuse_newer(database, history, found)
        if found is None and history is SchemaHistory.PROVIDER:
            raise DatabaseEmpty(database, needed)
        raise NotAtHead(database, found, needed)


def keep_out_migrations(work: UnitOfWork, database: str, owner: RegisteredProvider) -> None:
    """For as long as the transaction lasts no migration begins on a provider's database that was at head when opened.

    Raises BeingMigrated where one is at work or was interrupted, what ``require_head`` raises, and WrongDatabase where
    it is not the owner's: another may have been put in its place since it was opened.
    """
    try:
        said = work.session.execute(
            select(
                _VERSIONS.c.version_num,
                DatabaseIdentity.identity,
                DatabaseIdentity.slug,
                DatabaseIdentity.migrating_to,
                DatabaseIdentity.migrating_since,
            )
            .join_from(_VERSIONS, DatabaseIdentity, true())
            .with_for_update(read=True)
        ).first()
    except DBAPIError:
        # A database that is far behind has no such columns.
        require_head(work, database, SchemaHistory.PROVIDER)
        raise
    if said is not None and said.migrating_to is not None:
        raise BeingMigrated(database, said.migrating_to, said.migrating_since)
    if said is None or said.version_num != head(SchemaHistory.PROVIDER):
        require_head(work, database, SchemaHistory.PROVIDER)
    if said is None or said.identity != owner.identity:
        raise WrongDatabase(database, owner.slug, said.slug if said is not None else None)


def revision_of(connection: Connection) -> str | None:
    """The revision that the database behind a connection is at, None for an empty one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(_VERSIONS.c.version_num)).scalar()


def refuse_newer(database: str, history: SchemaHistory, found: str | None) -> None:
    """Raise NewerThanProgram for a revision that only a later version knows, and what ``refuse_other`` raises."""
    refuse_other(database, history, found)
    if found is not None and not knows(history, found):
        raise NewerThanProgram(database, found, head(history))


def refuse_other(database: str, history: SchemaHistory, found: str | None) -> None:
    """Raise for a revision of the other history: a provider's database and the system database are never one."""
    if other_history(history, found):
        raise SystemDatabaseTaken(database) if history is SchemaHistory.SYSTEM else NotAProvidersDatabase(database)


def refuse_earlier(database: Database[UnitOfWork], history: SchemaHistory) -> None:
    """Raise for tables of the same names that the earlier scripts made, and that would be taken for ours."""
    with database.reading() as work:
        legacy = work.legacy_tables
        if history is SchemaHistory.SYSTEM and legacy.is_earlier_registry():
            raise ConfigurationError(
                ENV_PREFIX + "SYSTEM_DATABASE",
                f"the database {database.name} is the earlier scripts' registry; it stays as it is, and this program's "
                f"needs another name, such as webautodash_registry",
            )
        shape = legacy.shape()
        if history is SchemaHistory.SYSTEM and (shape.here or shape.aside or shape.ours):
            raise SystemDatabaseTaken(database.name)
        if history is SchemaHistory.PROVIDER and shape.here and not shape.ours:
            raise MadeByEarlierScripts(database.name)


@contextmanager
def database_by_hand(section: str, arguments: Mapping[str, str]) -> Iterator[Connection]:
    """The connection for an ``alembic`` command typed by hand; ``-x provider=SLUG`` names the provider."""
    from alembic.util import CommandError

    history, settings = SchemaHistory(section), Settings.load()
    if history is SchemaHistory.SYSTEM:
        name = settings.system_database_name
    elif slug := arguments.get("provider"):
        name = settings.database_prefix + slug
    else:
        raise CommandError("which provider? alembic -n provider -x provider=SLUG ...")
    with Server(settings, schema=True) as server:
        if not server.exists(name):
            raise CommandError(f"there is no database {name} on {server.where}")
        with server.database(name, UnitOfWork).migrating() as connection:
            yield connection
            if history is SchemaHistory.PROVIDER and revision_of(connection) == head(history):
                migration_lock.reopen(connection)
