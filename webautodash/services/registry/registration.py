"""Registers a provider: a row in the registry, and a database with the provider's identity."""

from dataclasses import dataclass

from webautodash.domain.dates import DateOrder
from webautodash.domain.naming import database_name, same_name_key, slug
from webautodash.domain.vocabulary import Level, ProviderStatus
from webautodash.errors import MadeByEarlierScripts, SystemDatabaseTaken, UsageError, WrongDatabase
from webautodash.repositories.providers import ProviderIdentity, RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services import revisions
from webautodash.services.rebuild_registry import identity_of
from webautodash.services.registry.provider_names import (
    require_free,
    resolve_provider,
    same_spelling,
    valid_name,
)
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered provider, and whether this call created the registration."""

    provider: RegisteredProvider
    created: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The provider to register."""

    name: str
    folder: str | None
    date_order: DateOrder | None
    distinct: bool


def register(
    store: Store,
    name: str,
    *,
    folder: str | None = None,
    date_order: DateOrder | None = None,
    distinct: bool = False,
) -> Registration:
    """Make sure that a provider is registered and has a database at the current revision.

    Each step is idempotent and safe to run concurrently: after a kill, the next call continues.
    ``folder`` is the folder of the provider's first file. ``date_order`` is the order of dates with slashes, by
    default the month first; it cannot be changed later. ``distinct``: a person says that this is another provider than
    those whose names look like this one or differ by a title.
    Raises InvalidProviderName, ProviderNameTaken, WrongDatabase, MadeByEarlierScripts.
    """
    wanted = _Wanted(valid_name(name), folder, date_order, distinct)
    # Another process may register this name, or one that reads like it, at the same time.
    registration = store.system.run_raced(lambda work: _find_or_add(work, store, wanted))
    provider = registration.provider
    store.server.create(provider.database_name)
    database = store.server.database(provider.database_name, ProviderWork)
    revisions.upgrade(database, SchemaHistory.PROVIDER)
    database.run_raced(lambda work: _claim(work, provider))
    if provider.status is not ProviderStatus.ACTIVE:
        store.system.run(lambda work: work.providers.set_status(provider.id, ProviderStatus.ACTIVE))
    if registration.created:
        message = f"registered {provider.name}" + (" as distinct from similar names" if distinct else "")
        SystemLogWriter(store.system).record_about(provider, Level.INFO, "providers", "provider_registered", message)
    return Registration(resolve_provider(store, provider.slug), registration.created)


def _find_or_add(work: SystemWork, store: Store, new: _Wanted) -> Registration:
    repository, name, date_order = work.providers, new.name, new.date_order
    wanted = slug(name)
    # The exact name last: a process that registers it meanwhile is not a provider with a confusable name.
    holders = same_spelling(repository, name)
    registered = repository.by_name(name)
    if registered is not None:
        if date_order not in {None, registered.date_order}:
            raise UsageError(
                f"{registered.name} is registered with the date order {registered.date_order}, which cannot be changed"
            )
        return Registration(registered, created=False)
    if new.distinct:
        # Names with the same safe name cannot be told apart: they would share a database.
        require_free(name, filter(None, [repository.by_slug(wanted)]))
    else:
        require_free(name, [*holders, *repository.lookalikes(name)])
    database = database_name(store.settings.database_prefix, wanted)
    identity = identity_of(store.server, database)
    if identity is None:
        _require_provider_database(store, database)
        identity = ProviderIdentity.new(name, wanted, new.folder, date_order or DateOrder.MDY)
    # Else the registry was lost, or restored from before this registration: the database has the identity.
    elif identity.slug != wanted or same_name_key(identity.name) != same_name_key(name):
        raise WrongDatabase(database, name, identity.name)
    return Registration(repository.add(identity, database, ProviderStatus.REGISTERING), created=True)


def _require_provider_database(store: Store, database: str) -> None:
    """Raise SystemDatabaseTaken if the database is the system database of this installation or of another one."""
    if database.casefold() == store.system.name.casefold():
        raise SystemDatabaseTaken(store.system.name)
    if store.server.exists(database):
        revisions.refuse_foreign(database, SchemaHistory.PROVIDER, revisions.revision_on(store.server, database))


def _claim(work: ProviderWork, provider: RegisteredProvider) -> None:
    found = work.identity.find()
    if found is None:
        if work.legacy_tables.is_aside():
            # An adoption was interrupted: rows are missing.
            raise MadeByEarlierScripts(provider.database_name)
        work.identity.claim(provider)
    elif found.identity != provider.identity:
        raise WrongDatabase(provider.database_name, provider.slug, found.slug)
