"""Decides which provider a database of the earlier scripts belongs to."""

from contextlib import suppress
from dataclasses import dataclass

from webautodash.domain.dates import DateOrder
from webautodash.domain.naming import check_provider_name, letters_key, name_from_folder, same_name_key, slug
from webautodash.errors import NotAdoptable, UsageError, WebAutoDashError
from webautodash.repositories.providers import ProviderIdentity, RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_EARLIER_PREFIX = "webautodash_"
_EARLIER_REGISTRY = "system"


@dataclass(frozen=True, slots=True)
class Owner:
    """The provider that the database will belong to."""

    name: str
    slug: str
    date_order: DateOrder


def owner_of_database(
    store: Store, database: str, name: str | None, date_order: DateOrder | None, identity: ProviderIdentity | None
) -> Owner:
    """Decide by the registry, the identity in the database, ``name``, or the registry of the earlier scripts.

    Raises NotAdoptable if the name belongs to another provider, disagrees with the registry, or cannot be found;
    InvalidProviderName.
    """
    providers = _registered(store)
    holder = next((each for each in providers if each.database_name == database), None)
    if holder is not None:
        return _agreed(database, name, date_order, Owner(holder.name, holder.slug, holder.date_order))
    if identity is not None:
        owner = _agreed(database, name, date_order, Owner(identity.name, identity.slug, identity.date_order))
    else:
        wanted = check_provider_name(name or _recorded_name(store, database))
        owner = Owner(wanted, slug(wanted), date_order or DateOrder.MDY)
    for each in providers:
        names = {same_name_key(one) for one in (each.name, *each.aliases)}
        letters = {letters_key(one) for one in (each.name, *each.aliases)}
        if same_name_key(owner.name) in names or letters_key(owner.name) in letters or owner.slug == each.slug:
            raise NotAdoptable(
                database,
                f"{owner.name!r} is the name of the registered provider {each.slug}, reads like it, or has the same "
                f"safe name, and that provider has the database {each.database_name}; databases are never merged, so "
                "it needs another name",
            )
    return owner


def _registered(store: Store) -> list[RegisteredProvider]:
    """The registered providers; none if there is no registry yet."""
    if not store.server.exists(store.system.name) or has_legacy_registry(store):
        return []
    with store.system.reading() as work:
        revisions.require_head(work, store.system.name, SchemaHistory.SYSTEM)
        return work.providers.all()


def has_legacy_registry(store: Store) -> bool:
    """Whether the system database of the settings is the registry of the earlier scripts."""
    if not store.server.exists(store.system.name):
        return False
    with store.system.reading() as work:
        return work.legacy_tables.is_legacy_registry()


def name_in_legacy_registry(store: Store, database: str) -> str | None:
    """The provider's name in the registry of the earlier scripts; None if it has none or cannot be read."""
    places = [f"{prefix}{_EARLIER_REGISTRY}" for prefix in (store.settings.database_prefix, _EARLIER_PREFIX)]
    for place in dict.fromkeys((store.system.name, *places)):
        # The database may belong to somebody else, or this account may not read it.
        with suppress(WebAutoDashError):
            if store.server.exists(place):
                with store.server.database(place, ProviderWork).reading() as work:
                    found = work.legacy_tables.provider_name(database)
                if found:
                    return found
    return None


def _agreed(database: str, name: str | None, date_order: DateOrder | None, owner: Owner) -> Owner:
    if name is not None and same_name_key(name) != same_name_key(owner.name):
        raise NotAdoptable(database, f"it is registered as {owner.name!r}, not as {name!r}")
    if date_order not in {None, owner.date_order}:
        raise UsageError(f"{owner.name} is registered with the date order {owner.date_order}, which cannot be changed")
    return owner


def _recorded_name(store: Store, database: str) -> str:
    found = name_in_legacy_registry(store, database)
    if found is not None:
        return found
    for prefix in (store.settings.database_prefix, _EARLIER_PREFIX):
        rest = database.removeprefix(prefix)
        if rest and rest != database:
            return name_from_folder(rest)
    raise NotAdoptable(database, "the name of its provider is unknown", "provider_name")
