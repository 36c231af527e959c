"""The parts of a document."""

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
from webautodash.domain.extraction.mask_undecodable import Masks
from webautodash.domain.extraction.other_members import read_other_members
from webautodash.domain.extraction.split_document import split_document
from webautodash.domain.limits import (
    LARGEST_METADATA,
    nested_too_deeply,
)
from webautodash.errors import MalformedDocument, without_context


class Parts(NamedTuple):
    """What a file consists of."""

    metadata: dict[str, Any]
    patients: list[msgspec.Raw]
    prns: list[str | int | None] | None
    """What each patient gives as its PRN, trimmed; None where not every patient is an object."""
    container: PatientContainer
    beside: dict[str, Any]
    """The members of the file, and of its results, that are neither metadata nor patients."""
    failed: str | None
    """The path of the member that says that the job failed; its patients may be incomplete."""


@without_context
def parse_document(path: Path, content: memoryview) -> Parts:
    """The parts of a file. ``content`` is written to meanwhile, and is the same again afterwards.

    Raises MalformedDocument with line and column, or a JSON path, for what is no extraction, and for one that is not
    to be kept in memory: of more patients, larger ones, or larger metadata than ``domain.limits`` allows.
    """
    covers: Masks = []
    try:
        try:
            split = split_document(content, covers)
        finally:
            for begin, covered in covers:
                content[begin : begin + len(covered)] = covered
        places = find_offsets(content, split)
        for begin, _ in covers:
            if begin not in places.patients:
                raise DocumentFaultError(begin, LONE_SURROGATE if content[begin] == ord("\\") else TOO_DEEP)
        metadata = _metadata(bytes(split.metadata), places.metadata_at)
        beside, failed = read_other_members(content, places)
        return Parts(metadata, split.patients, split.prns, split.container, beside, failed)
    except DocumentFaultError as refused:
        where = refused.where if isinstance(refused.where, str) else line_and_column(content, refused.where)
        kind, reason = refused.wrong
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
