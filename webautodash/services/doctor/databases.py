"""Every database: where it stands, whose it says it is, how it was made."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from webautodash.config import ENV_PREFIX
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import DatabaseUnreachable, WebAutoDashError
from webautodash.models import DatabaseIdentity
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services import revisions
from webautodash.services.doctor.findings import Finding, Severity, error, fine, info, of_server, warning
from webautodash.services.doctor.sessions import future_times, unread_times
from webautodash.services.fleet.databases import DatabaseRevision, Member, RevisionStatus, standing
from webautodash.services.fleet.run_history import is_at_work
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_REGISTRY = "the registry comes back from the providers' databases"
_RESTORE = "what the message says; else restore it from its backup"
_UPGRADE = "pip install --upgrade webautodash"


def names(store: Store) -> list[str]:
    """The databases that are known: none of a provider where the registry cannot be read."""
    known = [store.system.name]
    with suppress(WebAutoDashError):
        known += [provider.database_name for provider in store.providers()]
    return known


def system_standing(store: Store) -> DatabaseRevision:
    """Where the system database stands. Raises SystemDatabaseTaken where the name is of a provider's database."""
    found = standing(store, Member(store.system.name, None, SchemaHistory.SYSTEM))
    revisions.refuse_other(found.database, SchemaHistory.SYSTEM, found.revision)
    return found


def system_database(store: Store, found: DatabaseRevision) -> Iterator[Finding]:
    """Whether this version can work with the system database."""
    if found.state is RevisionStatus.AT_HEAD:
        yield fine("database.revision", found.database, f"the system database, at {found.head}")
        yield from of_server(store.server.database_problems(found.database))
    elif found.revision is None and found.state is RevisionStatus.BEHIND and _is_earlier_registry(store):
        message = "is the earlier scripts' registry, and stays as it is"
        cure = f"{ENV_PREFIX}SYSTEM_DATABASE=webautodash_registry"
        yield error("store.earlier_scripts", found.database, message, cure)
    elif found.revision is None and found.state is RevisionStatus.BEHIND:
        yield error("database.empty", found.database, f"has none of its tables; {_REGISTRY}")
    else:
        yield _problem(found, None, at_work=False)


def no_system_database(store: Store) -> Finding:
    """Where nothing was set up, or it was lost."""
    name = store.system.name
    if others := store.server.names(store.settings.database_prefix):
        message = f"is not there, and {len(others)} databases with its prefix are; {_REGISTRY}"
        return error("database.missing", name, message)
    return warning("store.missing", name, "nothing is set up here yet")


def provider_databases(store: Store) -> Iterator[Finding]:
    """Each provider's database: one line for all that are right."""
    providers = store.providers()
    right: list[DatabaseRevision] = []
    at_work = _migrations_are_at_work(store)
    for provider in providers:
        is_registering = provider.status is ProviderStatus.REGISTERING
        found = standing(store, Member(provider.database_name, provider.slug, SchemaHistory.PROVIDER, is_registering))
        if is_registering:
            yield warning(
                "provider.unfinished",
                provider.slug,
                "its registration is not finished, unless one is at work at this moment",
                provider=provider.name,
            )
        if found.state is not RevisionStatus.AT_HEAD:
            yield _problem(found, provider, at_work=at_work)
            continue
        problems = _looked_into(store, provider)
        yield from problems
        if not problems:
            right.append(found)
    if right:
        message = f"{len(right)} of {len(providers)}, at {right[0].head}, each its own provider's"
        yield fine("database.revision", "provider databases", message)
    yield from _unregistered(store, {provider.database_name for provider in providers})


def _unregistered(store: Store, registered: set[str]) -> Iterator[Finding]:
    for name in store.server.names(store.settings.database_prefix):
        if name not in registered and name != store.system.name:
            message = "has the prefix, and is nobody's in the registry: nothing is written to it, nor compared"
            yield warning("database.unregistered", name, message)


def _problem(found: DatabaseRevision, provider: RegisteredProvider | None, *, at_work: bool) -> Finding:
    name = found.database
    owner = {"provider": provider.name} if provider else {}
    match found.state:
        case RevisionStatus.BEHIND:
            message = f"is at revision {found.revision or 'none'}, this version needs {found.head}; its files wait"
            return error("database.behind", name, message)
        case RevisionStatus.INTERRUPTED if at_work:
            return info("database.migrating", name, "a migration is at work on it; its files wait until then")
        case RevisionStatus.INTERRUPTED:
            message = "is in the middle of a migration, and none is at work; its files wait"
            return error("database.interrupted", name, message)
        case RevisionStatus.AHEAD:
            message = f"is at revision {found.revision}, beyond this version's {found.head}; its files wait"
            return error("database.ahead", name, message, _UPGRADE)
        case RevisionStatus.EMPTY:
            message = "has none of its tables: restore a backup, or make them anew and empty"
            return error("database.empty", name, message, **owner)
        case RevisionStatus.MISSING:
            message = "is registered but not there: restore a backup, or make it anew and empty"
            return error("database.missing", name, message, **owner)
        case _:
            return error("database.unreadable", name, found.error or "cannot be read", _RESTORE)


def _looked_into(store: Store, provider: RegisteredProvider) -> list[Finding]:
    try:
        return _of_content(store, provider)
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as refused:  # of this database; the others are looked into all the same
        return [error("database.unreadable", provider.database_name, str(refused), _RESTORE)]


def _of_content(store: Store, provider: RegisteredProvider) -> list[Finding]:
    found = [*owner(store, provider), *of_server(store.server.database_problems(provider.database_name))]
    if not any(one.severity is Severity.ERROR for one in found):
        # Of a database that is known to be the provider's.
        found += [*future_times(store, provider), *unread_times(store, provider)]
    return found


def owner(store: Store, provider: RegisteredProvider) -> Iterator[Finding]:
    """Whether a database says that it is its provider's, and who that is; nothing where it does."""

    def says(column: str) -> Any:
        return store.server.read_value(provider.database_name, DatabaseIdentity.__tablename__, column)

    said = says("identity")
    if said is None:
        message = f"does not say that it is {provider.slug}'s; nothing is read or written until it does"
        yield error("database.unclaimed", provider.database_name, message, provider=provider.name)
    elif said != provider.identity:
        message = f"is of another registration than {provider.slug}'s; nothing is read or written"
        yield error("database.foreign", provider.database_name, message, "restore the right one from its backup")
    # Not ``folder``: it says where the first file lay, and no file is refused by it.
    elif other := [name for name in ("slug", "name", "date_order") if says(name) != getattr(provider, name)]:
        told = " and ".join(f"{name} {says(name)!r}" for name in other)
        registered = " and ".join(repr(str(getattr(provider, name))) for name in other)
        message = f"says of its provider {told}, the registry has {registered}; a lost registry would come back so"
        cure = f"put {', '.join(other)} right where it was changed, in database_identity or in the registry's providers"
        yield error("database.identity", provider.database_name, message, cure)


def _is_earlier_registry(store: Store) -> bool:
    with store.system.reading() as work:
        return work.legacy_tables.is_earlier_registry()


def _migrations_are_at_work(store: Store) -> bool:
    try:
        return is_at_work(store)
    except WebAutoDashError:  # a system database that is behind has no leases, and its own finding
        return False
