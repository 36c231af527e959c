"""All databases of one installation, and where each stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webautodash.database import Database
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import (
    DatabaseEmpty,
    DatabaseError,
    DatabaseMissing,
    DatabaseUnreachable,
    NewerThanProgram,
    WebAutoDashError,
)
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import revisions
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.revisions import SchemaHistory, migration_lock
from webautodash.services.store import Store


class RevisionStatus(StrEnum):
    """Where a database stands against this version's revision, or the one asked for."""

    AT_HEAD = "at head"
    BEHIND = "behind"
    INTERRUPTED = "interrupted"
    """At this revision, on the way to another; also while one is at work."""
    AHEAD = "ahead"
    EMPTY = "empty"
    """Without any table of ours, though its provider is registered."""
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Member:
    """One database of the fleet; ``provider`` is None for the system database."""

    database: str
    provider: str | None
    history: SchemaHistory
    registering: bool = False
    """Whether somebody may be making it at this moment."""


@dataclass(frozen=True, slots=True)
class DatabaseRevision:
    """One database's revision; ``provider`` is None for the system database."""

    database: str
    provider: str | None
    revision: str | None
    head: str
    state: RevisionStatus
    error: str | None = None
    error_kind: str | None = None

    @property
    def needs_work(self) -> bool:
        """Whether a migration has something to do with it."""
        return self.state in {RevisionStatus.BEHIND, RevisionStatus.INTERRUPTED}


def members(store: Store, providers: Sequence[str] = ()) -> list[Member]:
    """The system database and all providers', or some providers' alone. Raises UnknownProvider."""
    if providers:
        return of_providers(store, providers)
    return [Member(store.system.name, None, SchemaHistory.SYSTEM), *of_all_providers(store)]


def of_provider(store: Store, slug: str) -> Member:
    """One provider's database."""
    found = resolve_provider(store, slug)
    return Member(found.database_name, found.slug, SchemaHistory.PROVIDER, found.status is ProviderStatus.REGISTERING)


def of_providers(store: Store, names: Sequence[str]) -> list[Member]:
    """Some providers' databases, each once, under whatever names they are asked for."""
    return list(dict.fromkeys(of_provider(store, name) for name in names))


def of_all_providers(store: Store) -> list[Member]:
    """Every provider's database, by slug."""
    return [
        Member(each.database_name, each.slug, SchemaHistory.PROVIDER, each.status is ProviderStatus.REGISTERING)
        for each in store.providers()
    ]


def overview(store: Store, providers: Sequence[str] = ()) -> list[DatabaseRevision]:
    """Every database's revision, the system database's first. Makes and changes nothing."""
    return [standing(store, member) for member in members(store, providers)]


def standing(store: Store, member: Member, target: str | None = None) -> DatabaseRevision:
    """Where one database stands, by one cheap look. Raises DatabaseUnreachable; else what is wrong is its state."""
    wanted = target or revisions.head(member.history)
    name, provider = member.database, member.provider
    try:
        found = store.server.read_value(name, revisions.VERSION_TABLE, revisions.VERSION_COLUMN)
    except DatabaseUnreachable:
        raise
    except DatabaseMissing as error:
        return DatabaseRevision(name, provider, None, wanted, RevisionStatus.MISSING, str(error), error.kind)
    except WebAutoDashError as error:
        return DatabaseRevision(name, provider, None, wanted, RevisionStatus.UNREADABLE, str(error), error.kind)
    problem = kind = None
    if found == wanted:
        state = RevisionStatus.INTERRUPTED if _is_underway(store, member) else RevisionStatus.AT_HEAD
    elif found is None and member.history is SchemaHistory.PROVIDER and not member.registering:
        state = RevisionStatus.EMPTY
        problem, kind = str(DatabaseEmpty(name, wanted)), DatabaseEmpty.own_kind()
    elif found is None or revisions.to_come(member.history, _known(member, found), wanted):
        state = RevisionStatus.BEHIND
    else:
        state = RevisionStatus.AHEAD
        if not revisions.knows(member.history, found):
            problem = str(NewerThanProgram(name, found, wanted))
    return DatabaseRevision(name, provider, found, wanted, state, problem, kind)


def _is_underway(store: Store, member: Member) -> bool:
    # Only a database of a revision that can say so is asked; the system database's migrations are one commit's work.
    if member.history is not SchemaHistory.PROVIDER:
        return False
    try:
        return store.server.read_value(member.database, migration_lock.TABLE, migration_lock.COLUMN) is not None
    except DatabaseError:
        return False


def database_of(store: Store, member: Member) -> Database[UnitOfWork]:
    """The database itself. Raises DatabaseMissing."""
    if not store.server.exists(member.database):
        raise DatabaseMissing(member.database)
    return store.server.database(member.database, UnitOfWork)


def _known(member: Member, found: str) -> str:
    # What a newer program made lies behind everything that this one knows.
    return found if revisions.knows(member.history, found) else revisions.head(member.history)
