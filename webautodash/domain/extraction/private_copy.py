"""A private copy of a file's bytes."""

import codecs
import errno
import mmap
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

from webautodash.domain.folders import Folder
from webautodash.errors import (
    FileGone,
    NoTemporarySpace,
    ReadInterrupted,
    StillBeingWritten,
    UnreadableFile,
    UnusableFile,
    WebAutoDashError,
    without_context,
)

_CHUNK = 1 << 20


_IN_MEMORY = 32 << 20


# No file can be had by this path, whenever it is tried.
_NO_FILE = frozenset({errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.ENODEV, errno.EINVAL})


_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


# What the disk or the rights say may stay so for good; all else, of the network or of this process, passes.
_LASTING = frozenset({errno.EACCES, errno.EPERM, errno.EIO, errno.EUCLEAN, errno.ENODATA, errno.EBADMSG})


KeepAlive = Callable[[], None]
"""Hears again and again that the reading goes on."""


Copied = tuple[str, int, int, int]
"""SHA-256, size and time of change of what was read, and how many of its bytes are valid UTF-8."""


ReadWithTimeout = Callable[[str, Callable[[KeepAlive], Copied]], Copied]
"""Has a file of a folder read, and may give up waiting for that."""


def read_without_timeout(_folder: str, work: Callable[[KeepAlive], Copied]) -> Copied:
    return work(lambda: None)


@contextmanager
def private_copy() -> Iterator[IO[bytes]]:
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # its closing may fail
    try:
        yield copy
    finally:
        # Closing tries once more to write what found no room.
        with suppress(OSError):
            copy.close()


@without_context
def copy_file(path: Path, copy: IO[bytes], largest: int, moved: KeepAlive, place: Folder | None) -> Copied:
    try:
        return _copied(path, copy, largest, moved, place)
    except OSError as error:
        raise _refusal(path, error) from None


def open_file(path: Path, place: Folder | None) -> int:
    """A descriptor of a file, opened by its name in the folder ``place``. Raises OSError, also for a link."""
    # O_NONBLOCK: opening a fifo must not wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    if place is None:
        return os.open(path, flags)
    with place.opened() as folder:
        return os.open(path.name, flags, dir_fd=folder)


def _copied(path: Path, copy: IO[bytes], largest: int, moved: KeepAlive, place: Folder | None) -> Copied:
    handle = open_file(path, place)
    try:
        before = os.fstat(handle)
        _require_own(path, before, largest)
    except BaseException:
        os.close(handle)
        raise
    with open(handle, "rb", buffering=0) as file:  # noqa: PTH123  # a descriptor, not a path
        digest, decoder = sha256(), codecs.getincrementaldecoder("utf-8")()
        size, valid = 0, None
        while chunk := file.read(_CHUNK):
            moved()
            digest.update(chunk)
            _write(copy, chunk, path)
            if valid is None:
                pending = len(decoder.getstate()[0])
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    valid = size - pending + error.start
            size += len(chunk)
            if size > before.st_size:
                # Its writer may be faster than we are.
                raise StillBeingWritten(path)
        after = os.fstat(handle)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
            raise StillBeingWritten(path)
    if valid is None:
        valid = size - len(decoder.getstate()[0])
    return digest.hexdigest(), size, after.st_mtime_ns, valid


def _require_own(path: Path, status: os.stat_result, largest: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFile(path, "is not a regular file")
    if status.st_nlink > 1:
        # Whoever writes through the other name is not seen in this folder.
        raise UnusableFile(path, "has another name elsewhere (a hard link); put a copy in its place", "hard_link")
    if status.st_size > largest:
        most = f"the {largest:,} that WEBAUTODASH_MAX_FILE_SIZE allows"
        reason = f"has {status.st_size:,} bytes, more than {most}; split it, or raise that setting"
        raise UnusableFile(path, reason, "file_too_large")


def _refusal(path: Path, error: OSError) -> WebAutoDashError:
    """What it means for a file that the system refuses to open or to read it."""
    reason = error.strerror or type(error).__name__
    if error.errno in _GONE:
        return FileGone(path)
    if error.errno in _NO_FILE:
        is_link = os.path.islink(path)  # noqa: PTH114  # Path.is_symlink raises for a name that is too long
        if is_link:
            return UnusableFile(path, "is a symbolic link", "symbolic_link")
        return UnusableFile(path, f"cannot be opened ({reason})")
    return (UnreadableFile if error.errno in _LASTING else ReadInterrupted)(path, reason)


def _write(copy: IO[bytes], chunk: bytes, path: Path) -> None:
    with _room(path):
        copy.write(chunk)


@contextmanager
def _room(path: Path) -> Iterator[None]:
    with without_context:
        try:
            yield
        except OSError as error:
            raise NoTemporarySpace(path, error.strerror or type(error).__name__) from None


def mapped_content(copy: IO[bytes], size: int, path: Path) -> memoryview:
    with _room(path):
        # Only now the last of it is written.
        copy.seek(0)
    if size <= _IN_MEMORY:
        content = memoryview(bytearray(copy.read()))
    else:
        # The mapping keeps the unlinked file alive.
        content = memoryview(mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_WRITE))
    return content[3:] if bytes(content[:3]) == codecs.BOM_UTF8 else content
