"""Parses a document: metadata, undecoded patients, and the other members."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.extraction.document.faults import (
    DUPLICATE_KEY,
    LONE_SURROGATE,
    TOO_DEEP,
    TRUNCATED,
    TWO_LISTS,
    DocumentFaultError,
    Fault,
    invalid_type,
    line_and_column,
    metadata_limit,
)
from webautodash.domain.extraction.document.find_patients import OuterMembers, PatientContainer
from webautodash.domain.extraction.document.find_profile import Attempt
from webautodash.domain.extraction.document.offsets import Offsets, find_offsets
from webautodash.domain.extraction.document.split_document import Masks, SplitDocument, split_document, unmask
from webautodash.domain.extraction.json_text import repeated_key
from webautodash.domain.extraction.json_values import has_objects
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.profiles.profile import KeyPath, Profile
from webautodash.domain.extraction.profiles.translate_patient import first_value, has_value
from webautodash.domain.limits import LARGEST_METADATA, LARGEST_PATIENT, nested_too_deeply
from webautodash.errors import MalformedDocument, without_context

# Keys that distinguish a patient from other objects.
_DEMOGRAPHICS = ("demographics_printable", "demographics")
_IDENTITY = ("patient_id", "patient_name", "full_name", "prn", "mrn")


class Parts(NamedTuple):
    """The parts of a document."""

    metadata: dict[str, Any]
    patients: list[msgspec.Raw]
    prns: list[str | int | None] | None
    """The PRN that each patient states, trimmed; None if a patient is not an object."""
    container: PatientContainer
    other_members: dict[str, Any]
    """The members of the document and of its results that are neither metadata nor patients."""
    failed: str | None
    """The path of the member that reports that the job failed; the patients may be incomplete."""
    attempts: Sequence[Attempt]
    """The profiles that were tried before the one that fits."""


@without_context
def parse_document(path: Path, content: memoryview, profiles: Sequence[Profile]) -> Parts:
    """Parse a document. ``content`` is changed while it is parsed and restored before the return.

    Raises MalformedDocument with line and column, or a JSON path, for anything that is not an extraction, and for more
    or larger patients or larger metadata than ``domain.limits`` allows.
    """
    masks: Masks = []
    try:
        try:
            split = split_document(content, masks, profiles)
        finally:
            unmask(content, masks)
        offsets = find_offsets(content, split)
        for begin, _ in masks:
            if begin not in offsets.patients:
                raise DocumentFaultError(begin, LONE_SURROGATE if content[begin] == ord("\\") else TOO_DEEP)
        metadata = _metadata(bytes(split.metadata), offsets.metadata_at)
        others, failed = read_other_members(content, split, offsets)
        if split.container.profile is not None:
            metadata = mapped_metadata(split, metadata, others)
        return Parts(metadata, split.patients, split.prns, split.container, others, failed, split.attempts)
    except DocumentFaultError as refused:
        where = refused.where if isinstance(refused.where, str) else line_and_column(content, refused.where)
        kind, reason = refused.fault
        raise MalformedDocument(path, where, reason, kind=kind, truncated=kind == TRUNCATED.kind) from None


def mapped_metadata(split: SplitDocument, metadata: dict[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata with the values that the profile finds elsewhere; nothing is taken away from there."""
    profile, keys, document = split.container.profile, split.container.keys, others
    if profile is None:
        return metadata
    if split.container.is_single and len(memoryview(split.patients[0])) <= LARGEST_PATIENT:
        with suppress(ValueError, RecursionError):
            document = _with(others, keys, msgspec.json.decode(split.patients[0]))
    found = {key: first_value(document, places) for key, places in profile.metadata if not has_value(metadata.get(key))}
    return metadata | {key: value for key, value in found.items() if value is not None}


def _with(members: Mapping[str, Any], keys: KeyPath, value: Any) -> dict[str, Any]:
    """The members with a value at a path."""
    if not keys:
        return dict(value)
    return {**members, keys[0]: _with(members.get(keys[0], {}), keys[1:], value)}


def _metadata(text: bytes, at: int) -> dict[str, Any]:
    where = "$.extraction_metadata"
    if not text:
        return {}
    if len(text) > LARGEST_METADATA:
        raise DocumentFaultError(where, Fault("metadata_too_large", f"larger than {metadata_limit()}"))
    if repeated := repeated_key(text):
        raise DocumentFaultError(at + repeated.at, DUPLICATE_KEY)
    try:
        metadata: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.ValidationError as error:
        raise invalid_type(error, where) from None
    except RecursionError:
        raise DocumentFaultError(where, TOO_DEEP) from None
    if nested_too_deeply(metadata):
        raise DocumentFaultError(where, TOO_DEEP)
    return metadata


def read_other_members(
    content: memoryview, split: SplitDocument, offsets: Offsets
) -> tuple[dict[str, Any], str | None]:
    """Decode the other members. Returns them, and the path of a member that reports that the job failed.

    Raises DocumentFaultError for a member that holds patients, because nothing would read them, and if the members are
    too large to be stored.
    """
    size = sum(len(key) + len(place) for some in offsets.other_members for key, place in some.items())
    if size > LARGEST_METADATA:
        reason = f"members that no extraction has, of more than {metadata_limit()} together"
        raise DocumentFaultError("$", Fault("member_too_large", reason))
    found: dict[str, Any] = {}
    failed: str | None = None
    keys = split.container.keys
    if not keys and split.container.is_single:
        # The document is the patient.
        return {}, msgspec.json.decode(content, type=OuterMembers).failed_field
    for depth in reversed(range(len(keys))):
        members, failed_here = _other_members(content, offsets.other_members[depth])
        failed = f"{keys[depth]}.{failed}" if failed else failed_here
        # The patients are at the last key.
        found = members | ({keys[depth]: found} if found else {})
    if nested_too_deeply(found):
        raise DocumentFaultError("$", TOO_DEEP)
    return found, failed


def _other_members(content: memoryview, places: Mapping[str, range]) -> tuple[dict[str, Any], str | None]:
    texts = {key: bytes(content[place.start : place.stop]) for key, place in places.items()}
    members = {key: _member(text, places[key].start) for key, text in texts.items()}
    for key, value in members.items():
        if (key == "patients" and isinstance(value, list | dict) and value) or _holds_patient({key: value}):
            raise DocumentFaultError(places[key].start, TWO_LISTS)
    stated = {key: msgspec.Raw(text) for key, text in texts.items() if key in OuterMembers.__struct_fields__}
    return members, OuterMembers(**stated).failed_field


def _member(text: bytes, at: int) -> Any:
    if repeated := repeated_key(text):
        raise DocumentFaultError(at + repeated.at, DUPLICATE_KEY)
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise DocumentFaultError(at, TOO_DEEP) from None
    except ValueError:
        raise DocumentFaultError(at, Fault("malformed", "a value that cannot be read")) from None
    if nested_too_deeply(value):
        raise DocumentFaultError(at, TOO_DEEP)
    return value


def _holds_patient(value: Any) -> bool:
    """Whether a value may be a patient or hold one at any depth. A mere mention of a patient is not enough."""
    if isinstance(value, list):
        return any(map(_holds_patient, value))
    if not isinstance(value, dict):
        return False
    has_parts = any(isinstance(part, list | dict) and part for part in value.values())
    return (
        any(isinstance(value.get(key), dict) for key in _DEMOGRAPHICS)
        or (has_parts and any(value.get(key) is not None for key in _IDENTITY))
        or any(has_objects(value.get(key)) for which in NAMED_LISTS for key in which.list_keys)
        or any(map(_holds_patient, value.values()))
    )
