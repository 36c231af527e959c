"""Copies a file's bytes to a private place, so that the bytes that are hashed are the bytes that are parsed."""

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
from typing import IO, NamedTuple

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

# The path can never be opened as a file.
_NO_FILE = frozenset({errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.ENODEV, errno.EINVAL})
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
# Errors of the disk or of permissions can last; all other errors, of the network or this process, are temporary.
_LASTING = frozenset({errno.EACCES, errno.EPERM, errno.EIO, errno.EUCLEAN, errno.ENODATA, errno.EBADMSG})


class Copied(NamedTuple):
    """What is known of a file after it was copied."""

    sha256: str
    size: int
    mtime_ns: int
    valid_utf8: int
    """The number of bytes before the first that is not valid UTF-8."""


KeepAlive = Callable[[], None]
"""Called again and again while a file is being read."""
ReadWithTimeout = Callable[[str, Callable[[KeepAlive], Copied]], Copied]
"""Calls the function that reads a file of a folder, and may stop waiting for it."""


def read_without_timeout(_folder: str, read: Callable[[KeepAlive], Copied]) -> Copied:
    """Read a file and wait for it without limit."""
    return read(lambda: None)


@contextmanager
def private_copy() -> Iterator[IO[bytes]]:
    """An empty temporary file without a name; in memory while it is small."""
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closing it may fail
    try:
        yield copy
    finally:
        # Closing writes again what did not fit on the disk before.
        with suppress(OSError):
            copy.close()


@without_context
def copy_file(path: Path, copy: IO[bytes], largest: int, keep_alive: KeepAlive, place: Folder | None) -> Copied:
    """Copy a file. Raises the errors that ``read_document`` lists."""
    try:
        return _copied(path, copy, largest, keep_alive, place)
    except OSError as error:
        raise _refusal(path, error) from None


def open_file(path: Path, place: Folder | None) -> int:
    """Open a file by its name in the folder ``place``. Returns a descriptor. Raises OSError, also for a link."""
    # O_NONBLOCK: opening a fifo would wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    if place is None:
        return os.open(path, flags)
    with place.opened() as folder:
        return os.open(path.name, flags, dir_fd=folder)


def _copied(path: Path, copy: IO[bytes], largest: int, keep_alive: KeepAlive, place: Folder | None) -> Copied:
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
            keep_alive()
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
                # A fast writer would keep this loop running.
                raise StillBeingWritten(path)
        after = os.fstat(handle)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
            raise StillBeingWritten(path)
    if valid is None:
        valid = size - len(decoder.getstate()[0])
    return Copied(digest.hexdigest(), size, after.st_mtime_ns, valid)


def _require_own(path: Path, status: os.stat_result, largest: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFile(path, "is not a regular file")
    if status.st_nlink > 1:
        # A change through the other name would not be noticed in this folder.
        raise UnusableFile(path, "has another name elsewhere (a hard link); put a copy in its place", "hard_link")
    if status.st_size > largest:
        most = f"the {largest:,} that WEBAUTODASH_MAX_FILE_SIZE allows"
        reason = f"has {status.st_size:,} bytes, more than {most}; split the file, or raise the setting"
        raise UnusableFile(path, reason, "file_too_large")


def _refusal(path: Path, error: OSError) -> WebAutoDashError:
    """The error for a file that the system refuses to open or to read."""
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
    with _disk_errors(path):
        copy.write(chunk)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    with without_context:
        try:
            yield
        except OSError as error:
            raise NoTemporarySpace(path, error.strerror or type(error).__name__) from None


def mapped_content(copy: IO[bytes], size: int, path: Path) -> memoryview:
    """The bytes of the copy without a byte order mark, in writable memory."""
    with _disk_errors(path):
        # This writes the last bytes.
        copy.seek(0)
    if size <= _IN_MEMORY:
        content = memoryview(bytearray(copy.read()))
    else:
        # The mapping keeps the unlinked file alive.
        content = memoryview(mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_WRITE))
    return content[3:] if bytes(content[:3]) == codecs.BOM_UTF8 else content
