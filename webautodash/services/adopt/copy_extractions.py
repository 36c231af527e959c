"""Copies extractions with their clinical rows and checksums, as an ingest would have stored them."""

from collections.abc import Mapping, Sequence
from typing import Any

from webautodash.domain.checksum import checksum
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.lists.rows import Rows
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.extraction.patient.patient_record import CHECKED_COLUMNS, SWEEP_FIELDS
from webautodash.domain.legacy.clinical_rows import clinical_rows, listed_items
from webautodash.domain.legacy.tables import LEGACY_LISTS, LegacyRow, stored_day, stored_text
from webautodash.domain.row_checks import list_checks, row_checks
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import PatientExtraction
from webautodash.repositories.adopted import FLAG, AdoptedPatient, AdoptedSession
from webautodash.repositories.unit_of_work import ProviderWork

ROWS_MISSING = "clinical rows are missing though a checksum is there"
ROWS_FEWER = "fewer clinical rows than the comprehensive record lists"
NOT_FINISHED = "the earlier scripts did not finish it"
_NOT_COMPARED = ""
"""The criteria key of incomplete extractions, which no later extraction is compared with."""


def add_extractions(
    work: ProviderWork, rows: Sequence[LegacyRow], sessions: Mapping[int, AdoptedSession], order: DateOrder
) -> None:
    """Copy a batch of extractions and their clinical rows."""
    legacy, adopted = work.legacy_rows, work.adopted
    ids = [row["id"] for row in rows]
    clinical = {which.name: legacy.clinical(which.name, ids) for which in LEGACY_LISTS}
    prns = [row["prn"].strip() for row in rows]
    people = adopted.patients(sorted(set(prns)))
    session_ids = sorted({row["extraction_session_id"] for row in rows})
    records = {
        (each["extraction_session_id"], each["prn"].strip()): each
        for each in legacy.comprehensive(session_ids, sorted({row["prn"] for row in rows}))
    }
    found = [records.get((row["extraction_session_id"], prn)) for row, prn in zip(rows, prns, strict=True)]
    own = {name: [by_id.get(number, []) for number in ids] for name, by_id in clinical.items()}
    listed = {which.name: [listed_items(each[which.key]) if each else None for each in found] for which in LEGACY_LISTS}
    read = {which.name: clinical_rows(which, own[which.name], listed[which.name], order) for which in LEGACY_LISTS}
    places = legacy.places(session_ids, ids[0])
    columns, lists = [], []
    for number, (row, prn, record) in enumerate(zip(rows, prns, found, strict=True)):
        session, person = sessions[row["extraction_session_id"]], people[prn]
        place = places.get(session.id, 0)
        places[session.id] = place + 1
        lists_of_row = {name: each[number] for name, each in read.items()}
        demographics = _demographics(row, person, record)
        flag = _flag(row, lists_of_row, {name: each[number] for name, each in listed.items()})
        columns.append(
            {
                "prn": prn,
                "patient_id": person.id,
                "position": place,
                **_columns(row, demographics, flag, session),
                "data_checksum": checksum(prn, demographics.values(), lists_of_row),
            }
        )
        lists.append(
            (
                row["id"],
                {name: ([each["id"] for each in own[name][number]], lists_of_row[name]) for name in lists_of_row},
            )
        )
    of_lists = list_checks([{name: rows for name, (_, rows) in each.items()} for _, each in lists])
    kept = row_checks([[each[name] for each in columns] for name in CHECKED_COLUMNS], of_lists)
    adopted.add(PatientExtraction, [each | {"row_checks": checks} for each, checks in zip(columns, kept, strict=True)])
    adopted.add_lists(lists)


def _columns(row: LegacyRow, demographics: Demographics, flag: str | None, session: AdoptedSession) -> dict[str, Any]:
    extra = {
        "checksum_of_earlier_scripts": row["data_checksum"] or None,
        "error_message": row["error_message"] or None,
        FLAG: flag,
    }
    return {
        "id": row["id"],
        "extraction_session_id": row["extraction_session_id"],
        "criteria_key": session.criteria_key if flag is None else _NOT_COMPARED,
        "extracted_at": session.extracted_at,
        **demographics.values(),
        **{name: stored_text(row[name]) for name in SWEEP_FIELDS},
        "processing_status": row["processing_status"] if flag is None else ProcessingStatus.FAILED,
        "extra": {name: value for name, value in extra.items() if value is not None} or None,
    }


def _demographics(row: LegacyRow, person: AdoptedPatient, record: LegacyRow | None) -> Demographics:
    """The demographics as the session had them: of its comprehensive record, else of the patient row."""
    uuid = row["patient_uuid"] or None
    if record is not None:
        born = record["date_of_birth"]
        return Demographics(
            patient_uuid=uuid,
            patient_name=record["patient_name"] or None,
            date_of_birth=stored_day(born),
            date_of_birth_text=stored_text(born),
            age=record["age"] or None,
            gender=record["gender"] or None,
        )
    of_patient = person.demographics
    return Demographics(
        patient_uuid=uuid,
        patient_name=of_patient.patient_name,
        date_of_birth=of_patient.date_of_birth,
        date_of_birth_text=of_patient.date_of_birth_text,
        gender=of_patient.gender,
    )


def _flag(row: LegacyRow, lists: Mapping[str, Rows], listed: Mapping[str, Sequence[Any] | None]) -> str | None:
    """Why an extraction is incomplete; None if it is complete as far as can be determined."""
    if row["processing_status"] not in {ProcessingStatus.PROCESSED, ProcessingStatus.CONFLICT}:
        return NOT_FINISHED
    if row["data_checksum"] and not any(lists.values()):
        return ROWS_MISSING
    if any(len(listed[name] or ()) > len(rows) for name, rows in lists.items()):
        return ROWS_FEWER
    return None
