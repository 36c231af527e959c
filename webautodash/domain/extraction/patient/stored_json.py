"""Converts a stored extraction back to the JSON of a patient, as far as the rows keep it."""

from collections.abc import Mapping, Sequence
from typing import Any

from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS, OTHER_RECORDS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.rows import Row
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS
from webautodash.domain.extraction.patient.patient_record import SWEEP_FIELDS

_PARTS = ("demographics_printable", "extraction_metadata")
_NOT_PRINTED = frozenset({"patient_uuid", "date_of_birth"})
_SCRAPED = ("extraction_method", "found_at")


def patient_json(columns: Mapping[str, Any], lists: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """A patient with the keys of the input; reading it gives the same values and rows.

    ``columns`` are those of ``patient_extractions``: ``prn``, demographics, ``SWEEP_FIELDS`` and ``extra``.
    """
    extra = dict(columns["extra"] or {})
    parts = {name: extra.pop(name, None) for name in _PARTS}
    printed = {name.removesuffix("_text"): columns[name] for name in DEMOGRAPHIC_COLUMNS if name not in _NOT_PRINTED}
    scraped = {name: columns[name] for name in _SCRAPED}
    patient: dict[str, Any] = {
        "patient_id": columns["patient_uuid"],
        "patient_name": columns["patient_name"],
        "demographics_printable": {"prn": columns["prn"]}
        | _without_nulls(printed)
        | _mapping(parts["demographics_printable"]),
        **{name: columns[name] for name in SWEEP_FIELDS if name not in _SCRAPED},
        "extraction_metadata": _without_nulls(scraped) | _mapping(parts["extraction_metadata"]),
    }
    own = {which.key: [_item(which, row) for row in lists[which.name]] for which in NAMED_LISTS}
    return _without_nulls(patient) | own | _sections(lists[OTHER_RECORDS.name]) | extra


def _sections(rows: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """Other records by the keys of their lists."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        item = _item(OTHER_RECORDS, row)
        sections.setdefault(item.pop(OTHER_RECORDS.type_field, ""), []).append(item)
    return sections


def _item(which: ClinicalList, row: Row) -> dict[str, Any]:
    extra = dict(row["extra"] or {})
    names = {name: name for name in which.copied}
    for field in (*which.date_fields, *([which.strength_field] if which.strength_field else [])):
        names[f"{field}_text"] = field
    # A key in extra was not read as the text or the type, so the value came from another key.
    names[which.text_field] = next((key for key in which.text_keys if key not in extra), which.text_field)
    names[which.type_field] = next((key for key in which.type_keys if key not in extra), which.type_field)
    return _without_nulls({names[name]: row[name] for name in which.copied}) | extra


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
