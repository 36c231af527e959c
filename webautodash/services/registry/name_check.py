"""Checks that a name can be given to a provider: valid, and not confusable with the name of another one."""

from collections.abc import Iterable
from difflib import get_close_matches

from webautodash.domain.lookalikes import character_differences, look_alike, reads_like
from webautodash.domain.naming import RESERVED_SLUG, check_provider_name, slug
from webautodash.errors import InvalidProviderName, ProviderNameTaken, SafeNameTaken
from webautodash.repositories.providers import ProviderRepository, RegisteredProvider


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
    if not any(reads_like(name, theirs) for theirs in (*names, holder.slug)):
        return SafeNameTaken(name, holder.name, holder.slug)
    # Compare with the nearest name: it shows best which characters differ.
    (nearest,) = get_close_matches(name, names, n=1, cutoff=0)
    return ProviderNameTaken(name, holder.name, holder.slug, character_differences(name, nearest))
