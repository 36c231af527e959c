"""Clinical rows of the earlier scripts."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from webautodash.domain.dates import DateOrder
from webautodash.domain.earlier_scripts.tables import LEGACY_TABLES
from webautodash.domain.earlier_scripts.values import LegacyRow, printed_item, stored_text
from webautodash.domain.extraction.derived_columns import complete_rows
from webautodash.domain.extraction.item_types import Items
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.extraction.read_lists import read_items
from webautodash.domain.extraction.rows import Rows
from webautodash.errors import UnreadablePatient

# What the scripts read out of the text; it is read anew.
_READ_OUT = {"medications": "medication_strength", "diagnoses": "diagnosis_code"}


_NOT_SAID = frozenset({"id", "patient_extraction_id", "allergen", *_READ_OUT.values()})


_DEFAULT_TYPES = {"allergies": "drug", "health_concerns": "active"}
"""What the scripts wrote where an item said no type; these two lists also had items whole for their text."""


def clinical_rows(
    which: ClinicalList,
    rows: Sequence[Sequence[LegacyRow]],
    listed: Sequence[Sequence[Any] | None],
    order: DateOrder,
) -> list[Rows]:
    """Rows of one list of some extractions, read as the ingest reads a file's; as many, and in the same order.

    ``listed`` are an extraction's items as the file had them, where they are known: the scripts left some fields of
    them out. They count where they are as many and say the same; what stands in a row wins.
    """
    items = [_items(which, own, known, order) for own, known in zip(rows, listed, strict=True)]
    read = complete_rows(which, items, order)
    column = _READ_OUT.get(which.name)
    if read and column is not None:
        # Where this program reads nothing, what was read then is better than nothing.
        table, place = read[0].table, which.columns.index(column)
        then = [row[column] or None for row in chain.from_iterable(rows)]
        now = [value or earlier for value, earlier in zip(table.columns[place], then, strict=True)]
        table.columns = [*table.columns[:place], now, *table.columns[place + 1 :]]
    return read


def listed_items(text: str | None) -> list[Any] | None:
    """A list of a comprehensive record; None where it is none."""
    try:
        items = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return items if isinstance(items, list) else None


def _items(which: ClinicalList, rows: Sequence[LegacyRow], listed: Sequence[Any] | None, order: DateOrder) -> Items:
    known = listed if listed is not None and len(listed) == len(rows) else [None] * len(rows)
    said = [_item(which, row, item) for row, item in zip(rows, known, strict=True)]
    try:
        return read_items({which.key: said}, which, order)[0]
    except UnreadablePatient:
        return read_items({which.key: [_as_stored(which, row) for row in rows]}, which, order)[0]


def _item(which: ClinicalList, row: LegacyRow, listed: Any) -> Any:
    """A row as an item of the file: the very item where it is known, with what the row says otherwise."""
    item = listed if _is_of(which, row, listed) else _printed_in(which, row)
    stored = {name: stored_text(row[name]) for name in _columns(which) if row[name] not in (None, "")}
    said_no_type = isinstance(item, str) or (isinstance(item, dict) and which.type_field not in item)
    if said_no_type and stored.get(which.type_field) == _DEFAULT_TYPES.get(which.name):
        stored.pop(which.type_field, None)
    if isinstance(item, str) and not stored:
        return item
    if not isinstance(item, dict):
        return _as_stored(which, row)
    return item | {name: row[name] for name, value in stored.items() if stored_text(item.get(name)) != value}


def _is_of(which: ClinicalList, row: LegacyRow, item: Any) -> bool:
    text = row[which.text_field] or ""
    if isinstance(item, dict) and which.text_field not in item:
        return text in ("", str(item)) or printed_item(text) == item
    return (stored_text(item.get(which.text_field)) or "" if isinstance(item, dict) else item) == text


def _columns(which: ClinicalList) -> Iterator[str]:
    """The columns of a row that say what an item says, the text apart."""
    silent = {*_NOT_SAID, which.text_field, "extraction_method", "extracted_at"}
    return (name for name in LEGACY_TABLES[which.name] if name not in silent)


def _printed_in(which: ClinicalList, row: LegacyRow) -> dict[str, Any] | None:
    """The item, where the scripts kept the whole of it as the text."""
    if which.name not in _DEFAULT_TYPES:
        return None
    text = row[which.text_field]
    if (printed := printed_item(text)) is not None:
        return printed
    printed = printed_item(row.get("allergen"))
    return None if printed is None else ({which.text_field: text} if text else {}) | printed


def _as_stored(which: ClinicalList, row: LegacyRow) -> dict[str, Any]:
    said = {name: value for name, value in row.items() if name not in _NOT_SAID}
    said["extracted_at"] = stored_text(said["extracted_at"])
    if which.name == "allergies":
        said["allergen"] = said.pop("allergy_name") or row["allergen"]
        if row["allergen"] and row["allergen"] != said["allergen"]:
            said["allergy_name"] = row["allergen"]
    return {name: value for name, value in said.items() if value not in (None, "")}
