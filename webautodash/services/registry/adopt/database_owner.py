"""Whose a database of the earlier scripts is: said by the operator, the registry, or the scripts' own."""

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
    """Whose the database is to be."""

    name: str
    slug: str
    date_order: DateOrder


def owner_of_database(
    store: Store, database: str, name: str | None, date_order: DateOrder | None, identity: ProviderIdentity | None
) -> Owner:
    """Decide whose a database is.

    Raises NotAdoptable where the name is another provider's, or not the one that is known, or none can be found;
    InvalidProviderName.
    """
    known = registered(store)
    holder = next((each for each in known if each.database_name == database), None)
    if holder is not None:
        return _agreed(database, name, date_order, holder.name, holder.slug, holder.date_order)
    if identity is not None:
        owner = _agreed(database, name, date_order, identity.name, identity.slug, identity.date_order)
    else:
        wanted = check_provider_name(name or _known_as(store, database))
        owner = Owner(wanted, slug(wanted), date_order or DateOrder.MDY)
    for each in known:
        names = {same_name_key(one) for one in (each.name, *each.aliases)}
        letters = {letters_key(one) for one in (each.name, *each.aliases)}
        if same_name_key(owner.name) in names or letters_key(owner.name) in letters or owner.slug == each.slug:
            raise NotAdoptable(
                database,
                f"{owner.name!r} is the name of the registered provider {each.slug}, or reads like it, or has its "
                f"safe name, and theirs is the database {each.database_name}; two databases are never made one; "
                "give another --name",
            )
    return owner


def registered(store: Store) -> list[RegisteredProvider]:
    """The registry; nothing where it is not there yet."""
    if not store.server.exists(store.system.name):
        return []
    if has_earlier_registry(store):
        return []
    with store.system.reading() as work:
        revisions.require_head(work, store.system.name, SchemaHistory.SYSTEM)
        return work.providers.all()


def has_earlier_registry(store: Store) -> bool:
    """Whether the earlier scripts' registry has the name that this program's is to have."""
    if not store.server.exists(store.system.name):
        return False
    with store.system.reading() as work:
        return work.legacy_tables.is_earlier_registry()


def earlier_name(store: Store, database: str) -> str | None:
    """Whose a database is in the earlier scripts' own registry, where that can be read."""
    places = [f"{prefix}{_EARLIER_REGISTRY}" for prefix in (store.settings.database_prefix, _EARLIER_PREFIX)]
    for place in dict.fromkeys((store.system.name, *places)):
        # It may be another's, or not for this account to read.
        with suppress(WebAutoDashError):
            if store.server.exists(place):
                with store.server.database(place, ProviderWork).reading() as work:
                    found = work.legacy_tables.provider_name(database)
                if found:
                    return found
    return None


def _agreed(
    database: str,
    name: str | None,
    date_order: DateOrder | None,
    known: str,
    known_slug: str,
    known_order: DateOrder,
) -> Owner:
    if name is not None and same_name_key(name) != same_name_key(known):
        raise NotAdoptable(database, f"it is registered as {known!r}, not as {name!r}")
    if date_order not in {None, known_order}:
        raise UsageError(f"{known} is registered with the date order {known_order}; what is stored was read so")
    return Owner(known, known_slug, known_order)


def _known_as(store: Store, database: str) -> str:
    found = earlier_name(store, database)
    if found is not None:
        return found
    for prefix in (store.settings.database_prefix, _EARLIER_PREFIX):
        rest = database.removeprefix(prefix)
        if rest and rest != database:
            return name_from_folder(rest)
    raise NotAdoptable(database, "nothing says whose it is; say it with --name")
