"""Checks of every database: its revision, its owner, how it was created."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import ProviderStatus, RevisionStatus
from webautodash.errors import DatabaseUnreachable, WebAutoDashError
from webautodash.models import DatabaseIdentity
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services import revisions
from webautodash.services.doctor.findings import (
    Finding,
    FindingSeverity,
    error,
    fine,
    info,
    of_error,
    of_server,
    warning,
)
from webautodash.services.fleet import DatabaseRevision, is_at_work, member_of, read_revision, system_member
from webautodash.services.ingest import FUTURE
from webautodash.services.rebuild_registry import is_unadopted
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_REGISTRY = "the registry can be rebuilt from the provider databases"


def database_names(store: Store) -> list[str]:
    """The registered databases; only the system database if the registry cannot be read."""
    names = [store.system.name]
    with suppress(WebAutoDashError):
        names += [provider.database_name for provider in store.providers()]
    return names


def system_revision(store: Store) -> DatabaseRevision:
    """Where the system database stands. Raises SystemDatabaseTaken if it is the database of a provider."""
    found = read_revision(store, system_member(store))
    revisions.refuse_foreign(found.database, SchemaHistory.SYSTEM, found.revision)
    return found


def system_database(store: Store, found: DatabaseRevision) -> Iterator[Finding]:
    """Whether this version can use the system database."""
    if found.state is RevisionStatus.CURRENT:
        yield fine("database.revision", found.database, f"the system database, at {found.head}")
        yield from of_server(store.server.database_problems(found.database))
    elif found.revision is not None or found.state is not RevisionStatus.BEHIND:
        yield _not_current(found, None, is_running=False)
    elif _is_legacy_registry(store):
        message = "is the registry of the earlier scripts and is not changed"
        yield error("store.earlier_scripts", found.database, message)
    else:
        yield error("database.empty", found.database, f"has no tables; {_REGISTRY}")


def no_system_database(store: Store) -> Finding:
    """The finding if nothing was set up, or the system database was lost."""
    name = store.system.name
    if others := store.server.names(store.settings.database_prefix):
        message = f"does not exist, but {len(others)} databases with its prefix do; {_REGISTRY}"
        return error("database.missing", name, message)
    return warning("store.missing", name, "nothing is set up here yet")


def provider_databases(store: Store) -> Iterator[Finding]:
    """Each provider's database; one finding for all those without a problem."""
    providers = store.providers()
    healthy: list[DatabaseRevision] = []
    is_running = _is_migration_running(store)
    for provider in providers:
        found = read_revision(store, member_of(provider))
        if found.state is not RevisionStatus.MISSING and is_unadopted(store.server, provider.database_name):
            yield _unadopted(provider.database_name)
            continue
        if provider.status is ProviderStatus.REGISTERING:
            message = "its registration is not finished, unless it is running now"
            yield warning("provider.unfinished", provider.slug, message, provider=provider.name)
        if found.state is not RevisionStatus.CURRENT:
            yield _not_current(found, provider, is_running=is_running)
            continue
        problems = _problems(store, provider)
        yield from problems
        if not problems:
            healthy.append(found)
    if healthy:
        message = f"{len(healthy)} of {len(providers)}, at {healthy[0].head}, each of its own provider"
        yield fine("database.revision", "provider databases", message)
    yield from _unregistered(store, {provider.database_name for provider in providers})


def owner(store: Store, provider: RegisteredProvider) -> Iterator[Finding]:
    """Whether the owner that a database records is its provider; no finding if it is."""

    def recorded(column: str) -> Any:
        return store.server.read_value(provider.database_name, DatabaseIdentity.__tablename__, column)

    identity = recorded("identity")
    if identity is None:
        message = f"does not record {provider.slug} as its owner; it is neither read nor written until it does"
        yield error("database.unclaimed", provider.database_name, message, provider=provider.name)
    elif identity != provider.identity:
        message = f"belongs to another registration than that of {provider.slug}; it is neither read nor written"
        yield error("database.foreign", provider.database_name, message)
    # Not ``folder``: it is that of the first file, and no file is refused for another folder.
    elif different := [name for name in ("slug", "name", "date_order") if recorded(name) != getattr(provider, name)]:
        found = " and ".join(f"{name} {recorded(name)!r}" for name in different)
        registered = " and ".join(repr(str(getattr(provider, name))) for name in different)
        message = f"records {found}, the registry has {registered}; a rebuilt registry would take over the former"
        yield error("database.identity", provider.database_name, message, columns=", ".join(different))


def _unregistered(store: Store, registered: set[str]) -> Iterator[Finding]:
    for name in store.server.names(store.settings.database_prefix):
        if name not in registered and name != store.system.name:
            if is_unadopted(store.server, name):
                yield _unadopted(name)
            elif _is_legacy_registry_at(store, name):
                yield info(
                    "database.earlier_registry", name, "is the registry of the earlier scripts and is left alone"
                )
            else:
                message = "has the prefix but no registered provider: it is neither written to nor compared"
                yield warning("database.unregistered", name, message)


def _unadopted(database: str) -> Finding:
    message = "was created by the earlier scripts and is not completely adopted yet; its files wait"
    return error("database.unadopted", database, message)


def _is_legacy_registry_at(store: Store, name: str) -> bool:
    with suppress(WebAutoDashError), store.server.database(name, ProviderWork).reading() as work:
        return work.legacy_tables.is_legacy_registry()
    return False


def _not_current(found: DatabaseRevision, provider: RegisteredProvider | None, *, is_running: bool) -> Finding:
    name = found.database
    fields = {"provider": provider.name} if provider else {}
    match found.state:
        case RevisionStatus.BEHIND:
            message = f"is at revision {found.revision or 'none'}, this version needs {found.head}; its files wait"
            return error("database.behind", name, message)
        case RevisionStatus.MIGRATING if is_running:
            return info("database.migrating", name, "is being migrated; its files wait until then")
        case RevisionStatus.MIGRATING:
            return error("database.interrupted", name, "its migration was interrupted; its files wait")
        case RevisionStatus.AHEAD:
            message = f"is at revision {found.revision}, newer than this version's {found.head}; its files wait"
            return error("database.ahead", name, message)
        case RevisionStatus.FOREIGN:
            return error("database.foreign", name, found.error or "is a system database")
        case RevisionStatus.EMPTY:
            return error("database.empty", name, "has no tables: restore a backup, or create them empty", **fields)
        case RevisionStatus.MISSING:
            message = "is registered but does not exist: restore a backup, or create it empty"
            return error("database.missing", name, message, **fields)
        case _:
            return error("database.unreadable", name, found.error or "cannot be read", kind=found.error_kind or "")


def _problems(store: Store, provider: RegisteredProvider) -> list[Finding]:
    try:
        found = [*owner(store, provider), *of_server(store.server.database_problems(provider.database_name))]
        if not any(one.severity is FindingSeverity.ERROR for one in found):
            # Only of a database that is certain to be the provider's.
            found += [*future_times(store, provider), *unread_times(store, provider)]
        return found
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as refused:  # the other databases are checked all the same
        return [of_error("database.unreadable", provider.database_name, refused, provider=provider.name)]


def _is_legacy_registry(store: Store) -> bool:
    with store.system.reading() as work:
        return work.legacy_tables.is_legacy_registry()


def _is_migration_running(store: Store) -> bool:
    try:
        return is_at_work(store)
    except WebAutoDashError:  # a system database that is behind may have no leases, and is a finding itself
        return False


_MOST_NAMED = 10


def future_times(store: Store, provider: RegisteredProvider) -> Iterator[Finding]:
    """Sessions of one provider more than a day in the future: every other file counts as older."""
    with store.provider_database(provider).reading() as work:
        number, named = work.sessions.later_than(utc_now() + FUTURE, _MOST_NAMED)
    if number:
        message = f"{_named(named, number)}: the time is in the future, so that every correct one counts as older"
        yield error("session.future_time", provider.slug, message, session=str(named[0]))


def unread_times(store: Store, provider: RegisteredProvider) -> Iterator[Finding]:
    """Sessions of one provider without a valid ISO date-time: they count as older than all others."""
    with store.provider_database(provider).reading() as work:
        found = work.sessions.with_unread_time()
    if found:
        sessions = _named(found[:_MOST_NAMED], len(found))
        message = f"{sessions}: extracted_at is not an ISO date-time, so that every other session counts as newer"
        yield warning("session.unread_time", provider.slug, message, session=str(found[0]))


def _named(named: Sequence[int], number: int) -> str:
    more = "" if number == len(named) else f" and {number - len(named)} more"
    return f"session {named[0]}" if number == 1 else f"sessions {', '.join(map(str, named))}{more}"
