"""The registry of providers: who they are, and whose a file is."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from uuid import uuid4

from webautodash.domain.dates import DateOrder
from webautodash.domain.lookalikes import character_differences, look_alike, reads_like
from webautodash.domain.naming import (
    RESERVED_SLUG,
    check_provider_name,
    database_name,
    letters_key,
    name_from_folder,
    same_name_key,
    slug,
)
from webautodash.domain.vocabulary import Level, ProviderStatus
from webautodash.errors import (
    InvalidProviderName,
    MadeByEarlierScripts,
    MalformedDocument,
    ProviderNameTaken,
    SafeNameTaken,
    SystemDatabaseTaken,
    UnknownProvider,
    UnregisteredProvider,
    UnusableFile,
    UsageError,
    WrongDatabase,
    WrongFolder,
)
from webautodash.repositories import ProviderRepository
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services import revisions
from webautodash.services.registry.rebuild_registry import identity_of, restore
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

_COMPONENT = "providers"


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered provider, and whether this call was the first to know them."""

    provider: RegisteredProvider
    created: bool


def resolve(store: Store, name: str) -> RegisteredProvider:
    """The provider of this slug, name or alias. Raises UnknownProvider with the nearest names; makes nothing."""
    with store.system.reading() as work:
        repository = work.providers
        found = repository.by_slug(name) or repository.by_name(name)
        if found is not None:
            return found
        slugs = [provider.slug for provider in repository.all()]
    raise UnknownProvider(name, get_close_matches(slug(name), slugs, n=3, cutoff=0.5))


def register(
    store: Store, name: str, *, folder: str | None = None, date_order: DateOrder | None = None
) -> Registration:
    """Make sure that a provider is registered, and has a database at head that says it is theirs.

    Each step bears to be repeated and to be raced: killed anywhere, the next call goes on from there.
    ``folder`` is where their first file lies. ``date_order`` says how they write dates with slashes, by default with
    the month first; it cannot be changed later.
    Raises InvalidProviderName, ProviderNameTaken, WrongDatabase, MadeByEarlierScripts.
    """
    display = _usable(name)
    # Another process may be first, with this name or with one that reads like it.
    provider, created = store.system.run_raced(lambda work: _entry(work, store, display, folder, date_order))
    database = store.server.create(provider.database_name, ProviderWork)
    revisions.upgrade(database, SchemaHistory.PROVIDER)
    database.run_raced(lambda work: _claim(work, provider))
    if provider.status is not ProviderStatus.ACTIVE:
        store.system.run(lambda work: work.providers.set_status(provider.id, ProviderStatus.ACTIVE))
    if created:
        SystemLogWriter(store.system).record(
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
    display = _usable(alias)

    def add(work: SystemWork) -> bool:
        repository = work.providers
        if repository.by_name(display) is None:
            _refuse_taken(display, _holders_of_spelling(repository, display), unless=owner)
            _refuse_taken(display, repository.by_look(display), unless=owner)
            repository.add_alias(owner.id, display)
            return True
        return False

    with store.system.reading() as work:
        repository = work.providers
        holder = repository.by_name(display)
        if holder is not None and holder.id != owner.id:
            raise UsageError(f"{display!r} is already the name of the provider {holder.name!r} ({holder.slug})")
        if holder is None:
            holders = _holders_of_spelling(repository, display)
            _refuse_taken(display, [*holders, *repository.by_look(display)], unless=owner)
    # In their own database first: the registry can be rebuilt from there.
    store.provider_database(owner).run(lambda work: work.identity.add_alias(display))
    if store.system.run(add):
        SystemLogWriter(store.system).record(
            Level.INFO, _COMPONENT, "alias_added", f"{display} is {owner.name}", provider=owner.slug
        )
    return resolve(store, owner.slug)


def owner_of(store: Store, path: Path, named: str | None, folder: str | None) -> RegisteredProvider:
    """Whose a file is: by the name in it and the folder below Results it lies in, None for a file elsewhere.

    A provider nobody has seen yet is registered. Raises UnregisteredProvider where the settings leave that to a person,
    WrongFolder where name and folder disagree, MalformedDocument where there is neither, and what ``register`` raises.
    """
    key = (None if named is None else same_name_key(named), folder)
    owner = store.owners.get(key)
    if owner is None:
        owner = store.owners[key] = _owner(store, path, named, folder)
    return owner


def _usable(name: str) -> str:
    display = check_provider_name(name)
    if look_alike(display, RESERVED_SLUG):
        raise InvalidProviderName(name, "looks like what is kept for the system database")
    return display


def _owner(store: Store, path: Path, named: str | None, folder: str | None) -> RegisteredProvider:
    if folder is not None and not folder.isprintable():
        raise UnusableFile(path, "lies in a folder whose name is no printable text; rename the folder", "folder_name")
    if folder is None:
        if named is None:
            position = "$.extraction_metadata.provider_name"
            raise MalformedDocument(path, position, "no provider is named", kind="no_provider")
        return _known(store, named) or _new(store, named, None)
    if named is None:
        holders = _holders(store, folder)
        if len(holders) > 1:
            raise WrongFolder(path, " or ".join(holder.name for holder in holders), folder)
        if holders:
            return _finished(store, holders[0])
        return _new(store, name_from_folder(folder), folder)
    known = _known(store, named)
    if known is not None:
        # Asked for after the name: another process may be registering this very provider.
        if all(holder.id != known.id for holder in _holders(store, folder)):
            raise WrongFolder(path, named, folder)
        return known
    if letters_key(named) != letters_key(folder) and slug(named) != folder:
        raise WrongFolder(path, named, folder)
    return _new(store, named, folder)


def _new(store: Store, name: str, folder: str | None) -> RegisteredProvider:
    if not store.settings.auto_register:
        # One with an impossible name can wait for ever.
        raise UnregisteredProvider(check_provider_name(name))
    return register(store, name, folder=folder).provider


def _known(store: Store, name: str) -> RegisteredProvider | None:
    with store.system.reading() as work:
        found = work.providers.by_name(name)
    return found and _finished(store, found)


def _finished(store: Store, provider: RegisteredProvider) -> RegisteredProvider:
    """A registration that was interrupted is brought to its end."""
    return register(store, provider.name).provider if provider.status is ProviderStatus.REGISTERING else provider


def _holders(store: Store, folder: str) -> list[RegisteredProvider]:
    with store.system.reading() as work:
        return work.providers.by_letters(folder)


def _entry(
    work: SystemWork, store: Store, name: str, folder: str | None, date_order: DateOrder | None
) -> tuple[RegisteredProvider, bool]:
    repository = work.providers
    wanted = slug(name)
    # The name last: whoever registers it meanwhile must not be taken for somebody else who reads like it.
    holders = _holders_of_spelling(repository, name)
    known = repository.by_name(name)
    if known is not None:
        if date_order not in {None, known.date_order}:
            raise UsageError(
                f"{known.name} is registered with the date order {known.date_order}; what is stored was read so"
            )
        return known, False
    _refuse_taken(name, [*holders, *repository.by_look(name)])
    database = database_name(store.settings.database_prefix, wanted)
    left = identity_of(store.server, database)
    if left is not None:
        # A registry that was lost, or restored from before this provider: their database knows them.
        if left.slug != wanted or same_name_key(left.name) != same_name_key(name):
            raise WrongDatabase(database, name, left.name)
        restore(repository, left, database, ProviderStatus.REGISTERING)
    else:
        _refuse_system(store, database)
        repository.add(
            identity=uuid4().hex,
            name=name,
            slug=wanted,
            folder=folder,
            database_name=database,
            date_order=date_order or DateOrder.MDY,
            status=ProviderStatus.REGISTERING,
        )
    added = repository.by_slug(wanted)
    assert added is not None  # noqa: S101  # it was added in this very transaction
    return added, True


def _refuse_system(store: Store, database: str) -> None:
    """Raise for a provider's database that would be this installation's system database, or another's."""
    if database.casefold() == store.system.name.casefold():
        raise SystemDatabaseTaken(store.system.name)
    if store.server.exists(database):
        found = store.server.read_value(database, revisions.VERSION_TABLE, revisions.VERSION_COLUMN)
        revisions.refuse_other(database, SchemaHistory.PROVIDER, found)


def _holders_of_spelling(repository: ProviderRepository, name: str) -> list[RegisteredProvider]:
    """The providers with the slug, or the letters and digits, of a name."""
    same_slug = repository.by_slug(slug(name))
    return [*([same_slug] if same_slug else []), *repository.by_letters(name)]


def _refuse_taken(name: str, holders: Sequence[RegisteredProvider], unless: RegisteredProvider | None = None) -> None:
    for holder in holders:
        if unless is None or holder.id != unless.id:
            raise name_taken(name, holder)


def name_taken(name: str, holder: RegisteredProvider) -> ProviderNameTaken:
    """Why a name cannot be another's than ``holder``'s, who has its slug or letters, or looks like it."""
    names = [holder.name, *holder.aliases]
    # A folder may be called by the slug, and a provider by the folder.
    if not any(reads_like(name, theirs) for theirs in (*names, holder.slug)):
        return SafeNameTaken(name, holder.name, holder.slug)
    # The one of their names that is nearest says best what is different.
    (nearest,) = get_close_matches(name, names, n=1, cutoff=0)
    return ProviderNameTaken(name, holder.name, holder.slug, character_differences(name, nearest))


def _claim(work: ProviderWork, provider: RegisteredProvider) -> None:
    repository = work.identity
    found = repository.find()
    if found is None:
        if work.legacy_tables.is_aside():
            # Its rows are not all there yet.
            raise MadeByEarlierScripts(provider.database_name)
        repository.claim(provider)
    elif found.identity != provider.identity:
        raise WrongDatabase(provider.database_name, provider.slug, found.slug)
