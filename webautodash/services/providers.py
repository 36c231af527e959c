"""The registry of providers: who they are, and whose a file is."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from webautodash.domain.dates import DateOrder
from webautodash.domain.naming import (
    check_provider_name,
    database_name,
    letters_key,
    name_from_folder,
    same_name_key,
    slug,
)
from webautodash.domain.vocabulary import Level, ProviderStatus
from webautodash.errors import (
    DuplicateKey,
    MalformedDocument,
    ProviderNameTaken,
    UnknownProvider,
    UsageError,
    WrongDatabase,
    WrongFolder,
)
from webautodash.repositories import IdentityRepository, ProviderRepository
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services import migrate
from webautodash.services.log import SystemLog
from webautodash.services.migrate import History
from webautodash.services.store import Store

_COMPONENT = "providers"


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered provider, and whether this call was the first to know them."""

    provider: RegisteredProvider
    created: bool


def resolve(store: Store, name: str) -> RegisteredProvider:
    """The provider of this slug, name or alias. Raises UnknownProvider with the nearest names; makes nothing."""
    with store.system.reading() as session:
        repository = ProviderRepository(session)
        found = repository.by_slug(name) or repository.by_name(name)
        if found is not None:
            return found
        slugs = [provider.slug for provider in repository.all()]
    raise UnknownProvider(name, get_close_matches(slug(name), slugs, n=3, cutoff=0.5))


def register(
    store: Store, name: str, *, folder: str | None = None, date_order: DateOrder = DateOrder.MDY
) -> Registration:
    """Make sure that a provider is registered, and has a database at head that says it is theirs.

    Each step bears to be repeated and to be raced: killed anywhere, the next call goes on from there.
    Raises InvalidProviderName, ProviderNameTaken, WrongDatabase.
    """
    display = check_provider_name(name)
    try:
        provider, created = store.system.run(lambda session: _entry(session, store, display, folder, date_order))
    except DuplicateKey:
        # Another process was first, with this name or with one that reads like it.
        provider, created = store.system.run(lambda session: _entry(session, store, display, folder, date_order))
    database = store.server.create(provider.database_name)
    migrate.upgrade(database, History.PROVIDER)
    try:
        database.run(lambda session: _claim(session, provider))
    except DuplicateKey:
        database.run(lambda session: _claim(session, provider))
    if provider.status is not ProviderStatus.ACTIVE:
        store.system.run(lambda session: ProviderRepository(session).set_status(provider.id, ProviderStatus.ACTIVE))
    if created:
        SystemLog(store.system).record(
            Level.INFO,
            _COMPONENT,
            "provider_registered",
            f"registered {provider.name}",
            provider=provider.slug,
            database_name=provider.database_name,
        )
    return Registration(resolve(store, provider.slug), created)


def add_alias(store: Store, provider: str, alias: str) -> RegisteredProvider:
    """Say that another name, or another folder, is this provider's too.

    Raises ProviderNameTaken where another provider has the name.
    """
    owner = resolve(store, provider)
    display = check_provider_name(alias)

    def add(session: Session) -> bool:
        repository = ProviderRepository(session)
        holder = repository.by_name(display)
        if holder is not None and holder.id != owner.id:
            raise UsageError(f"{display!r} is already the name of the provider {holder.name!r} ({holder.slug})")
        if holder is None:
            repository.add_alias(owner.id, display)
        return holder is None

    if store.system.run(add):
        SystemLog(store.system).record(
            Level.INFO, _COMPONENT, "alias_added", f"{display} is {owner.name}", provider=owner.slug
        )
    return resolve(store, owner.slug)


def owner_of(store: Store, path: Path, named: str | None, folder: str | None) -> RegisteredProvider:
    """Whose a file is: by the name in it and the folder below Results it lies in, None for a file elsewhere.

    A provider nobody has seen yet is registered. Raises WrongFolder where name and folder disagree,
    MalformedDocument where there is neither, and what ``register`` raises.
    """
    if folder is None:
        if named is None:
            raise MalformedDocument(path, "$.extraction_metadata.provider_name", "no provider is named")
        return _known(store, named) or register(store, named).provider
    if named is None:
        holders = _holders(store, folder)
        if len(holders) > 1:
            raise WrongFolder(path, " or ".join(holder.name for holder in holders), folder)
        if holders:
            return _finished(store, holders[0])
        return register(store, name_from_folder(folder), folder=folder).provider
    known = _known(store, named)
    if known is not None:
        # Asked for after the name: another process may be registering this very provider.
        if all(holder.id != known.id for holder in _holders(store, folder)):
            raise WrongFolder(path, named, folder)
        return known
    if letters_key(named) != letters_key(folder) and slug(named) != folder:
        raise WrongFolder(path, named, folder)
    return register(store, named, folder=folder).provider


def _known(store: Store, name: str) -> RegisteredProvider | None:
    with store.system.reading() as session:
        found = ProviderRepository(session).by_name(name)
    return found and _finished(store, found)


def _finished(store: Store, provider: RegisteredProvider) -> RegisteredProvider:
    """A registration that was interrupted is brought to its end."""
    return register(store, provider.name).provider if provider.status is ProviderStatus.REGISTERING else provider


def _holders(store: Store, folder: str) -> list[RegisteredProvider]:
    with store.system.reading() as session:
        return ProviderRepository(session).by_letters(folder)


def _entry(
    session: Session, store: Store, name: str, folder: str | None, date_order: DateOrder
) -> tuple[RegisteredProvider, bool]:
    repository = ProviderRepository(session)
    known = repository.by_name(name)
    if known is not None:
        return known, False
    wanted = slug(name)
    holder = repository.by_slug(wanted) or next(iter(repository.by_letters(name)), None)
    if holder is not None and same_name_key(holder.name) == same_name_key(name):
        # Another process registered it between our two looks.
        return holder, False
    if holder is not None:
        raise ProviderNameTaken(name, holder.name, holder.slug)
    database = database_name(store.settings.database_prefix, wanted)
    repository.add(
        identity=_identity_of(store, database, wanted, name) or uuid4().hex,
        name=name,
        name_key=same_name_key(name),
        letters_key=letters_key(name),
        slug=wanted,
        folder=folder,
        database_name=database,
        date_order=date_order,
        status=ProviderStatus.REGISTERING,
    )
    added = repository.by_slug(wanted)
    assert added is not None  # noqa: S101  # it was added in this very transaction
    return added, True


def _identity_of(store: Store, database: str, wanted: str, name: str) -> str | None:
    """What a database left from an earlier registry says of itself: the registry can be rebuilt from it."""
    if not store.server.exists(database):
        return None
    left = store.server.database(database)
    if migrate.current(left) is None:
        return None
    with left.reading() as session:
        found = IdentityRepository(session).find()
    if found is None:
        return None
    if found.slug != wanted or same_name_key(found.name) != same_name_key(name):
        raise WrongDatabase(database, name, found.name)
    return found.identity


def _claim(session: Session, provider: RegisteredProvider) -> None:
    repository = IdentityRepository(session)
    found = repository.find()
    if found is None:
        repository.claim(provider.identity, provider.slug, provider.name)
    elif found.identity != provider.identity:
        raise WrongDatabase(provider.database_name, provider.slug, found.slug)
