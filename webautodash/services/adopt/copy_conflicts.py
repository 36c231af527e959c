"""Copies the conflicts of the earlier scripts, and records those that they overlooked: two persons in one row."""

from collections.abc import Iterator, Mapping
from typing import Any

from webautodash.domain.dates import utc_now
from webautodash.domain.differences.demographics import two_persons
from webautodash.domain.json_document import sorted_json
from webautodash.domain.legacy.tables import LegacyRow
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.models import ConflictReview, DataConflict
from webautodash.repositories.adopted import AdoptedPatient
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.adopt.copy_extractions import person_of
from webautodash.services.batches import in_parts

_ADDED_AT_ONCE = 500

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


def add_overlooked(work: ProviderWork) -> None:
    """Record an open critical conflict for each PRN that was kept in the row of another, and for each two persons.

    One transaction, so that a repeated call adds nothing.
    """
    adopted = work.adopted
    last = adopted.last(DataConflict)
    if work.legacy_rows.highest("data_conflicts") < last:
        return
    found = [*_mixed(work), *_two_persons(work)]
    for part in in_parts([each | {"id": last + place} for place, each in enumerate(found, start=1)], _ADDED_AT_ONCE):
        adopted.add(DataConflict, part)


def _mixed(work: ProviderWork) -> Iterator[dict[str, Any]]:
    """One conflict for each PRN that was kept in the row of another."""
    mixed = work.legacy_checks.mixed_prns()
    owners = work.legacy_rows.prns_of(sorted({number for number, _ in mixed})) if mixed else {}
    people = work.adopted.patients(sorted({prn for _, prn in mixed} | set(owners.values()))) if mixed else {}
    for number, prn in mixed:
        owner, other = people[owners[number]], people[prn]
        yield _critical(owner, owners[number], (owners[number], prn), (owner.session_id, other.session_id), _MIXED)


def _two_persons(work: ProviderWork) -> Iterator[dict[str, Any]]:
    """One conflict for each person of comprehensive records whose birth date is not that of the patient row."""
    after, seen = 0, set[tuple[str, str]]()
    while records := work.legacy_rows.persons(after, _ADDED_AT_ONCE):
        after = records[-1]["id"]
        people = work.adopted.patients(sorted({each["prn"].strip() for each in records}))
        for record in records:
            prn = record["prn"].strip()
            person = people.get(prn)
            if person is None:
                continue
            difference = two_persons(person_of(record), person.demographics)
            if difference is None or (prn, str(difference.old_value)) in seen:
                continue
            seen.add((prn, str(difference.old_value)))
            sessions = record["extraction_session_id"], person.session_id
            yield _critical(person, prn, (None, None), sessions, difference.description) | {
                "old_value": difference.old_value,
                "new_value": difference.new_value,
            }


def _critical(
    person: AdoptedPatient, prn: str, values: tuple[object, object], sessions: tuple[int, int], description: str
) -> dict[str, Any]:
    return {
        "patient_id": person.id,
        "prn": prn,
        "conflict_type": ConflictType.DEMOGRAPHIC_MISMATCH,
        "severity": Severity.CRITICAL,
        "status": ConflictStatus.UNRESOLVED,
        "field_name": "prn",
        "old_value": sorted_json(values[0]),
        "new_value": sorted_json(values[1]),
        "extraction_session_id_1": sessions[0],
        "extraction_session_id_2": sessions[1],
        "conflict_description": description,
        "detected_at": utc_now(),
    }


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
