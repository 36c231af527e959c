"""The roots: which Results folders belong to the store, and whose files are whose."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webautodash.domain.vocabulary import Level
from webautodash.errors import AmbiguousRoot, RootInUse, UnknownResultsFolder, UnknownRoot, UsageError
from webautodash.repositories.roots import RootFolder
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.ingest.paths import DEFAULT_ROOT, as_text, is_root_name, root_prefix
from webautodash.services.leases import host
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter


@dataclass(frozen=True, slots=True)
class Root:
    """The root whose folder this process's Results folder is."""

    name: str

    @property
    def prefix(self) -> str:
        """What the paths of its files begin with."""
        return root_prefix(self.name)


def own_root(store: Store) -> Root:
    """The root of the Results folder of the settings.

    The first folder that a store is used with becomes the default root. Raises UnknownResultsFolder for another folder
    that nobody declared, AmbiguousRoot for one that several roots have, NoAnswer if it does not answer in time.
    """
    results, wanted = store.settings.results_dir, store.settings.results_root
    folder, is_there = store.time_limit.within(str(results), lambda: (_real(results), results.is_dir()))

    def find(work: SystemWork) -> Root | None:
        known = work.roots.all()
        names = {one.name for one in known if one.folder == folder and wanted in {None, one.name}}
        if len(names) > 1:
            raise AmbiguousRoot(folder, sorted(names))
        if names:
            return Root(names.pop())
        if known or wanted not in {None, DEFAULT_ROOT}:
            others = {one.name: one.folder for one in known}
            raise UnknownResultsFolder(folder, others, wanted, has_a_root=any(one.folder == folder for one in known))
        return None

    def find_or_record(work: SystemWork) -> Root:
        found = find(work)
        if found is None:
            work.roots.add_first(DEFAULT_ROOT, folder, host())
        return found or Root(DEFAULT_ROOT)

    with store.system.reading() as work:
        found = find(work)
    if found is not None or not is_there:
        return found or Root(DEFAULT_ROOT)
    return store.system.run_raced(find_or_record)


def root_of_paths(store: Store, paths: Sequence[Path]) -> Root:
    """The root that files are shown in which are found at these paths, or in Results if there are none.

    Paths that have nothing to do with the Results folder need no root.
    """
    results = Path(_real(store.settings.results_dir))
    if all(_is_apart(Path(_real(path)), results) for path in paths) and paths:
        return Root(DEFAULT_ROOT)
    return own_root(store)


def list_roots(store: Store) -> list[RootFolder]:
    """Every folder of every root."""
    with store.system.reading() as work:
        return work.roots.all()


def add_root(store: Store, name: str, folder: Path, *, same_path: bool = False) -> RootFolder:
    """Declare that a folder is a root's: a new root, or another path of a root's folder. Safe to repeat.

    Raises UsageError for a name that a root cannot have, and for a folder of another root unless ``same_path`` says
    that machines have different folders at this path.
    """
    if not is_root_name(name):
        raise UsageError(f"{name!r} is no name of a root: lower-case letters, digits, - and _, 32 at most")
    path = _real(folder)

    def add(work: SystemWork) -> bool:
        if _find(work, name, path) is not None:
            return False
        others = sorted({one.name for one in work.roots.all() if one.folder == path})
        if others and not same_path:
            raise UsageError(
                f"{path} is a folder of the root {', '.join(others)} already; --same-path if another machine has "
                "another folder at this path, and WEBAUTODASH_RESULTS_ROOT names its root on each machine"
            )
        work.roots.add(name, path, host())
        return True

    if store.system.run_raced(add):
        _log(store, "root_added", f"{path} is a folder of the root {name}")
    return _there(store, name, path)


def move_root(store: Store, name: str, folder: Path, before: Path | None = None) -> RootFolder:
    """Say that a root's folder has moved; its files keep their paths below it.

    ``before`` is the earlier folder, needed if the root has several. Raises UsageError if the root has no such folder.
    """
    path = _real(folder)
    old = None if before is None else _real(before)

    def move(work: SystemWork) -> list[str]:
        repository = work.roots
        folders = [one.folder for one in repository.all() if one.name == name]
        if not folders:
            raise UnknownRoot(name)
        if old is None and len(folders) > 1:
            raise UsageError(f"the root {name} has several folders; say which one has moved: --from")
        if old is not None and old not in folders:
            raise UnknownRoot(name, old)
        gone = [each for each in folders if each in {old or folders[0]} and each != path]
        repository.remove(name, gone)
        if path not in folders:
            repository.add(name, path, host())
        return gone

    for gone in store.system.run_raced(move):
        _log(store, "root_moved", f"the root {name} has moved from {gone} to {path}")
    return _there(store, name, path)


def remove_root(store: Store, name: str, folder: Path | None = None) -> RootFolder:
    """Remove a folder from a root, by default its only one; a root without a folder is gone.

    Raises UsageError where the root has no such folder, or where it is the last and files of the root are known.
    """
    # A folder that is a link by now was recorded by the path that it had.
    paths = set() if folder is None else {_real(folder), as_text(str(folder.absolute()))}

    def remove(work: SystemWork) -> RootFolder:
        repository = work.roots
        known = [one for one in repository.all() if one.name == name]
        found = [one for one in known if one.folder in paths or not paths]
        if not found:
            raise UnknownRoot(name, None if not known or folder is None else str(folder))
        if len(found) > 1:
            raise UsageError(f"the root {name} has several folders; say which one is to be removed")
        if len(known) == 1 and work.ingested_files.has_files_of_root(root_prefix(name)):
            raise RootInUse(name, found[0].folder)
        repository.remove(name, [found[0].folder])
        return found[0]

    removed = store.system.run(remove)
    _log(store, "root_removed", f"{removed.folder} is no folder of the root {name} any more")
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
