"""The tables of the earlier scripts: names, before and after they are put aside, columns, and values."""

import ast
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.limits import nested_too_deeply

COMPREHENSIVE = "comprehensive_patient_records"

_CLINICAL = ("id", "patient_extraction_id", "extraction_method", "extracted_at")

LEGACY_TABLES = {
    "patients": (
        *("id", "prn", "patient_uuid", "patient_name", "first_name", "last_name", "date_of_birth", "age", "gender"),
        *("phone", "email", "address", "created_at", "updated_at"),
    ),
    "extraction_sessions": (
        *("id", "job_id", "job_name", "portal_name", "extraction_mode", "target_medication", "start_date", "end_date"),
        *("extracted_at", "results_filename", "provider_directory", "total_patients_found", "failed_extractions"),
        *("successful_extractions", "conflicts_detected", "created_at"),
    ),
    "patient_extractions": (
        *("id", "prn", "patient_id", "extraction_session_id", "patient_uuid", "filter_medication_name"),
        *("filter_medication_strength", "filter_start_date", "filter_stop_date", "filter_last_seen"),
        *("filter_provider", "summary_page_url", "extraction_method", "found_at", "data_checksum"),
        *("processing_status", "error_message"),
    ),
    "medications": (
        *_CLINICAL,
        *("row_index", "medication_type", "medication_name", "medication_strength", "sig", "start_date", "stop_date"),
        *("dates", "diagnosis"),
    ),
    "diagnoses": (
        *_CLINICAL,
        *("row_index", "diagnosis_type", "diagnosis_text", "diagnosis_code", "acuity", "start_date", "stop_date"),
    ),
    "allergies": (*_CLINICAL, "allergy_type", "allergy_name", "allergen", "reaction", "severity", "notes"),
    "health_concerns": (
        *_CLINICAL,
        *("concern_type", "concern_text", "concern_category", "status", "priority", "start_date", "end_date", "notes"),
    ),
    "data_conflicts": (
        *("id", "patient_id", "prn", "conflict_type", "extraction_session_id_1", "extraction_session_id_2"),
        *("field_name", "old_value", "new_value", "conflict_description", "severity", "status", "detected_at"),
        *("reviewed_by", "reviewed_at", "resolution_notes"),
    ),
    COMPREHENSIVE: (
        *("id", "prn", "extraction_session_id", "patient_name", "date_of_birth", "gender", "age"),
        *("all_medications", "all_diagnoses", "all_allergies", "all_health_concerns"),
    ),
}
"""For each table, the columns that an adoption reads. The comprehensive table repeats the others and may be missing."""

LEGACY_LISTS = tuple(which for which in LISTS if which.name in LEGACY_TABLES)
"""The clinical lists that the earlier scripts had."""

OWN_COLUMNS = {
    "patients": "as_of",
    "extraction_sessions": "content_sha256",
    "patient_extractions": "criteria_key",
    **{which.name: "extra" for which in LEGACY_LISTS},
}
"""For each table name that both programs use, a column that only this program's table has."""

_PREFIX = "legacy_"
LegacyRow = Mapping[str, Any]
"""A row of a table of the earlier scripts."""
_LONGEST_PRINTED = 1 << 16


def legacy_name(table: str) -> str:
    """The name of a table of the earlier scripts after it is put aside."""
    return _PREFIX + table


LEGACY_NAMES = frozenset(map(legacy_name, LEGACY_TABLES))
"""The tables that an adopted database has in addition to those of its revision."""


def stored_text(value: Any) -> str | None:
    """A value as text, dates as ISO. None for an empty text."""
    if value is None or isinstance(value, str):
        return value or None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def stored_day(value: Any) -> date | None:
    """A DATE; None for a date that the calendar does not have, which the driver returns as text."""
    return value if isinstance(value, date) else None


def printed_item(text: str | None) -> dict[str, Any] | None:
    """Parse the printed form of a dictionary, which the scripts stored as text; None for any other text."""
    if not text or not text.startswith("{") or not text.endswith("}") or len(text) > _LONGEST_PRINTED:
        return None
    try:
        with warnings.catch_warnings():
            # The warning about a backslash would quote the text.
            warnings.simplefilter("ignore", SyntaxWarning)
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
