"""How files stand, and what a person decides about those that were not taken."""

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from webautodash.domain.vocabulary import FAILED_FILES, OPEN_FILES, FileState, Level
from webautodash.errors import FileNotWatched, UnknownFile, UsageError
from webautodash.models.base import utc_now
from webautodash.repositories import FileStateRepository
from webautodash.repositories.file_states import FileEntry
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.batches import in_parts
from webautodash.services.ingest.paths import DEFAULT_ROOT, as_text, from_text, is_watched, shown_path, split_root
from webautodash.services.paging import Listing, of_one
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.registry.roots import Root, own_root
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

__all__ = ["NOT_TAKEN", "FileEntry", "forget", "search", "try_again", "waiting_paths"]

NOT_TAKEN = (*OPEN_FILES, *FAILED_FILES)
_AT_ONCE = 500


def search(
    store: Store,
    states: Collection[FileState],
    provider: str | None = None,
    *,
    limit: int = 50,
    after: int | None = None,
) -> Listing[FileEntry]:
    """Files of some states, or of all, the first seen first. Raises UnknownProvider."""
    number = None if provider is None else resolve_provider(store, provider).id
    with store.system.reading() as work:
        return of_one(work.file_states.search(states, number, limit, after))


def waiting_paths(
    store: Store, states: Collection[FileState], provider: str | None = None, *, watched: bool = False
) -> list[str]:
    """The paths of all files of some states in the own root; only those where new files are looked for, if ``watched``.

    Files that were named to ``ingest`` and lie elsewhere belong to no root.
    """
    paths: list[str] = []
    prefix = own_root(store).prefix
    after: int | None = None
    while True:
        page = search(store, states, provider, limit=_AT_ONCE, after=after)
        mine = [entry.path for entry in page.items if _is_of(entry.path, prefix)]
        paths += [path for path in mine if is_watched(path, prefix) or not watched]
        if not page.more:
            return paths
        after = page.items[-1].id


def try_again(store: Store, paths: Sequence[str]) -> list[str]:
    """Have files taken by whoever comes next, a monitor or ``ingest``; their paths as the registry has them.

    Raises UsageError where one is not known, belongs to another root, or lies where nobody looks by himself, and then
    none is changed.
    """
    root = own_root(store)
    known = _known(store, root, paths)
    elsewhere = next((path for path in known if not is_watched(path, root.prefix)), None)
    if elsewhere is not None:
        raise FileNotWatched(elsewhere, place_of(store, elsewhere))
    now = utc_now()
    _change(store, known, lambda repository, some: repository.try_again(some, now))
    _log(store, "file_retried", known, "will be tried again")
    return known


def forget(store: Store, paths: Sequence[str]) -> list[str]:
    """Forget what is known of files: one that is gone leaves the list, one that is there is as if just found.

    What was stored of them stays stored. Raises UsageError as ``try_again`` does.
    """
    root = own_root(store)
    known = _known(store, root, paths)
    # Nobody would meet the others again.
    there = [path for path in known if is_watched(path, root.prefix) and os.path.lexists(place_of(store, path))]
    gone = sorted(set(known).difference(there))
    now = utc_now()
    _change(store, there, lambda repository, some: repository.begin_anew(some, now))
    _change(store, gone, lambda repository, some: repository.forget(some))
    _log(store, "file_forgotten", known, "forgotten")
    return known


def _known(store: Store, root: Root, paths: Sequence[str]) -> list[str]:
    with store.system.reading() as work:
        repository = work.file_states
        found: dict[str, None] = {}
        for some in in_parts(paths, _AT_ONCE):
            names = {path: _names(store, root, path) for path in some}
            known = repository.known_among([name for each in names.values() for name in each])
            for path in some:
                name = next((name for name in names[path] if name in known), None)
                if name is None:
                    raise UnknownFile(path)
                if not _is_of(name, root.prefix):
                    theirs = split_root(name)[0] or f"{DEFAULT_ROOT}://"
                    raise UsageError(
                        f"{name} is a file of another root, {theirs.removesuffix('://')}: do this where its folder is "
                        "WEBAUTODASH_RESULTS_DIR"
                    )
                found[name] = None
    return list(found)


def known_path(store: Store, path: str) -> str:
    """The path of one file of the own root as the registry has it. Raises UsageError where no such file is known."""
    return _known(store, own_root(store), [path])[0]


def place_of(store: Store, path: str) -> Path:
    """Where the file of a registry's path lies."""
    return store.settings.results_dir / from_text(split_root(path)[1])


def _names(store: Store, root: Root, path: str) -> tuple[str, ...]:
    """What a path that a person gives may be called: below Results, as it is shown, or from where they are."""
    shown = shown_path(Path(os.path.normpath(path)), store.settings.results_dir, root.prefix)
    return root.prefix + as_text(path), path, as_text(path), shown


def _is_of(path: str, prefix: str) -> bool:
    """Whether a file is of the root with this prefix, or lies elsewhere and is of none."""
    return path.startswith("/") or split_root(path)[0] == prefix


def _change(store: Store, paths: Sequence[str], change: Callable[[FileStateRepository, Sequence[str]], None]) -> None:
    def transaction(work: SystemWork) -> None:
        for some in in_parts(paths, _AT_ONCE):
            change(work.file_states, some)

    store.system.run(transaction)


def _log(store: Store, event: str, paths: Sequence[str], what: str) -> None:
    if paths:
        message = f"{paths[0]}: {what}" if len(paths) == 1 else f"{len(paths)} files: {what}"
        SystemLogWriter(store.system).record(Level.INFO, "files", event, message)
