"""The metadata of one file as the columns of its session; nothing is dropped."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from hashlib import sha256
from typing import Any

from webautodash.domain.checksum import folded
from webautodash.domain.dates import DateOrder, parse_date, parse_instant
from webautodash.domain.extraction.document.read_document import provider_key
from webautodash.domain.extraction.json_values import take_text, unmapped
from webautodash.domain.json_document import sorted_json

_SESSION_FIELDS = (
    "job_name",
    "portal_name",
    "extraction_mode",
    "provider_name",
    "provider_directory",
    "patient_identifier",
    "results_filename",
)
_OTHER_MEMBERS = "beside_patients"
_ZEROS = ("0", "0.0", "-0.0")
"""Texts of numbers that count as no criterion."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """The metadata of one file: columns of ``extraction_sessions``."""

    criteria_key: str
    """SHA-256 of the criteria (target medication, start and end date): one value that is never null."""
    extracted_at: datetime | None
    values: dict[str, Any] = field(default_factory=dict)


def session_record(
    metadata: Mapping[str, Any], order: DateOrder, zone: tzinfo, other_members: Mapping[str, Any] | None = None
) -> SessionRecord:
    """The session of a file. A value that does not parse or does not fit its column stays unchanged in ``extra``.

    ``other_members`` are the other members of the file; they are stored in ``extra`` under a key of their own.
    """
    rest = dict(metadata)
    values: dict[str, Any] = {name: take_text(rest, name) for name in _SESSION_FIELDS}
    if (key := provider_key(metadata)) != "provider_name":
        values["provider_name"] = take_text(rest, key)
    values["target_url"] = take_text(rest, "target_url", sys.maxsize)
    values["target_medication"] = take_text(rest, "medication")
    job_id = rest.get("job_id")
    usable = isinstance(job_id, int) and not isinstance(job_id, bool) and abs(job_id) < 2**63
    values["job_id"] = rest.pop("job_id") if usable else None
    for name in ("start_date", "end_date"):
        values[name] = parse_date(metadata.get(name) if isinstance(metadata.get(name), str) else None, order)
        if values[name] is not None:
            del rest[name]
    stamp = metadata.get("extracted_at")
    extracted_at = parse_instant(stamp if isinstance(stamp, str) else None, zone)
    if extracted_at is not None:
        del rest["extracted_at"]
    if other_members:
        key = _OTHER_MEMBERS
        while key in rest:
            key += "_"
        rest[key] = dict(other_members)
    values["extra"] = unmapped(rest, "extraction_metadata")
    dates = (values[name] or metadata.get(name) for name in ("start_date", "end_date"))
    return SessionRecord(_criteria_key(metadata.get("medication"), *dates), extracted_at, values)


def is_key_of(key: str, values: Mapping[str, Any]) -> bool:
    """Whether ``key`` is the criteria key of the columns of a session, as far as they can tell."""
    extra = values["extra"] or {}
    medication, start, end = (
        extra.get(name) if values[column] is None else values[column]
        for name, column in (
            ("medication", "target_medication"),
            ("start_date", "start_date"),
            ("end_date", "end_date"),
        )
    )
    if any(isinstance(each, dict | list) for each in (medication, start, end)):
        # The key depends on the order of the members in the file, which ``extra`` does not keep.
        return True
    keys = {_criteria_key(medication, start, end)}
    if medication in _ZEROS:
        keys.add(_criteria_key(None, start, end))
    return key in keys


def _criteria_key(medication: object, start: object, end: object) -> str:
    criteria = [_criterion(each) for each in (medication, start, end)]
    return sha256(sorted_json(criteria).encode()).hexdigest()


def _criterion(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else folded(str(value or ""))
