"""The four clinical lists: which fields each has, where they stand in a file, and how an item becomes a row.

A row is a mapping with the names of the table's columns. A date field ``x`` has two: ``x`` parsed and ``x_text`` raw.
A value that its column cannot hold as it is stays in ``extra`` under its own name; nothing is dropped.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from webautodash.domain.codes import read_icd10
from webautodash.domain.dates import DateOrder, parse_date
from webautodash.domain.limits import SHORT_TEXT_LENGTH, nested_too_deeply
from webautodash.domain.strengths import read_strength
from webautodash.errors import UnreadablePatient

Row = dict[str, Any]

SCRAPE_FIELDS = ("extraction_method", "extracted_at")
_ROW_INDEX_MAX = 2**31 - 1


@dataclass(frozen=True)
class ClinicalList:
    """One of a patient's lists, as FORMAT's table gives it."""

    name: str
    """Also the name of its table and of the field in a conflict."""
    text_field: str
    text_keys: tuple[str, ...]
    """The keys that may hold the item's text, the first present wins."""
    type_field: str
    type_keys: tuple[str, ...]
    prose_fields: tuple[str, ...]
    short_fields: tuple[str, ...]
    date_fields: tuple[str, ...]
    split_lists: tuple[tuple[str, str], ...]
    """Older files' lists, and the type that each list's name gives."""

    @cached_property
    def takes(self) -> tuple[tuple[str, str, int], ...]:
        """Fields that are taken as they stand: the key, its column, and how long a value fits it."""
        short = (*self.short_fields, *SCRAPE_FIELDS)
        return (
            *((field, field, sys.maxsize) for field in self.prose_fields),
            *((field, field, SHORT_TEXT_LENGTH) for field in short),
            *((field, f"{field}_text", SHORT_TEXT_LENGTH) for field in self.date_fields),
        )

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The columns that count as they stand, the text and the type first; dates and ranges count as days."""
        strength = ("medication_strength_text",) if self.name == "medications" else ()
        short = (field for field in self.short_fields if field != "dates")
        return (self.text_field, self.type_field, *self.prose_fields, *short, *strength)

    @property
    def key(self) -> str:
        """The list's key in a patient."""
        return f"all_{self.name}"


MEDICATIONS = ClinicalList(
    name="medications",
    text_field="medication_name",
    text_keys=("medication_name",),
    type_field="medication_type",
    type_keys=("medication_type",),
    prose_fields=("sig", "diagnosis"),
    short_fields=("dates",),
    date_fields=("start_date", "stop_date"),
    split_lists=(
        ("current_medications", "current"),
        ("active_medications", "active"),
        ("historical_medications", "historical"),
    ),
)
DIAGNOSES = ClinicalList(
    name="diagnoses",
    text_field="diagnosis_text",
    text_keys=("diagnosis_text", "name", "condition"),
    type_field="diagnosis_type",
    type_keys=("diagnosis_type",),
    prose_fields=(),
    short_fields=("acuity",),
    date_fields=("start_date", "stop_date"),
    split_lists=(("current_diagnoses", "current"), ("historical_diagnoses", "historical")),
)
ALLERGIES = ClinicalList(
    name="allergies",
    text_field="allergy_name",
    text_keys=("allergen", "allergy_name", "name"),
    type_field="allergy_type",
    type_keys=("allergy_type", "type"),
    prose_fields=("reaction", "notes"),
    short_fields=("severity",),
    date_fields=(),
    split_lists=(("drug_allergies", "drug"), ("food_allergies", "food"), ("environmental_allergies", "environmental")),
)
HEALTH_CONCERNS = ClinicalList(
    name="health_concerns",
    text_field="concern_text",
    text_keys=("concern_text", "name", "description", "note_text", "text", "content"),
    type_field="concern_type",
    type_keys=("concern_type", "type"),
    prose_fields=("notes",),
    short_fields=("status", "priority"),
    date_fields=("start_date", "end_date"),
    split_lists=(
        ("active_health_concerns", "active"),
        ("inactive_health_concerns", "inactive"),
        ("health_concern_notes", "note"),
    ),
)
LISTS = (MEDICATIONS, DIAGNOSES, ALLERGIES, HEALTH_CONCERNS)
_WORDS_FOR_TYPES = {"health_concern_note": "note"}


def read_list(patient: Mapping[str, Any], which: ClinicalList, order: DateOrder) -> tuple[list[Row], Row]:
    """The rows of one list, and the items of the patient's older lists that say more than these rows.

    Where the ``all_`` list has items it is the data; otherwise the older, split lists are.
    """
    rows = [_row(item, which, order, None) for item in _items(patient, which.key)]
    split = {
        key: [(item, _row(item, which, order, word)) for item in _items(patient, key)]
        for key, word in which.split_lists
        if patient.get(key)
    }
    if not rows:
        return [row for pairs in split.values() for _, row in pairs], {}
    known: dict[str | None, set[tuple[str, str]]] = {}
    for row in rows if split else ():
        known.setdefault(row[which.text_field], set()).update(_said(row, which))
    unmatched = {
        key: [item for item, row in pairs if not known.get(row[which.text_field], set()) >= _said(row, which) > set()]
        for key, pairs in split.items()
    }
    return rows, {key: items for key, items in unmatched.items() if items}


def _said(row: Row, which: ClinicalList) -> set[tuple[str, str]]:
    """What a row says, but for its type, which the older list's name gives, and how it was scraped."""
    silent = {which.type_field, "row_index", "extra", *SCRAPE_FIELDS}
    extra = (row["extra"] or {}).items()
    return {(name, repr(value)) for name, value in row.items() if value is not None and name not in silent} | {
        (name, repr(value)) for name, value in extra if name != "own_type"
    }


def _items(patient: Mapping[str, Any], key: str) -> Iterator[dict[str, Any] | str]:
    items = patient.get(key)
    if items is None:
        return
    if not isinstance(items, list):
        raise UnreadablePatient("not_a_list", key)
    for position, item in enumerate(items):
        if isinstance(item, dict | str):
            yield item
        elif isinstance(item, int | float) and not isinstance(item, bool):
            yield str(item)
        elif item is not None:
            raise UnreadablePatient("unreadable_item", f"{key}[{position}]")


def _row(item: dict[str, Any] | str, which: ClinicalList, order: DateOrder, listed_type: str | None) -> Row:
    rest = dict(item) if isinstance(item, dict) else {which.text_keys[0]: item}
    row: Row = {which.text_field: _first(rest, which.text_keys)}
    _set_type(row, rest, which, listed_type)
    for field, column, length in which.takes:
        value = rest.pop(field, None)
        if type(value) is str and len(value) <= length:
            row[column] = value
        else:
            # Missing, a number, or kept in ``extra``: seldom.
            if value is not None:
                rest[field] = value
            row[column] = take_text(rest, field, length)
    for field in which.date_fields:
        row[field] = parse_date(row[f"{field}_text"], order)
    index = rest.get("row_index")
    usable = isinstance(index, int) and not isinstance(index, bool) and abs(index) <= _ROW_INDEX_MAX
    row["row_index"] = rest.pop("row_index") if usable else None
    if which is MEDICATIONS:
        given = row["medication_strength_text"] = take_text(rest, "medication_strength")
        row["medication_strength"] = given or _fitting(read_strength(row["medication_name"] or ""))
    elif which is DIAGNOSES:
        row["diagnosis_code"] = _fitting(", ".join(read_icd10(row["diagnosis_text"] or "")))
    row["extra"] = remaining(rest, which.name)
    return row


def _set_type(row: Row, rest: dict[str, Any], which: ClinicalList, listed_type: str | None) -> None:
    own = None
    for key in which.type_keys:
        if key in rest and (text := take_text(rest, key)) and text.strip():
            own = text
            break
    own = _WORDS_FOR_TYPES.get(own, own) if own else own
    row[which.type_field] = listed_type or own
    if listed_type and own and own != listed_type:
        # The list's name decides; what the item says of itself is kept beside it.
        rest["own_type"] = own


def _first(rest: dict[str, Any], keys: Sequence[str]) -> str | None:
    """Take the text under the first of ``keys`` that has any; equal copies under the others go with it."""
    chosen: str | None = None
    for key in keys:
        if key not in rest:
            continue
        text = as_text(rest[key])
        if text is None:
            continue
        if chosen is None and text.strip():
            chosen = text
        if text == chosen or not text.strip():
            del rest[key]
    return chosen


def take_text(rest: dict[str, Any], key: str, length: int = SHORT_TEXT_LENGTH) -> str | None:
    """Take a text or a number out of ``rest``; what is neither, or too long, stays there."""
    text = as_text(rest.get(key))
    if text is None or len(text) > length:
        return None
    del rest[key]
    return text


def as_text(value: object) -> str | None:
    """A JSON text or number as text, None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def remaining(rest: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    """What found no column, without nulls. Raises UnreadablePatient where it is nested beyond all sense."""
    if not rest:
        return None
    extra = {key: value for key, value in rest.items() if value is not None}
    if any(nested_too_deeply(value) for value in extra.values()):
        raise UnreadablePatient("nested_too_deeply", where)
    return extra or None


def _fitting(text: str | None) -> str | None:
    return text if text and len(text) <= SHORT_TEXT_LENGTH else None
