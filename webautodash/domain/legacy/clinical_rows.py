"""Clinical rows of the earlier scripts, read by the same rules as a file."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.lists.clinical_lists import ALLERGIES, HEALTH_CONCERNS
from webautodash.domain.extraction.lists.derived_columns import complete_rows
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.read_item import Items
from webautodash.domain.extraction.lists.read_lists import read_items
from webautodash.domain.extraction.lists.rows import Rows
from webautodash.domain.legacy.tables import LEGACY_TABLES, LegacyRow, printed_item, stored_text
from webautodash.errors import UnreadablePatient

# The type that the scripts stored if an item had none. These two lists can also hold a whole item as text.
_DEFAULT_TYPES = {ALLERGIES.name: "drug", HEALTH_CONCERNS.name: "active"}


def clinical_rows(
    which: ClinicalList, rows: Sequence[Sequence[LegacyRow]], listed: Sequence[Sequence[Any] | None], order: DateOrder
) -> list[Rows]:
    """The rows of one list of several extractions, read like items of a file, in the same number and order.

    ``listed`` holds each extraction's items as the file had them, if they were kept; the rows lack some of their
    fields. They are used if there are as many items as rows and they agree with the rows. A value in a row wins.
    """
    items = [_items(which, own, known, order) for own, known in zip(rows, listed, strict=True)]
    read = complete_rows(which, items, order)
    column = which.strength_field or which.code_field
    if read and column is not None:
        # Keep what the scripts parsed from the text if this program parses nothing.
        table, place = read[0].table, which.columns.index(column)
        earlier = [row[column] or None for row in chain.from_iterable(rows)]
        merged = [value or before for value, before in zip(table.columns[place], earlier, strict=True)]
        table.columns = [*table.columns[:place], merged, *table.columns[place + 1 :]]
    return read


def listed_items(text: str | None) -> list[Any] | None:
    """A list of a comprehensive record; None if the text is not a JSON list."""
    try:
        items = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return items if isinstance(items, list) else None


def _items(which: ClinicalList, rows: Sequence[LegacyRow], listed: Sequence[Any] | None, order: DateOrder) -> Items:
    originals = listed if listed is not None and len(listed) == len(rows) else [None] * len(rows)
    items = [_item(which, row, original) for row, original in zip(rows, originals, strict=True)]
    try:
        return read_items({which.key: items}, which, order)[0]
    except UnreadablePatient:
        return read_items({which.key: [_from_columns(which, row) for row in rows]}, which, order)[0]


def _item(which: ClinicalList, row: LegacyRow, listed: Any) -> Any:
    """A row as an item of the file: the original item if it was kept, with the values of the row that differ."""
    item = listed if _is_original(which, row, listed) else _item_in_text(which, row)
    stored = {name: stored_text(row[name]) for name in _value_columns(which) if row[name] not in (None, "")}
    has_no_type = isinstance(item, str) or (isinstance(item, dict) and which.type_field not in item)
    if has_no_type and stored.get(which.type_field) == _DEFAULT_TYPES.get(which.name):
        stored.pop(which.type_field, None)
    if isinstance(item, str) and not stored:
        return item
    if not isinstance(item, dict):
        return _from_columns(which, row)
    return item | {name: row[name] for name, value in stored.items() if stored_text(item.get(name)) != value}


def _is_original(which: ClinicalList, row: LegacyRow, item: Any) -> bool:
    text = row[which.text_field] or ""
    if isinstance(item, dict) and which.text_field not in item:
        return text in ("", str(item)) or printed_item(text) == item
    return (stored_text(item.get(which.text_field)) or "" if isinstance(item, dict) else item) == text


def _not_values(which: ClinicalList) -> frozenset[str | None]:
    """Columns that are no values of an item. What the scripts parsed from the text is parsed again."""
    return frozenset({"id", "patient_extraction_id", "allergen", which.strength_field, which.code_field})


def _value_columns(which: ClinicalList) -> Iterator[str]:
    """The columns with values of an item, except its text."""
    others = {*_not_values(which), which.text_field, "extraction_method", "extracted_at"}
    return (name for name in LEGACY_TABLES[which.name] if name not in others)


def _item_in_text(which: ClinicalList, row: LegacyRow) -> dict[str, Any] | None:
    """The item, if the scripts stored all of it as the text."""
    if which.name not in _DEFAULT_TYPES:
        return None
    text = row[which.text_field]
    if (printed := printed_item(text)) is not None:
        return printed
    printed = printed_item(row.get("allergen"))
    return None if printed is None else ({which.text_field: text} if text else {}) | printed


def _from_columns(which: ClinicalList, row: LegacyRow) -> dict[str, Any]:
    ignored = _not_values(which)
    values = {name: value for name, value in row.items() if name not in ignored}
    values["extracted_at"] = stored_text(values["extracted_at"])
    if which is ALLERGIES:
        values["allergen"] = values.pop("allergy_name") or row["allergen"]
        if row["allergen"] and row["allergen"] != values["allergen"]:
            values["allergy_name"] = row["allergen"]
    return {name: value for name, value in values.items() if value not in (None, "")}
