"""Which files there are to take."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from webautodash.domain.folders import Folder, find_folder, listed_folder
from webautodash.errors import FolderReplaced, UsageError, without_context
from webautodash.services.ingest.paths import as_text, is_extraction, shown_folder

# What a folder says of a file: its number, its size (None for what is no regular file or was not to be seen), when its
# bytes were last changed, how many names it has, and when anything about it was last changed (ctime), which no program
# can set. A plain tuple: there may be many.
Look = tuple[int, int | None, int, int, int]
_NOTHING: Look = (0, None, 0, 1, 0)


def stat_text(look: Look) -> str:
    """A look as the registry keeps it. A name that comes or goes changes the ctime."""
    number, size, mtime_ns, _, ctime_ns = look
    return f"{number:x}:{'' if size is None else f'{size:x}'}:{mtime_ns:x}:{ctime_ns:x}"


def look_at(path: Path | os.DirEntry[str]) -> Look:
    """Look at a file now; a link is not followed."""
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return _NOTHING
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    return status.st_ino, size, status.st_mtime_ns, status.st_nlink, status.st_ctime_ns


class Candidate(NamedTuple):
    """A file to look at; ``folder`` is the provider's folder below Results, None for a file elsewhere.

    There may be many: the strings of their folders are shared, and a path is made when it is asked for.
    """

    directory: str
    name: str
    folder: str | None
    look: Look
    """When the file was found."""
    named: str | None = None
    """The provider that the file itself names, where that could be read cheaply."""
    place: Folder | None = None
    """The folder that the file was found in; it is read from no other."""
    prefix: str = ""
    """Of the paths of the root whose folder Results is."""
    is_asked_for: bool = False
    """Whether a person named this very file: then it is read, known or not."""

    @property
    def size(self) -> int | None:
        """Its size when it was found, None for what is no regular file."""
        return self.look[1]

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.directory, self.name)

    def shown(self, results: Path) -> str:
        """The path as reports and the registry name it."""
        return as_text(shown_folder(self.directory, results, self.prefix) + self.name)


def candidates(paths: Sequence[Path], results: Path, prefix: str = "") -> list[Candidate]:
    """The files behind some paths, or those of Results where there are none given; each once.

    A folder gives the files in it and in its folders, one level deep, as Results has it. Only Results itself may be
    a link to a folder. ``prefix`` is that of the root whose folder Results is.
    Raises UsageError for a path that is not there.
    """
    return list(each_candidate(paths, results, prefix))


def each_candidate(paths: Sequence[Path], results: Path, prefix: str = "") -> Iterator[Candidate]:
    """The same, one at a time. Raises UsageError at once."""
    for path in paths or [results]:
        require_there(path, results)
    return _found(paths or [results], results, prefix)


def require_there(path: Path, results: Path) -> None:
    """Raise UsageError for a path that is not there."""
    if not os.path.lexists(path):
        hint = "set WEBAUTODASH_RESULTS_DIR, or name files or folders" if path == results else "check the path"
        raise UsageError(f"{path} does not exist; {hint}")


def _found(paths: Sequence[Path], results: Path, prefix: str) -> Iterator[Candidate]:
    # By folder: the provider's folder that it is or lies in, and the names that were found in it, however it is called.
    folders: dict[str, tuple[str | None, set[str]]] = {}
    names: dict[Path, set[str]] = {}
    root = _real(results)
    for path in paths:
        is_folder = path.is_dir() and (path == results or not path.is_symlink())
        for directory, place, name, look in _files(path, results) if is_folder else [_named(path, root)]:
            if directory not in folders:
                real = Path(place.path)
                folders[directory] = (_folder(real, root), names.setdefault(real, set()))
            folder, known = folders[directory]
            if name in known:
                continue
            if len(paths) > 1:
                known.add(name)
            yield Candidate(directory, name, folder, look, place=place, prefix=prefix, is_asked_for=not is_folder)


def _named(path: Path, root: Path) -> tuple[str, Folder, str, Look]:
    real = str(_real(path.parent))
    try:
        place = find_folder(real, str(root))
    except OSError:
        # Reading the file tells what is wrong: its folder is none that can be opened.
        place = Folder(real, 0, 0)
    return str(path.parent), place, path.name, look_at(path)


def _real(path: Path) -> Path:
    # Path.resolve raises RuntimeError for a link that leads to itself.
    return Path(os.path.realpath(path))


class Part(NamedTuple):
    """Files that lie in one folder: those of a provider's folder, or one that lies beside such folders."""

    directory: str
    folder: str | None
    """The name of the provider's folder."""
    files: Sequence[tuple[str, Look]]
    place: Folder
    """The folder itself; the one above for a folder that cannot be read."""
    problem: str | None = None
    """Why the folder cannot be read."""


def list_results(results: Path) -> Iterator[Part]:
    """What lies in Results, which may itself be a link to a folder. Raises UsageError."""
    return _parts(results, str(_real(results)))


def _parts(folder: Path, real: str, root: str | None = None) -> Iterator[Part]:
    """What lies in a folder that is laid out as Results is, in the order of names. Raises UsageError.

    Folders in it are opened by their names in the open folder, so that none is exchanged for a link on the way.
    """
    here, place = str(folder), _place(folder, real, root or real)
    if place is None:
        return
    with _listing(place, folder) as handle:
        for entry in sorted(_scan(handle), key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if entry.is_symlink() and entry.is_dir():
                # Nobody follows it; the report says so.
                yield Part(here, None, [(entry.name, look_at(entry))], place)
            elif entry.is_dir(follow_symlinks=False):
                part = _provider_part(folder / entry.name, place, handle)
                if part is not None:
                    yield part
            elif is_extraction(entry.name):
                yield Part(here, None, [(entry.name, look_at(entry))], place)


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


def _files(folder: Path, results: Path) -> Iterator[tuple[str, Folder, str, Look]]:
    """Directory, folder, name and look of each file."""
    if folder == results:
        parts = list_results(results)
    else:
        # The folder itself is not to be a link.
        parts = _parts(folder, os.path.normpath(_real(folder.parent) / folder.name), str(_real(results)))
    for part in parts:
        if part.problem is not None:
            # One provider's folder that cannot be read stops no other's; reading it as a file names the reason.
            path = Path(part.directory)
            yield str(folder), part.place, path.name, look_at(path)
        for name, look in part.files:
            yield part.directory, part.place, name, look


def _extractions(handle: int) -> list[tuple[str, Look]]:
    # An entry keeps ten times what is taken of it here.
    # A folder, a link or a fifo of such a name is told as no file, not passed over.
    return sorted((entry.name, look_at(entry)) for entry in _scan(handle) if is_extraction(entry.name))


def _scan(handle: int) -> Iterator[os.DirEntry[str]]:
    return os.scandir(handle)


def _folder(directory: Path, results: Path) -> str | None:
    return directory.relative_to(results).parts[0] if results in directory.parents else None
