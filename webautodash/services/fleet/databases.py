"""All databases of one installation, and where each stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from webautodash.database import Database
from webautodash.domain.json_document import NOT_IN_JSON
from webautodash.domain.vocabulary import ProviderStatus, RevisionStatus
from webautodash.errors import DatabaseError, DatabaseMissing, DatabaseUnreachable, WebAutoDashError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import revisions
from webautodash.services.registry import resolve_provider
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Member:
    """One database of the fleet; ``provider`` is None for the system database."""

    database: str
    provider: str | None
    history: SchemaHistory
    is_registering: bool = False
    """Whether its provider is being registered, so that it may have no tables yet."""


@dataclass(frozen=True, slots=True)
class DatabaseRevision:
    """The revision of one database; ``provider`` is None for the system database."""

    database: str
    provider: str | None
    revision: str | None
    head: str
    """The head of its history, or the target that was asked for."""
    state: RevisionStatus
    error: str | None = None
    error_kind: str | None = None
    cause: WebAutoDashError | None = field(default=None, compare=False, metadata=NOT_IN_JSON)
    """The error itself."""

    @property
    def needs_work(self) -> bool:
        """Whether a migration has something to do."""
        return self.state in {RevisionStatus.BEHIND, RevisionStatus.MIGRATING}


def members(store: Store, providers: Sequence[str] = ()) -> list[Member]:
    """The system database and those of all providers, or those of some providers. Raises UnknownProvider."""
    return members_of(store, providers) if providers else [system_member(store), *provider_members(store)]


def system_member(store: Store) -> Member:
    """The system database."""
    return Member(store.system.name, None, SchemaHistory.SYSTEM)


def provider_members(store: Store) -> list[Member]:
    """The database of every provider, by slug."""
    return [member_of(provider) for provider in store.providers()]


def members_of(store: Store, names: Sequence[str]) -> list[Member]:
    """The databases of some providers, each once, whichever of its names is used. Raises UnknownProvider."""
    return list(dict.fromkeys(member_of(resolve_provider(store, name)) for name in names))


def member_of(provider: RegisteredProvider) -> Member:
    """The database of a registered provider."""
    is_registering = provider.status is ProviderStatus.REGISTERING
    return Member(provider.database_name, provider.slug, SchemaHistory.PROVIDER, is_registering)


def overview(store: Store, providers: Sequence[str] = ()) -> list[DatabaseRevision]:
    """The revision of every database, the system database first. Changes nothing."""
    return [read_revision(store, member) for member in members(store, providers)]


def read_revision(store: Store, member: Member, target: str | None = None) -> DatabaseRevision:
    """Read where one database stands. Raises DatabaseUnreachable; any other error is in the result."""
    wanted = target or revisions.head(member.history)
    name, provider = member.database, member.provider
    try:
        found = revisions.revision_on(store.server, name)
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as error:
        state = RevisionStatus.MISSING if isinstance(error, DatabaseMissing) else RevisionStatus.UNREADABLE
        return DatabaseRevision(name, provider, None, wanted, state, str(error), error.kind, error)
    state = revisions.revision_status(
        member.history,
        found,
        wanted,
        migrating=found == wanted and _is_migrating(store, member),
        may_be_empty=member.is_registering or member.history is SchemaHistory.SYSTEM,
    )
    problem = None if state is RevisionStatus.BEHIND else revisions.refusal(name, member.history, found)
    if problem is None:
        return DatabaseRevision(name, provider, found, wanted, state)
    return DatabaseRevision(name, provider, found, wanted, state, str(problem), problem.kind, problem)


def database_of(store: Store, member: Member) -> Database[UnitOfWork]:
    """The database itself. Raises DatabaseMissing."""
    if not store.server.exists(member.database):
        raise DatabaseMissing(member.database)
    return store.server.database(member.database, UnitOfWork)


def _is_migrating(store: Store, member: Member) -> bool:
    # Each migration of the system database is a single commit and is not recorded.
    if member.history is not SchemaHistory.PROVIDER:
        return False
    try:
        return revisions.is_migrating_on(store.server, member.database)
    except DatabaseError:
        return False
