"""Decides whether the extraction of a patient is complete."""

from collections.abc import Mapping
from typing import Any

COMPLETENESS_FIELDS = ("extraction_status", "extraction_error", "error")
"""The fields of a patient in which a robot says whether its extraction succeeded."""

_COMPLETE = frozenset({"complete", "completed", "success", "ok"})
_STATUS, *_ERRORS = COMPLETENESS_FIELDS


def failure_field(patient: Mapping[str, Any]) -> str | None:
    """The field that marks the extraction of a patient as failed; None for a complete extraction.

    Takes a decoded patient, or the ``extra`` of a stored extraction. Null is the same as missing. An error that is
    false, zero, blank or an empty list or object is no error. The value is not returned: it can quote the patient.
    The manual describes it in "Extraction files".
    """
    status = patient.get(_STATUS)
    if status is not None and not (isinstance(status, str) and status.strip().casefold() in _COMPLETE):
        return _STATUS
    return next((field for field in _ERRORS if _has_content(patient.get(field))), None)


def without_failure(extra: Mapping[str, Any]) -> dict[str, Any] | None:
    """The ``extra`` of a failed extraction that a person has accepted, without the fields that mark it as failed."""
    return {key: value for key, value in extra.items() if key not in COMPLETENESS_FIELDS} or None


def _has_content(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)
