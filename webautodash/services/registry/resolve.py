"""Finds a registered provider by slug, name or alias."""

from difflib import get_close_matches

from webautodash.domain.naming import slug
from webautodash.errors import UnknownProvider
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.store import Store


def resolve_provider(store: Store, name: str) -> RegisteredProvider:
    """Find the provider with this slug, name or alias. Raises UnknownProvider with the nearest names."""
    with store.system.reading() as work:
        repository = work.providers
        found = repository.by_slug(name) or repository.by_name(name)
        if found is not None:
            return found
        slugs = [provider.slug for provider in repository.all()]
    raise UnknownProvider(name, get_close_matches(slug(name), slugs, n=3, cutoff=0.5))
