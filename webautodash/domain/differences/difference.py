"""One difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webautodash.domain.extraction.json_values import sorted_json
from webautodash.domain.extraction.rows import Row
from webautodash.domain.vocabulary import ConflictType, Severity

RowsByList = Mapping[str, Sequence[Row]]


Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry for ``data_conflicts``; the values are JSON, the description holds counts only."""

    conflict_type: ConflictType
    severity: Severity
    field_name: str
    old_value: str | None
    new_value: str | None
    description: str


def duplicate(checksum: str) -> Difference:
    """The same content again: recorded, nothing to decide."""
    said = sorted_json(checksum)
    return Difference(
        ConflictType.EXTRACTION_DUPLICATE,
        Severity.LOW,
        "data_checksum",
        said,
        said,
        "the same content as the latest extraction with the same criteria",
    )
