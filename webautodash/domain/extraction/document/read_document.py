"""One extraction file: its identity, its metadata and its patients, which stay undecoded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from webautodash.domain.extraction.document.faults import line_and_column
from webautodash.domain.extraction.document.find_patients import NATIVE, PatientContainer
from webautodash.domain.extraction.document.find_profile import Attempt
from webautodash.domain.extraction.document.parse_document import parse_document
from webautodash.domain.extraction.document.private_copy import (
    ReadWithTimeout,
    copy_file,
    mapped_content,
    private_copy,
    read_without_timeout,
)
from webautodash.domain.extraction.profiles.built_in import built_in_profiles, native_profile
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.folders import Folder
from webautodash.domain.limits import LARGEST_FILE
from webautodash.domain.naming import LONGEST_NAME, is_placeholder
from webautodash.domain.suspicious_files import ListCounts
from webautodash.errors import MalformedDocument


@dataclass(frozen=True, slots=True)
class Document:
    """A file with valid JSON. ``patients`` are views into its bytes; each is decoded when it is needed."""

    path: Path
    sha256: str
    """The SHA-256 of the bytes that were read, 64 hexadecimal digits: the file's identity."""
    size: int
    metadata: dict[str, Any]
    patients: Sequence[msgspec.Raw]
    mtime_ns: int = 0
    """The time of the last change, equal before and after the file was read."""
    prns: Sequence[str | int | None] | None = None
    """The PRN that each patient states, trimmed; None if a patient is not an object."""
    container: PatientContainer = NATIVE
    other_members: Mapping[str, Any] = field(default_factory=dict)
    """The members of the document and of its results that are neither metadata nor patients."""
    failed: str | None = None
    """The path of the member that reports that the job failed; the patients may be incomplete."""
    attempts: Sequence[Attempt] = ()
    """The profiles that were tried before the one that fits."""
    list_counts: ListCounts | None = None
    """How many patients have empty lists; None if nobody has counted."""

    @property
    def profile(self) -> Profile:
        """The profile by which the file is read."""
        return self.container.profile or native_profile()

    @property
    def provider_name(self) -> str | None:
        """The provider that the file names, or None."""
        return stated_provider(self.metadata)


def stated_provider(metadata: Mapping[str, Any]) -> str | None:
    """The provider that the metadata name; None for a missing name, or a placeholder of one."""
    name = metadata.get(provider_key(metadata))
    return name if isinstance(name, str) and not is_placeholder(name) else None


def provider_key(metadata: Mapping[str, Any]) -> str:
    """The key of the metadata that holds the provider's name: ``doctor_name`` if ``provider_name`` holds none."""
    name = metadata.get("provider_name")
    is_missing = name is None or (isinstance(name, str) and is_placeholder(name))
    return "doctor_name" if is_missing and metadata.get("doctor_name") else "provider_name"


def read_document(
    path: Path,
    reading: ReadWithTimeout = read_without_timeout,
    largest: int = LARGEST_FILE,
    place: Folder | None = None,
    profiles: Sequence[Profile] | None = None,
) -> Document:
    """Read a file with bounded memory: a file of more than 32 MiB is parsed from an unlinked private copy.

    Because of the copy, the bytes that are hashed are the bytes that are parsed, whatever happens to the file.
    ``reading`` gets the folder and the function that reads the file, the only part that can block forever. ``place`` is
    the folder that the file was found in; the file is opened by its name in that folder. ``profiles`` are tried in
    their order; without any, the built-in ones.

    Raises UnusableFile for more than ``largest`` bytes, before any of them is read, and for anything but a regular
    file; UnreadableFile or ReadInterrupted if the system refuses to read it; FileGone if it no longer exists;
    FolderReplaced if its folder was replaced; StillBeingWritten if it changes while it is read; MalformedDocument with
    line and column, or a JSON path, for content that is not an extraction.
    """
    with private_copy() as copy:
        digest, size, mtime_ns, valid = reading(
            str(path.parent), lambda keep_alive: copy_file(path, copy, largest, keep_alive, place)
        )
        content = mapped_content(copy, size, path)
        if not content:
            raise MalformedDocument(path, "line 1, column 1", "the file is empty", kind="empty", truncated=True)
        if b"\0" in bytes(content[:2]):
            raise MalformedDocument(path, "line 1, column 1", "not UTF-8, probably UTF-16", kind="not_utf8")
        if valid < size:
            position = line_and_column(content, len(content) - (size - valid))
            raise MalformedDocument(path, position, "not UTF-8", kind="not_utf8", truncated=size - valid < 4)
        parts = parse_document(path, content, profiles or built_in_profiles())
        document = Document(path, digest, size, parts.metadata, parts.patients, mtime_ns, *parts[2:])
        _require_text(document, provider_key(document.metadata))
        if len(document.provider_name or "") > LONGEST_NAME:
            # A comparison with all registered names would take long.
            position = f"$.extraction_metadata.{provider_key(document.metadata)}"
            raise MalformedDocument(path, position, f"longer than {LONGEST_NAME} characters", kind="name_too_long")
        return document


def _require_text(document: Document, key: str) -> None:
    """Raise MalformedDocument for a name that is not text: the folder must not be used instead."""
    value = document.metadata.get(key)
    if value is not None and not isinstance(value, str):
        position = f"$.extraction_metadata.{key}"
        raise MalformedDocument(document.path, position, "is not text", kind=f"unusable_{key}")
