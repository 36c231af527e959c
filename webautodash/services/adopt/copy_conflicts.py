"""Copies the conflicts of the earlier scripts, and records one for each PRN that shared the row of another."""

from collections.abc import Mapping
from typing import Any

from webautodash.domain.dates import utc_now
from webautodash.domain.json_document import sorted_json
from webautodash.domain.legacy.tables import LegacyRow
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.models import ConflictReview, DataConflict
from webautodash.repositories.adopted import AdoptedPatient
from webautodash.repositories.unit_of_work import ProviderWork

_MIXED = "the earlier scripts kept two PRNs in this row; it is unknown to which one the name and date of birth belong"


def add_conflicts(unknown_session: int, most: int, work: ProviderWork) -> int:
    """Copy the next batch of at most ``most`` conflicts, with their reviews; returns how many.

    ``unknown_session`` is used for conflicts without a session.
    """
    legacy, adopted = work.legacy_rows, work.adopted
    rows = legacy.batch("data_conflicts", adopted.last(DataConflict), most)
    people = adopted.patients(sorted({row["prn"].strip() for row in rows})) if rows else {}
    conflicts = [_conflict(row, people, unknown_session) for row in rows]
    adopted.add(DataConflict, conflicts)
    adopted.add(ConflictReview, [_review(each) for each in conflicts if _is_reviewed(each)])
    return len(rows)


def add_mixed(work: ProviderWork) -> None:
    """Record an open conflict for each PRN that was kept in the row of another."""
    legacy, adopted = work.legacy_rows, work.adopted
    mixed = work.legacy_checks.mixed_prns()
    last = adopted.last(DataConflict)
    if not mixed or legacy.highest("data_conflicts") < last:
        return
    owners = legacy.prns_of(sorted({number for number, _ in mixed}))
    people = adopted.patients(sorted({prn for _, prn in mixed} | set(owners.values())))
    now, rows = utc_now(), []
    for place, (number, prn) in enumerate(mixed, start=1):
        owner, other = people[owners[number]], people[prn]
        rows.append(
            {
                "id": last + place,
                "patient_id": owner.id,
                "prn": owners[number],
                "conflict_type": ConflictType.DEMOGRAPHIC_MISMATCH,
                "severity": Severity.CRITICAL,
                "status": ConflictStatus.UNRESOLVED,
                "field_name": "prn",
                "old_value": sorted_json(owners[number]),
                "new_value": sorted_json(prn),
                "extraction_session_id_1": owner.session_id,
                "extraction_session_id_2": other.session_id,
                "conflict_description": _MIXED,
                "detected_at": now,
            }
        )
    adopted.add(DataConflict, rows)


def _conflict(row: LegacyRow, people: Mapping[str, AdoptedPatient], unknown_session: int) -> dict[str, Any]:
    prn = row["prn"].strip()
    first, second = row["extraction_session_id_1"], row["extraction_session_id_2"]
    return {
        "id": row["id"],
        "patient_id": people[prn].id,
        "prn": prn,
        "conflict_type": row["conflict_type"] or ConflictType.DATA_CHANGED,
        "severity": row["severity"] or Severity.MEDIUM,
        "status": row["status"] or ConflictStatus.UNRESOLVED,
        "field_name": row["field_name"] or "",
        "old_value": _value(row["old_value"]),
        "new_value": _value(row["new_value"]),
        "extraction_session_id_1": first or second or unknown_session,
        "extraction_session_id_2": second or first or unknown_session,
        "conflict_description": row["conflict_description"] or "",
        "detected_at": row["detected_at"] or utc_now(),
        "reviewed_by": row["reviewed_by"] or None,
        "reviewed_at": row["reviewed_at"],
        "resolution_notes": row["resolution_notes"],
    }


def _value(text: str | None) -> str | None:
    """Encode a value as JSON; the earlier scripts stored plain checksums."""
    return None if text is None else sorted_json(text)


def _is_reviewed(conflict: Mapping[str, Any]) -> bool:
    return bool(conflict["reviewed_by"] and conflict["reviewed_at"]) and conflict["status"] != ConflictStatus.UNRESOLVED


def _review(conflict: Mapping[str, Any]) -> dict[str, Any]:
    return {
        # Not a number from the server: a batch that is rolled back would use it up.
        "id": conflict["id"],
        "conflict_id": conflict["id"],
        "step": 1,
        "old_status": ConflictStatus.UNRESOLVED,
        "new_status": conflict["status"],
        "reviewed_by": conflict["reviewed_by"],
        "reviewed_at": conflict["reviewed_at"],
        "notes": conflict["resolution_notes"] or "",
    }
