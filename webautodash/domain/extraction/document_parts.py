"""Parses a document: metadata, undecoded patients, other members."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.extraction.document_faults import (
    DUPLICATE_KEY,
    LONE_SURROGATE,
    TOO_DEEP,
    TRUNCATED,
    DocumentFaultError,
    Fault,
    invalid_type,
    line_and_column,
    metadata_limit,
)
from webautodash.domain.extraction.document_offsets import find_offsets
from webautodash.domain.extraction.find_patients import PatientContainer
from webautodash.domain.extraction.json_text import repeated_key
from webautodash.domain.extraction.mask_undecodable import Masks, unmask
from webautodash.domain.extraction.other_members import read_other_members
from webautodash.domain.extraction.split_document import split_document
from webautodash.domain.limits import (
    LARGEST_METADATA,
    nested_too_deeply,
)
from webautodash.errors import MalformedDocument, without_context


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


@without_context
def parse_document(path: Path, content: memoryview) -> Parts:
    """Parse a document. ``content`` is changed while it is parsed and restored before the return.

    Raises MalformedDocument with line and column, or a JSON path, for anything that is not an extraction, and for more
    or larger patients or larger metadata than ``domain.limits`` allows.
    """
    masks: Masks = []
    try:
        try:
            split = split_document(content, masks)
        finally:
            unmask(content, masks)
        offsets = find_offsets(content, split)
        for begin, _ in masks:
            if begin not in offsets.patients:
                raise DocumentFaultError(begin, LONE_SURROGATE if content[begin] == ord("\\") else TOO_DEEP)
        metadata = _metadata(bytes(split.metadata), offsets.metadata_at)
        others, failed = read_other_members(content, offsets)
        return Parts(metadata, split.patients, split.prns, split.container, others, failed)
    except DocumentFaultError as refused:
        where = refused.where if isinstance(refused.where, str) else line_and_column(content, refused.where)
        kind, reason = refused.fault
        raise MalformedDocument(path, where, reason, kind=kind, truncated=kind == TRUNCATED.kind) from None


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
