"""Finds a registered provider by slug, name or alias."""

from collections.abc import Iterable
from difflib import get_close_matches

from webautodash.domain.lookalikes import character_differences, look_alike, reads_like
from webautodash.domain.naming import RESERVED_SLUG, check_provider_name, slug, untitled_key
from webautodash.domain.vocabulary import Level
from webautodash.errors import InvalidProviderName, ProviderNameTaken, SafeNameTaken, UnknownProvider, UsageError
from webautodash.repositories.providers import ProviderRepository, RegisteredProvider
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter


def resolve_provider(store: Store, name: str) -> RegisteredProvider:
    """Find the provider with this slug, name or alias. Raises UnknownProvider with the nearest names."""
    with store.system.reading() as work:
        repository = work.providers
        found = repository.by_slug(name) or repository.by_name(name)
        if found is not None:
            return found
        slugs = [provider.slug for provider in repository.all()]
    raise UnknownProvider(name, get_close_matches(slug(name), slugs, n=3, cutoff=0.5))


def valid_name(name: str) -> str:
    """Return the name as it is stored. Raises InvalidProviderName, also for a name like the system database's."""
    display = check_provider_name(name)
    if look_alike(display, RESERVED_SLUG):
        raise InvalidProviderName(name, "it looks like the name that is reserved for the system database")
    return display


def same_spelling(providers: ProviderRepository, name: str) -> list[RegisteredProvider]:
    """Find the providers with the slug of a name, or with its letters and digits."""
    same_slug = providers.by_slug(slug(name))
    return [*([same_slug] if same_slug else []), *providers.by_letters(name)]


def require_free(name: str, holders: Iterable[RegisteredProvider], owner: RegisteredProvider | None = None) -> None:
    """Raise ProviderNameTaken if one of the holders of a name, or of a confusable one, is not ``owner``."""
    for holder in holders:
        if owner is None or holder.id != owner.id:
            raise name_taken(name, holder)


def name_taken(name: str, holder: RegisteredProvider) -> ProviderNameTaken:
    """Make the error for a name with the slug or the letters of ``holder``, or that looks like one of its names."""
    names = [holder.name, *holder.aliases]
    # A folder may be called by the slug, and a provider by the folder.
    if any(untitled_key(name) == untitled_key(theirs) and not reads_like(name, theirs) for theirs in names):
        return ProviderNameTaken(name, holder.name, holder.slug, "a title")
    if not any(reads_like(name, theirs) for theirs in (*names, holder.slug)):
        return SafeNameTaken(name, holder.name, holder.slug)
    # Compare with the nearest name: it shows best which characters differ.
    (nearest,) = get_close_matches(name, names, n=1, cutoff=0)
    return ProviderNameTaken(name, holder.name, holder.slug, character_differences(name, nearest))


def add_alias(store: Store, provider: str, alias: str) -> RegisteredProvider:
    """Record another name, or the name of another folder, of a provider.

    Raises ProviderNameTaken if another provider has the name.
    """
    owner = resolve_provider(store, provider)
    display = valid_name(alias)

    def add(work: SystemWork) -> bool:
        if work.providers.by_name(display) is not None:
            return False
        require_free(display, _holders(work, display), owner)
        work.providers.add_alias(owner.id, display)
        return True

    with store.system.reading() as work:
        holder = work.providers.by_name(display)
        if holder is not None and holder.id != owner.id:
            raise UsageError(f"{display!r} is already the name of the provider {holder.name!r} ({holder.slug})")
        if holder is None:
            require_free(display, _holders(work, display), owner)
    # In the provider's own database first: the registry can be rebuilt from there.
    store.provider_database(owner).run(lambda work: work.identity.add_alias(display))
    if store.system.run(add):
        message = f"{display} is {owner.name}"
        SystemLogWriter(store.system).record(Level.INFO, "providers", "alias_added", message, provider=owner.slug)
    return resolve_provider(store, owner.slug)


def _holders(work: SystemWork, name: str) -> list[RegisteredProvider]:
    return [*same_spelling(work.providers, name), *work.providers.lookalikes(name)]
