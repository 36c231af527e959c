"""Folders that are opened again later, and must then still be the same folder."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import NamedTuple

from webautodash.errors import FolderReplaced, without_context

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Enough to open the files of a folder, also without the permission to list it.
_SEARCH = _FOLDER | getattr(os, "O_PATH", os.O_RDONLY)
_LIST = _FOLDER | os.O_RDONLY
_NO_FOLDER = frozenset({errno.ENOTDIR, errno.ELOOP})


class Folder(NamedTuple):
    """A folder as it was found: its real path, and its device and inode to recognise it."""

    path: str
    device: int
    inode: int

    @contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor to open the files of the folder with.

        Raises FolderReplaced if another folder, a link or a file has taken its place, OSError if it cannot be opened.
        """
        with self._opened(_SEARCH) as handle:
            yield handle

    @contextmanager
    def listed(self) -> Iterator[int]:
        """A descriptor to list the folder with. Raises as ``opened`` does."""
        with self._opened(_LIST) as handle:
            yield handle

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        handle = self._open(flags)
        try:
            if _identity(handle) != (self.device, self.inode):
                raise FolderReplaced(self.path)
            yield handle
        finally:
            os.close(handle)

    @without_context
    def _open(self, flags: int) -> int:
        try:
            return os.open(self.path, flags)
        except OSError as error:
            if error.errno in _NO_FOLDER:
                raise FolderReplaced(self.path) from None
            raise


def find_folder(path: str, root: str) -> Folder:
    """The folder at a real path; no component below ``root`` may be a link. Raises OSError."""
    inside = path == root or path.startswith(f"{root.rstrip(os.sep)}{os.sep}")
    base = root if inside else path
    handle = os.open(base, _SEARCH)
    try:
        for name in PurePath(path).relative_to(base).parts:
            deeper = os.open(name, _SEARCH, dir_fd=handle)
            os.close(handle)
            handle = deeper
        return Folder(path, *_identity(handle))
    finally:
        os.close(handle)


@contextmanager
def listed_folder(parent: int, name: str, path: str) -> Iterator[tuple[Folder, int]]:
    """A folder in the open folder ``parent``, with a descriptor to list it. Raises OSError, also for a link."""
    handle = os.open(name, _LIST, dir_fd=parent)
    try:
        yield Folder(path, *_identity(handle)), handle
    finally:
        os.close(handle)


def entry_status(root: str, folder: str, name: str) -> os.stat_result:
    """The status of an entry of a folder below ``root``; no link below it is followed. Raises OSError."""
    handle = os.open(root, _SEARCH)
    try:
        if folder:
            inner = os.open(folder, _SEARCH, dir_fd=handle)
            os.close(handle)
            handle = inner
        return os.stat(name, dir_fd=handle, follow_symlinks=False)
    finally:
        os.close(handle)


def _identity(handle: int) -> tuple[int, int]:
    status = os.fstat(handle)
    return status.st_dev, status.st_ino
