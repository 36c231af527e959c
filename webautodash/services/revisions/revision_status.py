"""Where a database stands in its schema history, and the refusal of databases that this version cannot use."""

from webautodash.config import ENV_PREFIX
from webautodash.database import Database, Server
from webautodash.domain.vocabulary import RevisionStatus
from webautodash.errors import (
    ConfigurationError,
    DatabaseEmpty,
    MadeByEarlierScripts,
    NewerThanProgram,
    NotAProvidersDatabase,
    NotAtHead,
    SystemDatabaseTaken,
    WebAutoDashError,
)
from webautodash.repositories.schema import MIGRATION_COLUMN, MIGRATION_TABLE, VERSION_COLUMN, VERSION_TABLE
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.revisions.histories import SchemaHistory, head, knows, pending


def revision_status(
    history: SchemaHistory,
    found: str | None,
    target: str | None = None,
    *,
    migrating: bool = False,
    may_be_empty: bool = False,
) -> RevisionStatus:
    """Where a database at revision ``found`` stands, compared with ``target``, by default the head.

    ``migrating``: the database records a migration. ``may_be_empty``: a migration is to create its tables.
    """
    target = target or head(history)
    if found is None:
        return RevisionStatus.BEHIND if may_be_empty else RevisionStatus.EMPTY
    if _is_of_other_history(history, found):
        return RevisionStatus.FOREIGN
    if found == target:
        return RevisionStatus.MIGRATING if migrating else RevisionStatus.CURRENT
    if not knows(history, found):
        return RevisionStatus.AHEAD
    return RevisionStatus.BEHIND if pending(history, found, target) else RevisionStatus.AHEAD


def refusal(database: str, history: SchemaHistory, found: str | None) -> WebAutoDashError | None:
    """The error for a database that no migration of this version can use; None for any other."""
    match revision_status(history, found):
        case RevisionStatus.FOREIGN if history is SchemaHistory.SYSTEM:
            return SystemDatabaseTaken(database)
        case RevisionStatus.FOREIGN:
            return NotAProvidersDatabase(database)
        case RevisionStatus.AHEAD:
            return NewerThanProgram(database, str(found), head(history))
        case RevisionStatus.EMPTY if history is SchemaHistory.PROVIDER:
            return DatabaseEmpty(database, head(history))
        case _:
            return None


def refuse_foreign(database: str, history: SchemaHistory, found: str | None) -> None:
    """Raise for a revision of the other history: no database is both a provider's and the system database."""
    if revision_status(history, found) is RevisionStatus.FOREIGN and (error := refusal(database, history, found)):
        raise error


def require_head(work: UnitOfWork, database: str, history: SchemaHistory) -> None:
    """Raise NotAtHead, or what ``refusal`` returns, for a database that this version cannot use as it is."""
    found = work.schema.revision()
    if found != head(history):
        raise refusal(database, history, found) or NotAtHead(database, found, head(history))


def current(database: Database[UnitOfWork]) -> str | None:
    """The revision of a database, None if it has no tables."""
    with database.reading() as work:
        return work.schema.revision()


def revision_on(server: Server, database: str) -> str | None:
    """The revision of a database, read without an engine of its own: cheap for many databases."""
    revision: str | None = server.read_value(database, VERSION_TABLE, VERSION_COLUMN)
    return revision


def is_migrating_on(server: Server, database: str) -> bool:
    """Whether a provider's database records a migration, read as ``revision_on`` does."""
    return server.read_value(database, MIGRATION_TABLE, MIGRATION_COLUMN) is not None


def refuse_legacy_database(database: Database[UnitOfWork], history: SchemaHistory) -> None:
    """Raise for tables of the earlier scripts, which have the names of this program's tables."""
    with database.reading() as work:
        legacy = work.legacy_tables
        if history is SchemaHistory.SYSTEM and legacy.is_legacy_registry():
            raise ConfigurationError(
                ENV_PREFIX + "SYSTEM_DATABASE",
                f"the database {database.name} is the registry of the earlier scripts and is not changed; this "
                f"program's registry needs another name, such as webautodash_registry",
            )
        shape = legacy.shape()
        if history is SchemaHistory.SYSTEM and (shape.here or shape.aside or shape.ours):
            raise SystemDatabaseTaken(database.name)
        if history is SchemaHistory.PROVIDER and shape.here and not shape.ours:
            raise MadeByEarlierScripts(database.name)


def _is_of_other_history(history: SchemaHistory, revision: str) -> bool:
    # The first letter tells, also for a revision of a later version.
    return any(revision.startswith(head(other)[0]) for other in SchemaHistory if other is not history)
