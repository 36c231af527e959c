"""One extraction file, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from webautodash.domain.extraction.document_faults import line_and_column
from webautodash.domain.extraction.document_parts import parse_document
from webautodash.domain.extraction.find_patients import NATIVE, PatientContainer
from webautodash.domain.extraction.private_copy import (
    ReadWithTimeout,
    copy_file,
    mapped_content,
    private_copy,
    read_without_timeout,
)
from webautodash.domain.folders import Folder
from webautodash.domain.limits import LARGEST_FILE
from webautodash.domain.naming import LONGEST_NAME
from webautodash.errors import (
    MalformedDocument,
)


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
    container: PatientContainer = NATIVE
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
    path: Path,
    reading: ReadWithTimeout = read_without_timeout,
    largest: int = LARGEST_FILE,
    place: Folder | None = None,
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
    with private_copy() as copy:
        digest, size, mtime_ns, valid = reading(
            str(path.parent), lambda moved: copy_file(path, copy, largest, moved, place)
        )
        content = mapped_content(copy, size, path)
        if not content:
            raise MalformedDocument(path, "line 1, column 1", "the file is empty", kind="empty", truncated=True)
        if b"\0" in bytes(content[:2]):
            raise MalformedDocument(path, "line 1, column 1", "not UTF-8 but, it seems, UTF-16", kind="not_utf8")
        if valid < size:
            position = line_and_column(content, len(content) - (size - valid))
            raise MalformedDocument(path, position, "not UTF-8", kind="not_utf8", truncated=size - valid < 4)
        parts = parse_document(path, content)
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
