"""Splits a document into its metadata and its patients, which stay undecoded.

The places that no decoder can read are masked, so that one patient does not spoil the whole file: each is overwritten
with valid JSON of the same length while the document is split, and restored afterwards.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.extraction.document.faults import (
    FAILED_JOB,
    LONE_SURROGATE,
    NO_PATIENTS,
    TOO_DEEP,
    TOO_MANY_PATIENTS,
    DocumentFaultError,
    Fault,
    invalid_type,
    malformed_json,
    no_profile,
)
from webautodash.domain.extraction.document.find_patients import (
    BARE,
    MISSING,
    NATIVE,
    PatientContainer,
    find_container,
    is_patient,
    states_demographics,
)
from webautodash.domain.extraction.document.find_profile import Attempt, find_profile, is_native_reader, samples
from webautodash.domain.extraction.json_text import deep_values, half_characters, may_have_more
from webautodash.domain.extraction.json_values import value_at, value_type
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.patient.completeness import COMPLETENESS_FIELDS
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.limits import LARGEST_PATIENT, LARGEST_SET_ASIDE, MOST_PATIENTS, NESTING_DEPTH, PRN_LENGTH

# Each patient takes at least a byte and a comma, so a smaller file cannot have too many.
_MAY_HAVE_MANY = 2 * MOST_PATIENTS


# Patients that are looked at to tell a patient that lacks something from one of another shape.
_MOST_LOOKED_AT = 100
_MOST_MASKS = 100_000
# A patient that has one of these may be of the native shape.
_NATIVE_KEYS = frozenset(
    {"patient_id", "patient_name", *COMPLETENESS_FIELDS, *(key for which in NAMED_LISTS for key in which.list_keys)}
)
# Of the whole document: twice the depth that a patient may have.
DEEP = 2 * NESTING_DEPTH
LONGEST_DEEP = 1 << 20

Masks = list[tuple[int, bytes]]
"""The offset of each masked place, and the bytes that were there."""


class _File(msgspec.Struct):
    """A document of the usual shape."""

    extraction_results: list[msgspec.Raw]
    extraction_metadata: msgspec.Raw = MISSING


class _Demographics(msgspec.Struct):
    prn: Any = None


_read_demographics = msgspec.json.Decoder(_Demographics).decode


class SplitDocument(NamedTuple):
    """The undecoded parts of a document."""

    container: PatientContainer
    metadata: msgspec.Raw
    patients: list[msgspec.Raw]
    prns: list[str | int | None] | None
    attempts: Sequence[Attempt] = ()
    """The profiles that were tried before the one that fits."""


def split_document(content: memoryview, masks: Masks, profiles: Sequence[Profile]) -> SplitDocument:
    """Split a document by the first of ``profiles`` that fits. Masks what cannot be decoded, and tries again.

    What is masked is added to ``masks``. Raises DocumentFaultError for anything that is not an extraction.
    """
    while True:
        try:
            return _split(content, profiles)
        except RecursionError:
            mask(content, masks, deep_values(content, DEEP, LONGEST_DEEP), TOO_DEEP)
        except msgspec.ValidationError as error:
            raise invalid_type(error) from None
        except ValueError as error:
            # Messages of the decoder about a lone surrogate differ; one of them is "truncated".
            if not mask(content, masks, half_characters(content), LONE_SURROGATE):
                raise malformed_json(error, len(content)) from None


def _split(content: memoryview, profiles: Sequence[Profile]) -> SplitDocument:
    native, fault = _usual(content), None
    if native is not None and is_native_reader(profiles[0]) and _states_prns(native):
        return native
    if native is None:
        try:
            native = _unusual(content)
        except DocumentFaultError as refused:
            if refused.fault not in {NO_PATIENTS, FAILED_JOB}:
                raise
            fault = refused
    found = find_profile(content, profiles, is_native=native is not None and _is_native(native))
    if found.container is not None:
        return _at(content, found.container, found.metadata)._replace(attempts=found.attempts)
    if native is not None and (found.is_native or _may_be_native(native)):
        return native._replace(attempts=found.attempts)
    if fault is not None and (fault.fault is FAILED_JOB or not found.has_objects):
        raise fault
    raise DocumentFaultError("$", no_profile(found.attempts))


def _states_prns(split: SplitDocument) -> bool:
    return split.prns is not None and any(prn is not None for prn in split.prns)


def _is_native(split: SplitDocument) -> bool:
    """Whether the patients have the native shape; also of a file without patients."""
    return _states_prns(split) or not split.patients or any(map(states_demographics, split.patients))


def _may_be_native(split: SplitDocument) -> bool:
    """Whether the first patients have a field of the native shape, or nothing that another portal's patient has.

    Each that cannot be read is set aside with its own reason.
    """
    found = [one for raw in split.patients[:_MOST_LOOKED_AT] for one in samples(raw)]
    if any(not _NATIVE_KEYS.isdisjoint(one) for one in found):
        return True
    return not any(isinstance(part, dict | list) and part for one in found for part in one.values())


def _usual(content: memoryview) -> SplitDocument | None:
    """Split a document of the usual shape that has patients; None for any other."""
    try:
        prns = _prns(content, NATIVE)
        file = msgspec.json.decode(content, type=_File)
    except msgspec.ValidationError:
        return None
    if not file.extraction_results:
        return None
    return SplitDocument(NATIVE, file.extraction_metadata, file.extraction_results, prns)


def _unusual(content: memoryview) -> SplitDocument:
    container, metadata = find_container(content)
    split = _at(content, container, metadata)
    if container is BARE and not any(map(is_patient, split.patients)):
        # Without metadata, a list of anything else must not pass for patients.
        raise DocumentFaultError("$", NO_PATIENTS)
    return split


def _at(content: memoryview, container: PatientContainer, metadata: msgspec.Raw) -> SplitDocument:
    """Split a document whose patients are at a known place."""
    prns: list[str | int | None] | None = None
    try:
        prns = _prns(content, container)
    except msgspec.ValidationError:
        # A patient is not an object.
        depth = 1 + len(container.keys)
        if len(content) > _MAY_HAVE_MANY and not container.is_single and may_have_more(content, MOST_PATIENTS, depth):
            raise DocumentFaultError(container.path, TOO_MANY_PATIENTS) from None
    kind = msgspec.Raw if container.is_single else list[msgspec.Raw]
    found = value_at(container.keys, msgspec.json.decode(content, type=value_type(container.keys, kind)))
    if container.profile is not None:
        # They stand where the profile says.
        prns = None
    return SplitDocument(container, metadata, [found] if container.is_single else found, prns)


def _prns(content: memoryview, container: PatientContainer) -> list[str | int | None]:
    """The PRN that each patient states, trimmed.

    Raises DocumentFaultError before too many patients are in memory, ValidationError if a patient is not an object, and
    any other error of the decoder.
    """
    prns: list[str | int | None] = []

    def take_prn(patient: Any) -> None:
        if len(prns) == MOST_PATIENTS:
            raise DocumentFaultError(container.path, TOO_MANY_PATIENTS)
        prns.append(_prn(patient.demographics_printable))
        patient.demographics_printable = None

    fields: list[Any] = [("demographics_printable", msgspec.Raw, msgspec.Raw(b"null"))]
    patient = msgspec.defstruct("patient", fields, namespace={"__post_init__": take_prn}, gc=False)
    kind: Any = patient if container.is_single else list[patient]  # type: ignore[valid-type]
    msgspec.json.decode(content, type=value_type(container.keys, kind))
    return prns


def _prn(demographics: msgspec.Raw) -> str | int | None:
    if len(memoryview(demographics)) > LARGEST_PATIENT:
        return None
    try:
        prn = _read_demographics(demographics).prn
    except (ValueError, RecursionError):
        return None
    # The end of a PRN that is too long does not matter.
    return prn.strip()[: PRN_LENGTH + 1] if isinstance(prn, str) else prn if isinstance(prn, int) else None


def mask(content: memoryview, masks: Masks, places: Iterator[tuple[int, int | None]], fault: Fault) -> bool:
    """Mask the places. Returns whether there was any. Raises DocumentFaultError for a place that has no end, and for
    too many or too large places."""
    before, size = len(masks), sum(len(masked) for _, masked in masks)
    for begin, end in places:
        size += (end or begin) - begin
        if end is None or size > LARGEST_SET_ASIDE or len(masks) == _MOST_MASKS:
            raise DocumentFaultError(masks[before][0] if len(masks) > before else begin, fault)
        masks.append((begin, bytes(content[begin:end])))
        content[begin:end] = rb"\ufffd" if content[begin] == ord("\\") else b"0".ljust(end - begin)
    return len(masks) > before


def unmask(content: memoryview, masks: Masks) -> None:
    """Restore the masked bytes."""
    for begin, masked in masks:
        content[begin : begin + len(masked)] = masked
