"""A difference between two extractions of a patient, as it is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webautodash.domain.extraction.lists.rows import Row
from webautodash.domain.json_document import sorted_json
from webautodash.domain.vocabulary import ConflictType, Severity

RowsByList = Mapping[str, Sequence[Row]]
FieldValues = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row for ``data_conflicts``. The values are JSON; the description holds counts and field names only."""

    conflict_type: ConflictType
    severity: Severity
    field_name: str
    old_value: str | None
    new_value: str | None
    description: str


def duplicate(checksum: str) -> Difference:
    """The record of a repeated extraction; nothing has to be decided."""
    value = sorted_json(checksum)
    return Difference(
        ConflictType.EXTRACTION_DUPLICATE,
        Severity.LOW,
        "data_checksum",
        value,
        value,
        "the same content as the latest extraction with the same criteria",
    )
