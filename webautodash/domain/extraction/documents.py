"""One extraction file, read once: the bytes' identity, the metadata, and each patient still undecoded."""

import codecs
import errno
import json
import mmap
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import msgspec

from webautodash.domain.extraction.content import NATIVE, Container, line_and_column, taken_apart
from webautodash.domain.folders import Folder
from webautodash.domain.limits import LARGEST_FILE
from webautodash.domain.naming import LONGEST_NAME
from webautodash.errors import (
    FileGone,
    MalformedDocument,
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

Moved = Callable[[], None]
"""Hears again and again that the reading goes on."""
_Copied = tuple[str, int, int, int]
"""SHA-256, size and time of change of what was read, and how many of its bytes are valid UTF-8."""
Reading = Callable[[str, Callable[[Moved], _Copied]], _Copied]
"""Has a file of a folder read, and may give up waiting for that."""


def _wait_for_ever(_folder: str, work: Callable[[Moved], _Copied]) -> _Copied:
    return work(lambda: None)


@dataclass(frozen=True, slots=True)
class Document:
    """A file whose JSON is whole. ``patients`` are views into its bytes; each is decoded when its turn comes."""

    path: Path
    sha256: str
    """Of the bytes that were read, 64 hexadecimal digits: the file's identity."""
    size: int
    metadata: dict[str, Any]
    patients: Sequence[msgspec.Raw]
    mtime_ns: int = 0
    """When the file had last been changed, as the open file said before and after it was read."""
    prns: Sequence[str | int | None] | None = None
    """What each patient gives as its PRN, trimmed, where that is known."""
    container: Container = NATIVE
    """Where the file has its patients."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """The members of the file, and of its results, that are neither metadata nor patients."""
    failed: str | None = None
    """The path of the member that says that the job failed; its patients may be incomplete."""

    @property
    def provider_name(self) -> str | None:
        """The provider that the file names, None where it names none."""
        name = self.metadata.get(provider_key(self.metadata))
        return name if isinstance(name, str) and name.strip() else None


def provider_key(metadata: Mapping[str, Any]) -> str:
    """The key of the metadata that names the provider: ``doctor_name`` where ``provider_name`` says nothing."""
    name = metadata.get("provider_name")
    is_missing = name is None or (isinstance(name, str) and not name.strip())
    return "doctor_name" if is_missing and metadata.get("doctor_name") else "provider_name"


def read_document(
    path: Path, reading: Reading = _wait_for_ever, largest: int = LARGEST_FILE, place: Folder | None = None
) -> Document:
    """Read a file with bounded memory: what is larger than 32 MB is parsed from an unlinked private copy.

    The copy is what makes the bytes that were hashed the bytes that are parsed, whatever happens to the file.
    ``reading`` is given the folder and the reading of the file, the only part that may never end.
    A file of more than ``largest`` bytes is refused before one of them is read. ``place`` is the folder that the file
    was found in: its name is opened there, and nowhere else.

    Raises UnusableFile for that and for what is no regular file, UnreadableFile or ReadInterrupted where the system
    refuses, FileGone where it is no longer there, FolderReplaced where its folder is another, StillBeingWritten when it
    changes meanwhile, and MalformedDocument with line and column, or a JSON path, for content that is no extraction.
    """
    with _private_copy() as copy:
        digest, size, mtime_ns, valid = reading(
            str(path.parent), lambda moved: _copy(path, copy, largest, moved, place)
        )
        content = _content(copy, size, path)
        if not content:
            raise MalformedDocument(path, "line 1, column 1", "the file is empty", kind="empty", truncated=True)
        if b"\0" in bytes(content[:2]):
            raise MalformedDocument(path, "line 1, column 1", "not UTF-8 but, it seems, UTF-16", kind="not_utf8")
        if valid < size:
            position = line_and_column(content, len(content) - (size - valid))
            raise MalformedDocument(path, position, "not UTF-8", kind="not_utf8", truncated=size - valid < 4)
        parts = taken_apart(path, content)
        document = Document(path, digest, size, parts.metadata, parts.patients, mtime_ns, *parts[2:])
        _require_text(document, provider_key(document.metadata))
        if len(document.provider_name or "") > LONGEST_NAME:
            # Not even to be compared with the names that are known.
            position = f"$.extraction_metadata.{provider_key(document.metadata)}"
            raise MalformedDocument(path, position, f"longer than {LONGEST_NAME} characters", kind="name_too_long")
        return document


def _require_text(document: Document, key: str) -> None:
    """Raise MalformedDocument for a name that is there and is no text: the folder must not stand for it."""
    value = document.metadata.get(key)
    if value is not None and not isinstance(value, str):
        position = f"$.extraction_metadata.{key}"
        raise MalformedDocument(document.path, position, "is no text", kind=f"unusable_{key}")


@contextmanager
def _private_copy() -> Iterator[IO[bytes]]:
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # its closing may fail
    try:
        yield copy
    finally:
        # Closing tries once more to write what found no room.
        with suppress(OSError):
            copy.close()


@without_context
def _copy(path: Path, copy: IO[bytes], largest: int, moved: Moved, place: Folder | None) -> _Copied:
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


def _copied(path: Path, copy: IO[bytes], largest: int, moved: Moved, place: Folder | None) -> _Copied:
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


def _content(copy: IO[bytes], size: int, path: Path) -> memoryview:
    with _room(path):
        # Only now the last of it is written.
        copy.seek(0)
    if size <= _IN_MEMORY:
        content = memoryview(bytearray(copy.read()))
    else:
        # The mapping keeps the unlinked file alive.
        content = memoryview(mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_WRITE))
    return content[3:] if bytes(content[:3]) == codecs.BOM_UTF8 else content


def decode_patient(raw: msgspec.Raw) -> dict[str, Any]:
    """One patient as plain JSON values. Raises ValueError or RecursionError where it is none."""
    value = msgspec.json.decode(raw)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def raw_text(raw: msgspec.Raw) -> str:
    """A patient's JSON as it stands in the file."""
    return bytes(raw).decode("utf-8")


def to_json(value: object) -> str:
    """JSON for a person to read back: keys sorted, letters unescaped."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
