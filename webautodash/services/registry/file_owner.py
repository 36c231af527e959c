"""Decides which provider a file belongs to, by the name in it and the folder that it is in."""

from pathlib import Path

from webautodash.domain.naming import check_provider_name, is_placeholder, letters_key, name_from_folder, slug
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import MalformedDocument, UnregisteredProvider, UnusableFile, WrongFolder
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.registry.registration import register
from webautodash.services.store import Store


def owner_of_file(store: Store, path: Path, name: str | None, folder: str | None) -> RegisteredProvider:
    """Find the provider of a file; ``folder`` is the folder below Results, None for a file elsewhere.

    Without a name the folder decides, unless it is a placeholder such as "unknown". A new provider is registered.
    Raises UnregisteredProvider if the settings do not allow that, WrongFolder if name and folder disagree,
    MalformedDocument if there is neither, and what ``register`` raises.
    """
    if folder is not None and not folder.isprintable():
        raise UnusableFile(path, "its folder has a name with unprintable characters; rename the folder", "folder_name")
    if name is None and folder is not None and is_placeholder(folder):
        folder = None
    if folder is None:
        if name is None:
            position = "$.extraction_metadata.provider_name"
            raise MalformedDocument(path, position, "no provider is named", kind="no_provider")
        return _by_name(store, name) or _register(store, name, None)
    if name is None:
        holders = _by_folder(store, folder)
        if len(holders) > 1:
            raise WrongFolder(path, " or ".join(holder.name for holder in holders), folder)
        if holders:
            return _finish_registration(store, holders[0])
        return _register(store, name_from_folder(folder), folder)
    named = _by_name(store, name)
    if named is not None:
        # The folder is looked up after the name: another process may be registering this very provider.
        if all(holder.id != named.id for holder in _by_folder(store, folder)):
            raise WrongFolder(path, name, folder)
        return named
    if letters_key(name) != letters_key(folder) and slug(name) != folder:
        raise WrongFolder(path, name, folder)
    return _register(store, name, folder)


def _register(store: Store, name: str, folder: str | None) -> RegisteredProvider:
    if not store.settings.auto_register:
        # The check comes first: a file with an invalid name would wait forever.
        raise UnregisteredProvider(check_provider_name(name))
    return register(store, name, folder=folder).provider


def _by_name(store: Store, name: str) -> RegisteredProvider | None:
    with store.system.reading() as work:
        found = work.providers.by_name(name)
    return found and _finish_registration(store, found)


def _by_folder(store: Store, folder: str) -> list[RegisteredProvider]:
    with store.system.reading() as work:
        return work.providers.by_letters(folder)


def _finish_registration(store: Store, provider: RegisteredProvider) -> RegisteredProvider:
    """Complete a registration that was interrupted."""
    return register(store, provider.name).provider if provider.status is ProviderStatus.REGISTERING else provider
