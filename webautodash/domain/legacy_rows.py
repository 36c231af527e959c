"""Rows of the earlier scripts as the file would have said them, so that one way of reading serves both."""

import ast
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from itertools import chain
from typing import Any

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.clinical_lists import ClinicalList
from webautodash.domain.extraction.items import Items, completed, read_items
from webautodash.domain.extraction.rows import Rows
from webautodash.domain.legacy_tables import LEGACY_TABLES
from webautodash.domain.limits import nested_too_deeply
from webautodash.errors import UnreadablePatient

LegacyRow = Mapping[str, Any]

# What the scripts read out of the text; it is read anew.
_READ_OUT = {"medications": "medication_strength", "diagnoses": "diagnosis_code"}
_NOT_SAID = frozenset({"id", "patient_extraction_id", "allergen", *_READ_OUT.values()})
_DEFAULT_TYPES = {"allergies": "drug", "health_concerns": "active"}
"""What the scripts wrote where an item said no type; these two lists also had items whole for their text."""
_LONGEST_PRINTED = 1 << 16


def session_sha256(database: str, session_id: int) -> str:
    """What stands for the bytes of a file that nobody has: no file's SHA-256, and no other session's."""
    return sha256(f"session {session_id} of the adopted database {database}".encode()).hexdigest()


COUNTED = "counted_by_earlier_scripts"
"""The key in a session's ``extra`` under which the counts of the earlier scripts are kept."""


def is_adopted(database: str, session_id: int, content_sha256: str, extra: str | None) -> bool:
    """Whether the earlier scripts stored a session: they counted, read and compared otherwise."""
    return COUNTED in (extra or "") or content_sha256 == session_sha256(database, session_id)


def session_metadata(row: LegacyRow) -> dict[str, Any]:
    """A session as the ``extraction_metadata`` of its file."""
    counted = ("total_patients_found", "successful_extractions", "failed_extractions", "conflicts_detected")
    named = ("job_id", "job_name", "portal_name", "extraction_mode", "results_filename", "provider_directory")
    said = {name: row[name] for name in named} | {
        "medication": row["target_medication"],
        "start_date": as_text(row["start_date"]),
        "end_date": as_text(row["end_date"]),
        "extracted_at": as_text(row["extracted_at"]),
        "counted_by_earlier_scripts": {name: row[name] for name in counted},
    }
    return {name: value for name, value in said.items() if value is not None}


def session_path(row: LegacyRow, database: str) -> str:
    """Where the session's file lay below Results, as far as it is known."""
    folder, name = row["provider_directory"], row["results_filename"]
    if not name:
        return f"adopted from {database}, session {row['id']}"
    return f"{folder}/{name}" if folder else str(name)


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
    read = completed(which, items, order)
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


def as_text(value: Any) -> str | None:
    """A value as text, dates as ISO; what is nothing, or a date that is none, as None."""
    if value is None or isinstance(value, str):
        return value or None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def day(value: Any) -> date | None:
    """A DATE, None for one that the calendar does not have: it comes as text."""
    return value if isinstance(value, date) else None


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
    stored = {name: as_text(row[name]) for name in _columns(which) if row[name] not in (None, "")}
    said_no_type = isinstance(item, str) or (isinstance(item, dict) and which.type_field not in item)
    if said_no_type and stored.get(which.type_field) == _DEFAULT_TYPES.get(which.name):
        stored.pop(which.type_field, None)
    if isinstance(item, str) and not stored:
        return item
    if not isinstance(item, dict):
        return _as_stored(which, row)
    return item | {name: row[name] for name, value in stored.items() if as_text(item.get(name)) != value}


def _is_of(which: ClinicalList, row: LegacyRow, item: Any) -> bool:
    text = row[which.text_field] or ""
    if isinstance(item, dict) and which.text_field not in item:
        return text in ("", str(item)) or _printed(text) == item
    return (as_text(item.get(which.text_field)) or "" if isinstance(item, dict) else item) == text


def _columns(which: ClinicalList) -> Iterator[str]:
    """The columns of a row that say what an item says, the text apart."""
    silent = {*_NOT_SAID, which.text_field, "extraction_method", "extracted_at"}
    return (name for name in LEGACY_TABLES[which.name] if name not in silent)


def _printed_in(which: ClinicalList, row: LegacyRow) -> dict[str, Any] | None:
    """The item, where the scripts kept the whole of it as the text."""
    if which.name not in _DEFAULT_TYPES:
        return None
    text = row[which.text_field]
    if (printed := _printed(text)) is not None:
        return printed
    printed = _printed(row.get("allergen"))
    return None if printed is None else ({which.text_field: text} if text else {}) | printed


def _as_stored(which: ClinicalList, row: LegacyRow) -> dict[str, Any]:
    said = {name: value for name, value in row.items() if name not in _NOT_SAID}
    said["extracted_at"] = as_text(said["extracted_at"])
    if which.name == "allergies":
        said["allergen"] = said.pop("allergy_name") or row["allergen"]
        if row["allergen"] and row["allergen"] != said["allergen"]:
            said["allergy_name"] = row["allergen"]
    return {name: value for name, value in said.items() if value not in (None, "")}


def _printed(text: str | None) -> dict[str, Any] | None:
    """The item whose printed form a text is; None for any other text."""
    if not text or not text.startswith("{") or not text.endswith("}") or len(text) > _LONGEST_PRINTED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of a backslash in a text, which it would quote
            item = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    plain = isinstance(item, dict) and all(isinstance(key, str) for key in item) and _is_json(item)
    return item if plain else None


def _is_json(value: Any) -> bool:
    if nested_too_deeply(value):
        return False
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(part) for key, part in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float | bool)
