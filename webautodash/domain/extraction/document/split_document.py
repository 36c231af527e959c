"""Splits a document into its metadata and its patients, which stay undecoded.

The places that no decoder can read are masked, so that one patient does not spoil the whole file: each is overwritten
with valid JSON of the same length while the document is split, and restored afterwards.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.extraction.document.faults import (
    LONE_SURROGATE,
    NO_PATIENTS,
    TOO_DEEP,
    TOO_MANY_PATIENTS,
    DocumentFaultError,
    Fault,
    invalid_type,
    malformed_json,
)
from webautodash.domain.extraction.document.find_patients import (
    BARE,
    MISSING,
    NATIVE,
    PatientContainer,
    find_container,
    is_patient,
)
from webautodash.domain.extraction.json_text import deep_values, half_characters, may_have_more
from webautodash.domain.limits import LARGEST_PATIENT, LARGEST_SET_ASIDE, MOST_PATIENTS, NESTING_DEPTH, PRN_LENGTH

# Each patient takes at least a byte and a comma, so a smaller file cannot have too many.
_MAY_HAVE_MANY = 2 * MOST_PATIENTS


_MOST_MASKS = 100_000
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


def split_document(content: memoryview, masks: Masks) -> SplitDocument:
    """Split a document. Masks what cannot be decoded, adds it to ``masks`` and tries again.

    Raises DocumentFaultError for anything that is not an extraction.
    """
    while True:
        try:
            return _usual(content) or _unusual(content)
        except RecursionError:
            mask(content, masks, deep_values(content, DEEP, LONGEST_DEEP), TOO_DEEP)
        except msgspec.ValidationError as error:
            raise invalid_type(error) from None
        except ValueError as error:
            # Messages of the decoder about a lone surrogate differ; one of them is "truncated".
            if not mask(content, masks, half_characters(content), LONE_SURROGATE):
                raise malformed_json(error, len(content)) from None


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
    prns: list[str | int | None] | None = None
    try:
        prns = _prns(content, container)
    except msgspec.ValidationError:
        # A patient is not an object.
        depth = 1 + len(container.keys)
        if len(content) > _MAY_HAVE_MANY and not container.is_single and may_have_more(content, MOST_PATIENTS, depth):
            raise DocumentFaultError(container.path, TOO_MANY_PATIENTS) from None
    kind = msgspec.Raw if container.is_single else list[msgspec.Raw]
    found = _in(container, msgspec.json.decode(content, type=_wrapped(container, kind)))
    if container is BARE and not any(map(is_patient, found)):
        # Without metadata, a list of anything else must not pass for patients.
        raise DocumentFaultError("$", NO_PATIENTS)
    return SplitDocument(container, metadata, [found] if container.is_single else found, prns)


def _wrapped(container: PatientContainer, kind: Any) -> Any:
    """The type of a document that has a ``kind`` in the place of its patients."""
    for key in reversed(container.keys):
        kind = msgspec.defstruct("members", [(key, kind)])
    return kind


def _in(container: PatientContainer, file: Any) -> Any:
    for key in container.keys:
        file = getattr(file, key)
    return file


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
    msgspec.json.decode(content, type=_wrapped(container, kind))
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
