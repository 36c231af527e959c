"""Copies the rows of the earlier scripts into the new tables, one transaction per batch.

Each batch starts after the highest number that was copied, so that the next run continues an interrupted copy.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, TypeVar

from webautodash.database import Database
from webautodash.domain.dates import DateOrder, utc_now
from webautodash.domain.extraction.document.session_metadata import session_record
from webautodash.domain.legacy.sessions import session_metadata, session_path, session_sha256
from webautodash.domain.legacy.tables import LegacyRow, stored_day, stored_text
from webautodash.domain.patient_names import name_keys
from webautodash.models import ExtractionSession, Patient, PatientExtraction
from webautodash.repositories.adopted import AdoptedSession
from webautodash.repositories.sessions import Tally
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.adopt.copy_conflicts import add_conflicts, add_overlooked
from webautodash.services.adopt.copy_extractions import add_extractions

T = TypeVar("T")

LEGACY_ROWS_AT_ONCE = 500
_EARLIEST = datetime.min.replace(tzinfo=UTC)


COPIED = ("extraction_sessions", "patients", "patient_extractions", "data_conflicts")
"""Tables whose rows ``copy`` reports; clinical rows are copied with their extractions."""


def copy(
    database: Database[ProviderWork],
    order: DateOrder,
    zone: tzinfo,
    before_each: Callable[[], None],
    on_rows: Callable[[int], None],
) -> None:
    """Fill the new tables from those put aside.

    ``before_each`` is called before each transaction, ``on_rows`` after each batch with its number of rows.
    """

    def run(transaction: Callable[[ProviderWork], T]) -> T:
        before_each()
        return database.run(transaction)

    def run_batches(batch: Callable[[ProviderWork], int]) -> None:
        while written := run(batch):
            on_rows(written)

    run_batches(partial(_sessions, database.name, order, zone))
    run(partial(_unknown_session, database.name))
    sessions = run(lambda work: work.adopted.sessions())
    run_batches(partial(_patients, sessions))
    run(partial(_mixed_patients, sessions))
    run_batches(partial(_extractions, sessions, order))
    run_batches(partial(add_conflicts, max(sessions, default=0), LEGACY_ROWS_AT_ONCE))
    run(add_overlooked)
    run(_count)


def _sessions(database: str, order: DateOrder, zone: tzinfo, work: ProviderWork) -> int:
    adopted = work.adopted
    rows = work.legacy_rows.batch("extraction_sessions", adopted.last(ExtractionSession), LEGACY_ROWS_AT_ONCE)
    adopted.add(ExtractionSession, [_session(database, row, order, zone) for row in rows])
    return len(rows)


def _session(database: str, row: LegacyRow, order: DateOrder, zone: tzinfo) -> dict[str, Any]:
    record = session_record(session_metadata(row), order, zone)
    return {
        "id": row["id"],
        "content_sha256": session_sha256(database, row["id"]),
        "criteria_key": record.criteria_key,
        "extracted_at": record.extracted_at,
        "path": session_path(row, database),
        "created_at": row["created_at"] or utc_now(),
        **record.values,
        **Tally().values(),
    }


def _unknown_session(database: str, work: ProviderWork) -> None:
    """Add a session for patients and conflicts that belong to no session."""
    legacy, adopted = work.legacy_rows, work.adopted
    last = adopted.last(ExtractionSession)
    if legacy.highest("extraction_sessions") < last:  # it was added before
        return
    if not legacy.without_session() and all(_mixed_extractions(work).values()):
        return
    record = session_record({}, DateOrder.MDY, UTC)
    adopted.add(
        ExtractionSession,
        [
            {
                "id": last + 1,
                "content_sha256": session_sha256(database, last + 1),
                "criteria_key": record.criteria_key,
                "path": f"adopted from {database}, of no session",
                "created_at": utc_now(),
                **Tally().values(),
            }
        ],
    )


def _patients(sessions: Mapping[int, AdoptedSession], work: ProviderWork) -> int:
    legacy, adopted = work.legacy_rows, work.adopted
    rows = legacy.batch("patients", adopted.last(Patient), LEGACY_ROWS_AT_ONCE)
    extracted = legacy.extractions_of([row["id"] for row in rows])
    adopted.add(Patient, [_patient(row, extracted.get(row["id"], ()), sessions) for row in rows])
    return len(rows)


def _patient(row: LegacyRow, extracted: Sequence[LegacyRow], sessions: Mapping[int, AdoptedSession]) -> dict[str, Any]:
    prn = row["prn"].strip()
    texts = ("patient_uuid", "patient_name", "first_name", "last_name", "age", "gender", "phone", "email", "address")
    return {
        "id": row["id"],
        "prn": prn,
        **{name: row[name] or None for name in texts},
        **name_keys(row["patient_name"], row["first_name"], row["last_name"])._asdict(),
        "date_of_birth": stored_day(row["date_of_birth"]),
        "date_of_birth_text": stored_text(row["date_of_birth"]),
        **_source([each for each in extracted if each["prn"].strip() == prn], sessions),
        "created_at": row["created_at"] or utc_now(),
        "updated_at": row["updated_at"] or row["created_at"] or utc_now(),
    }


def _mixed_patients(sessions: Mapping[int, AdoptedSession], work: ProviderWork) -> None:
    """Add rows for PRNs that the earlier scripts kept in the row of another; their demographics are unknown."""
    adopted, mixed = work.adopted, _mixed_extractions(work)
    existing = adopted.patients(list(mixed))
    now, missing = utc_now(), [prn for prn in mixed if prn not in existing]
    adopted.add(
        Patient,
        [
            {
                "id": number,
                "prn": prn,
                "patient_uuid": (mixed[prn][-1]["patient_uuid"] or None) if mixed[prn] else None,
                **_source(mixed[prn], sessions),
                "created_at": now,
                "updated_at": now,
            }
            for number, prn in enumerate(missing, start=adopted.last(Patient) + 1)
        ],
    )


def _mixed_extractions(work: ProviderWork) -> dict[str, list[LegacyRow]]:
    """By PRN that was kept in the row of another, sorted, its extractions."""
    mixed = work.legacy_checks.mixed_prns()
    found: dict[str, list[LegacyRow]] = {prn: [] for prn in sorted({prn for _, prn in mixed})}
    for rows in work.legacy_rows.extractions_of([number for number, _ in mixed]).values():
        for row in rows:
            if (prn := row["prn"].strip()) in found:
                found[prn].append(row)
    return found


def _source(extracted: Sequence[LegacyRow], sessions: Mapping[int, AdoptedSession]) -> dict[str, Any]:
    """The session of a patient row's values: of the latest own extraction, else the session for rows without one."""
    if not extracted:
        return {"as_of": None, "extraction_session_id": max(sessions)}
    latest = max(
        extracted, key=lambda row: (sessions[row["extraction_session_id"]].extracted_at or _EARLIEST, row["id"])
    )
    number = latest["extraction_session_id"]
    return {"as_of": sessions[number].extracted_at, "extraction_session_id": number}


def _extractions(sessions: Mapping[int, AdoptedSession], order: DateOrder, work: ProviderWork) -> int:
    rows = work.legacy_rows.batch("patient_extractions", work.adopted.last(PatientExtraction), LEGACY_ROWS_AT_ONCE)
    if rows:
        add_extractions(work, rows, sessions, order)
    return len(rows)


def _count(work: ProviderWork) -> None:
    """Write each session's counts, from its rows and from what the earlier scripts counted as found and failed."""
    sessions = work.adopted.sessions()
    for number, tally in work.adopted.tallies().items():
        counted = sessions[number].counted
        tally.failed_extractions = max(0, counted.get("failed_extractions") or 0)
        found = counted.get("total_patients_found") or 0
        # Patients without a row: the scripts skipped what they took for duplicates.
        tally.patients_duplicate = max(0, found - tally.failed_extractions - tally.patients_stored)
        work.sessions.finish(number, tally)
