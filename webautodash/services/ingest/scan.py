"""Finds the files to ingest, without opening any."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from webautodash.config import Settings, setting_key
from webautodash.domain.file_paths import as_text, is_extraction, shown_folder
from webautodash.domain.folders import Folder, find_folder, listed_folder
from webautodash.errors import ConfigurationError, FolderReplaced, NoAnswer, UsageError, without_context
from webautodash.services.timeouts import TimeLimit

FileKey = tuple[str, str]
"""Folder and name of a file."""
# A plain tuple of ints, because there may be very many.
FileStat = tuple[int, int | None, int, int, int]
"""Inode, size (None for anything but a regular file that can be seen), mtime, number of links, and ctime.

No program can set the ctime, so that no change goes unnoticed.
"""
_NOTHING: FileStat = (0, None, 0, 1, 0)


class Candidate(NamedTuple):
    """A file to ingest. There may be very many: the text of their folders is shared, a path is made when needed."""

    directory: str
    name: str
    folder: str | None
    """The provider's folder below Results; None for a file elsewhere."""
    stat: FileStat
    """The file's stat when it was found."""
    named: str | None = None
    """The provider that the file names, if its metadata could be read from its beginning."""
    place: Folder | None = None
    """The folder in which the file was found; the file is read from no other."""
    shown_folder: str = ""
    """The beginning of the paths of its folder's files as reports name them, not yet as text."""
    is_asked_for: bool = False
    """Whether a person named this file; then it is read even if it is stored and unchanged."""

    @property
    def key(self) -> FileKey:
        """Identifies the file in this process."""
        return self.directory, self.name

    @property
    def size(self) -> int | None:
        """The size when the file was found; None for anything but a regular file."""
        return self.stat[1]

    @property
    def path(self) -> Path:
        """The file's path."""
        return Path(self.directory, self.name)

    @property
    def shown(self) -> str:
        """The path as reports and the system database name it."""
        return as_text(self.shown_folder + self.name)


def stat_file(path: Path | os.DirEntry[str]) -> FileStat:
    """Stat a file now, without following a link."""
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return _NOTHING
    size = status.st_size if S_ISREG(status.st_mode) else None
    return status.st_ino, size, status.st_mtime_ns, status.st_nlink, status.st_ctime_ns


def stat_text(stat: FileStat) -> str:
    """The stat as a row records it. Without the number of links: another link changes the ctime."""
    number, size, mtime_ns, _, ctime_ns = stat
    return f"{number:x}:{'' if size is None else f'{size:x}'}:{mtime_ns:x}:{ctime_ns:x}"


def candidates(paths: Sequence[Path], results: Path, prefix: str = "") -> list[Candidate]:
    """The files behind some paths, or in Results if there are none; each once.

    For a folder: the files in it and in its folders, one level deep, like Results. Only Results itself may be a
    link to a folder. ``prefix`` is that of the root that Results belongs to.
    Raises UsageError for a path that does not exist.
    """
    return list(each_candidate(paths, results, prefix))


def each_candidate(paths: Sequence[Path], results: Path, prefix: str = "") -> Iterator[Candidate]:
    """Like ``candidates``, one at a time. Raises UsageError before the first."""
    for path in paths or [results]:
        require_path(path, results)
    return _found(paths or [results], results, prefix)


def require_path(path: Path, results: Path) -> None:
    """Raise UsageError for a path that does not exist."""
    if not os.path.lexists(path):
        advice = "set WEBAUTODASH_RESULTS_DIR, or name files or folders" if path == results else "check the path"
        raise UsageError(f"{path} does not exist; {advice}")


def check_results_folder(settings: Settings) -> None:
    """Raise ConfigurationError if it is not a folder.

    A folder that is missing, cannot be read or does not answer may come back; reading it reports the error.
    """
    folder = settings.results_dir
    with suppress(NoAnswer):
        time_limit = TimeLimit(settings.pass_seconds)
        if time_limit.within(str(folder), lambda: folder.exists() and not folder.is_dir()):
            raise ConfigurationError(setting_key("results_dir"), f"{folder} is not a folder")


def _found(paths: Sequence[Path], results: Path, prefix: str) -> Iterator[Candidate]:
    # By directory as it was reached: its provider's folder, how reports name it, and the names found in it under any of
    # its paths.
    folders: dict[str, tuple[str | None, str, set[str]]] = {}
    names: dict[Path, set[str]] = {}
    root = _real(results)
    for path in paths:
        is_folder = path.is_dir() and (path == results or not path.is_symlink())
        for directory, place, name, stat in _files(path, results) if is_folder else [_named(path, root)]:
            if directory not in folders:
                real = Path(place.path)
                shown = shown_folder(directory, results, prefix)
                folders[directory] = (_provider_folder(real, root), shown, names.setdefault(real, set()))
            folder, shown, found = folders[directory]
            if name in found:
                continue
            if len(paths) > 1:
                found.add(name)
            yield Candidate(directory, name, folder, stat, None, place, shown, is_asked_for=not is_folder)


def _named(path: Path, root: Path) -> tuple[str, Folder, str, FileStat]:
    real = str(_real(path.parent))
    try:
        place = find_folder(real, str(root))
    except OSError:
        # No folder has this identity, so that reading the file reports what is wrong.
        place = Folder(real, 0, 0)
    return str(path.parent), place, path.name, stat_file(path)


def _real(path: Path) -> Path:
    # Path.resolve raises RuntimeError for a link that leads to itself.
    return Path(os.path.realpath(path))


class Part(NamedTuple):
    """Files of one folder: those of a provider's folder, or one file beside such folders."""

    directory: str
    folder: str | None
    """The name of the provider's folder."""
    files: Sequence[tuple[str, FileStat]]
    place: Folder
    """The folder; its parent for a folder that cannot be read."""
    problem: str | None = None
    """Why the folder cannot be read."""


def list_results(results: Path) -> Iterator[Part]:
    """List Results, which may itself be a link to a folder. Raises UsageError."""
    return _parts(results, str(_real(results)))


def _parts(folder: Path, real: str, root: str | None = None) -> Iterator[Part]:
    """List a folder that is laid out like Results, in the order of names. Raises UsageError.

    The folders in it are opened by name in the open folder, so that none can be replaced by a link meanwhile.
    """
    directory, place = str(folder), _place(folder, real, root or real)
    if place is None:
        return
    with _listing(place, folder) as handle:
        for entry in sorted(os.scandir(handle), key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if entry.is_symlink() and entry.is_dir():
                # It is not followed. As a file it is rejected, so that the report shows it.
                yield Part(directory, None, [(entry.name, stat_file(entry))], place)
            elif entry.is_dir(follow_symlinks=False):
                part = _provider_part(folder / entry.name, place, handle)
                if part is not None:
                    yield part
            elif is_extraction(entry.name):
                yield Part(directory, None, [(entry.name, stat_file(entry))], place)


@without_context
def _place(folder: Path, real: str, root: str) -> Folder | None:
    try:
        return find_folder(real, root)
    except FileNotFoundError:
        return None  # removed since it was found
    except OSError as error:
        raise UsageError(f"{folder} cannot be read ({error.strerror})") from None


def _provider_part(folder: Path, above: Folder, handle: int) -> Part | None:
    directory = str(folder)
    try:
        with listed_folder(handle, folder.name, f"{above.path}/{folder.name}") as (place, inner):
            return Part(directory, folder.name, _extractions(inner), place)
    except FileNotFoundError:
        return None  # removed since its parent was read
    except OSError as error:
        return Part(directory, folder.name, [], above, f"{directory} cannot be read ({error.strerror})")


@contextmanager
def _listing(place: Folder, folder: Path) -> Iterator[int]:
    with without_context:
        try:
            with place.listed() as handle:
                yield handle
        except (OSError, FolderReplaced) as error:
            reason = error.strerror if isinstance(error, OSError) else "another folder has taken its place"
            raise UsageError(f"{folder} cannot be read ({reason})") from None


def _files(folder: Path, results: Path) -> Iterator[tuple[str, Folder, str, FileStat]]:
    """Directory, folder, name and stat of each file."""
    if folder == results:
        parts = list_results(results)
    else:
        # The folder itself must not be a link.
        parts = _parts(folder, os.path.normpath(_real(folder.parent) / folder.name), str(_real(results)))
    for part in parts:
        if part.problem is not None:
            # One unreadable provider's folder stops no other provider; reading it as a file reports the reason.
            path = Path(part.directory)
            yield str(folder), part.place, path.name, stat_file(path)
        for name, stat in part.files:
            yield part.directory, part.place, name, stat


def _extractions(handle: int) -> list[tuple[str, FileStat]]:
    # Not the entries themselves, which take ten times the memory. A folder, link or fifo with such a name is kept: it
    # is rejected when it is read, so that the report shows it.
    return sorted((entry.name, stat_file(entry)) for entry in os.scandir(handle) if is_extraction(entry.name))


def _provider_folder(directory: Path, results: Path) -> str | None:
    return directory.relative_to(results).parts[0] if results in directory.parents else None
