"""Roots: the Results folders that belong to the store, each with the name that prefixes its files' paths."""

import os
from collections.abc import Sequence
from pathlib import Path

from webautodash.domain.file_paths import DEFAULT_ROOT, as_text, is_root_name, root_prefix
from webautodash.domain.vocabulary import Level
from webautodash.errors import AmbiguousRoot, RootInUse, UnknownResultsFolder, UnknownRoot, UsageError
from webautodash.repositories.roots import RootFolder
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.leases import host
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter


def own_root(store: Store) -> str:
    """Find the root that the Results folder in the settings belongs to. Returns the prefix of its files' paths.

    The first folder that is used with a store becomes the default root. Raises UnknownResultsFolder for a folder that
    was not added, AmbiguousRoot for one that several roots have, NoAnswer if the folder does not respond in time.
    """
    results, wanted = store.settings.results_dir, store.settings.results_root
    folder, is_there = store.time_limit.within(str(results), lambda: (_real(results), results.is_dir()))

    def find(work: SystemWork) -> str | None:
        known = work.roots.all()
        names = {one.name for one in known if one.folder == folder and wanted in {None, one.name}}
        if len(names) > 1:
            raise AmbiguousRoot(folder, sorted(names))
        if names:
            return root_prefix(names.pop())
        if known or wanted not in {None, DEFAULT_ROOT}:
            others = {one.name: one.folder for one in known}
            raise UnknownResultsFolder(folder, others, wanted, has_a_root=any(one.folder == folder for one in known))
        return None

    def find_or_record(work: SystemWork) -> str:
        found = find(work)
        if found is None:
            work.roots.add_first(DEFAULT_ROOT, folder, host())
        return found or root_prefix(DEFAULT_ROOT)

    with store.system.reading() as work:
        found = find(work)
    if found is not None or not is_there:
        return found or root_prefix(DEFAULT_ROOT)
    return store.system.run_raced(find_or_record)


def root_of_paths(store: Store, paths: Sequence[Path]) -> str:
    """Find the root of files at these paths, or in Results if there are none. Returns the prefix of its files' paths.

    Paths outside the Results folder need no root.
    """
    results = Path(_real(store.settings.results_dir))
    if all(_is_apart(Path(_real(path)), results) for path in paths) and paths:
        return root_prefix(DEFAULT_ROOT)
    return own_root(store)


def list_roots(store: Store) -> list[RootFolder]:
    """List every folder of every root."""
    with store.system.reading() as work:
        return work.roots.all()


def add_root(store: Store, name: str, folder: Path, *, same_path: bool = False) -> RootFolder:
    """Add a folder: a new root, or another path of an existing root. Idempotent.

    Raises UsageError for an invalid name, and for a folder of another root; ``same_path`` allows that, for machines
    with different folders at the same path.
    """
    if not is_root_name(name):
        raise UsageError(f"{name!r} is not a valid name of a root; use at most 32 lower-case letters, digits, - and _")
    path = _real(folder)

    def add(work: SystemWork) -> bool:
        if _find(work, name, path) is not None:
            return False
        others = sorted({one.name for one in work.roots.all() if one.folder == path})
        if others and not same_path:
            raise UsageError(f"{path} already belongs to the root {', '.join(others)}", "folder_in_another_root")
        work.roots.add(name, path, host())
        return True

    if store.system.run_raced(add):
        _log(store, "root_added", f"{path} is a folder of the root {name}")
    return _there(store, name, path)


def move_root(store: Store, name: str, folder: Path, before: Path | None = None) -> RootFolder:
    """Replace the folder of a root that was moved; the paths of its files below it stay.

    ``before`` is the earlier folder, needed if the root has several. Raises UnknownRoot, UsageError.
    """
    path = _real(folder)
    old = None if before is None else _real(before)

    def move(work: SystemWork) -> list[str]:
        repository = work.roots
        folders = [one.folder for one in repository.all() if one.name == name]
        if not folders:
            raise UnknownRoot(name)
        if old is None and len(folders) > 1:
            raise UsageError(f"the root {name} has several folders", "root_with_several_folders")
        if old is not None and old not in folders:
            raise UnknownRoot(name, old)
        removed = [each for each in folders if each in {old or folders[0]} and each != path]
        repository.remove(name, removed)
        if path not in folders:
            repository.add(name, path, host())
        return removed

    for earlier in store.system.run_raced(move):
        _log(store, "root_moved", f"the root {name} has moved from {earlier} to {path}")
    return _there(store, name, path)


def remove_root(store: Store, name: str, folder: Path | None = None) -> RootFolder:
    """Remove a folder from a root, by default its only one; a root without a folder no longer exists.

    Raises UnknownRoot, UsageError, and RootInUse for the last folder of a root whose files are recorded.
    """
    # A folder that became a symbolic link was recorded by its earlier path.
    paths = set() if folder is None else {_real(folder), as_text(str(folder.absolute()))}

    def remove(work: SystemWork) -> RootFolder:
        repository = work.roots
        known = [one for one in repository.all() if one.name == name]
        found = [one for one in known if one.folder in paths or not paths]
        if not found:
            raise UnknownRoot(name, None if not known or folder is None else str(folder))
        if len(found) > 1:
            raise UsageError(f"the root {name} has several folders; name the one to remove")
        if len(known) == 1 and work.ingested_files.has_files_of_root(root_prefix(name)):
            raise RootInUse(name, found[0].folder)
        repository.remove(name, [found[0].folder])
        return found[0]

    removed = store.system.run(remove)
    _log(store, "root_removed", f"{removed.folder} was removed from the root {name}")
    return removed


def _find(work: SystemWork, name: str, folder: str) -> RootFolder | None:
    return next((one for one in work.roots.all() if (one.name, one.folder) == (name, folder)), None)


def _there(store: Store, name: str, folder: str) -> RootFolder:
    with store.system.reading() as work:
        found = _find(work, name, folder)
    if found is None:
        raise UnknownRoot(name, folder)
    return found


def _is_apart(path: Path, results: Path) -> bool:
    return path != results and results not in path.parents and path not in results.parents


def _real(path: Path) -> str:
    return as_text(os.path.realpath(path))


def _log(store: Store, event: str, message: str) -> None:
    SystemLogWriter(store.system).record(Level.INFO, "roots", event, message)
