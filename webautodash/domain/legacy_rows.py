"""Rows of the earlier scripts as the file would have said them, so that one way of reading serves both."""

import ast
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from webautodash.domain.dates import DateOrder
from webautodash.domain.items import completed, read_items
from webautodash.domain.limits import nested_too_deeply
from webautodash.domain.lists import ClinicalList
from webautodash.domain.rows import Rows

LegacyRow = Mapping[str, Any]

# What the scripts read out of the text; it is read anew.
_READ_OUT = {"medications": "medication_strength", "diagnoses": "diagnosis_code"}
_NOT_SAID = frozenset({"id", "patient_extraction_id", "allergen", *_READ_OUT.values()})
_LONGEST_PRINTED = 1 << 16


def session_sha256(database: str, session_id: int) -> str:
    """What stands for the bytes of a file that nobody has: no file's SHA-256, and no other session's."""
    return sha256(f"session {session_id} of the adopted database {database}".encode()).hexdigest()


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


def clinical_rows(which: ClinicalList, rows: Sequence[LegacyRow], order: DateOrder) -> Rows:
    """Rows of one list, read as the ingest reads a file's; as many, and in the same order."""
    items, _ = read_items({which.key: [_item(which, row) for row in rows]}, which, order)
    read = completed(which, [items], order)[0]
    column = _READ_OUT.get(which.name)
    if column is not None:
        # Where this program reads nothing, what was read then is better than nothing.
        values = read.table.columns[which.columns.index(column)]
        then = [value or (row[column] or None) for value, row in zip(values, rows, strict=True)]
        columns = [
            then if name == column else each for name, each in zip(which.columns, read.table.columns, strict=True)
        ]
        read.table.columns = columns
    return read


def as_text(value: Any) -> str | None:
    """A value as text, dates as ISO; what is nothing, or a date that is none, as None."""
    if value is None or isinstance(value, str):
        return value or None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def day(value: Any) -> date | None:
    """A DATE, None for one that the calendar does not have: it comes as text."""
    return value if isinstance(value, date) else None


def _item(which: ClinicalList, row: LegacyRow) -> dict[str, Any]:
    printed = _printed(row[which.text_field]) or _printed(row.get("allergen"))
    if printed is not None:
        # The scripts had the whole item where they looked for its text.
        text = row[which.text_field]
        copy = {} if _printed(text) or not text else {which.text_field: text}
        return copy | printed
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
