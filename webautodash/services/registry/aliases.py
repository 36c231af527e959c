"""Further names of a provider."""

from webautodash.domain.vocabulary import Level
from webautodash.errors import UsageError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.registry.name_check import require_free, same_spelling, valid_name
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter


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
