"""Extractions with their clinical rows and checksums as the ingest would have stored them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webautodash.domain.checksum import checksum
from webautodash.domain.dates import DateOrder
from webautodash.domain.legacy_rows import LegacyRow, as_text, clinical_rows, day
from webautodash.domain.lists import LISTS
from webautodash.domain.records import FOUND, Demographics
from webautodash.domain.rows import Rows
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import PatientExtraction
from webautodash.repositories.adopted import FLAG, AdoptedPatient, AdoptedRepository, AdoptedSession
from webautodash.repositories.legacy import LegacyRepository

ROWS_MISSING = "clinical rows are missing though a checksum is there"
ROWS_FEWER = "fewer clinical rows than the comprehensive record lists"
NOT_FINISHED = "the earlier scripts did not finish it"
_NOT_COMPARED = ""
"""The criteria of an extraction that is not whole: the next one is compared with one that is, or with none."""


def add_extractions(
    session: Session, rows: Sequence[LegacyRow], sessions: Mapping[int, AdoptedSession], order: DateOrder
) -> None:
    """Write a batch of extractions and their rows."""
    legacy, adopted = LegacyRepository(session), AdoptedRepository(session)
    ids = [row["id"] for row in rows]
    clinical = {which.name: legacy.clinical(which.name, ids) for which in LISTS}
    prns = [row["prn"].strip() for row in rows]
    people = adopted.patients(sorted(set(prns)))
    session_ids = sorted({row["extraction_session_id"] for row in rows})
    records = {
        (each["extraction_session_id"], each["prn"].strip()): each
        for each in legacy.comprehensive(session_ids, sorted({row["prn"] for row in rows}))
    }
    places = legacy.places(session_ids, ids[0])
    columns, lists = [], []
    for row, prn in zip(rows, prns, strict=True):
        number = row["extraction_session_id"]
        place = places.get(number, 0)
        places[number] = place + 1
        record = records.get((number, prn))
        own = {which.name: clinical[which.name].get(row["id"], []) for which in LISTS}
        read = {which.name: clinical_rows(which, own[which.name], order) for which in LISTS}
        columns.append(_columns(row, prn, place, people[prn], record, sessions[number], read))
        lists.append((row["id"], {name: ([each["id"] for each in own[name]], read[name]) for name in own}))
    adopted.add(PatientExtraction, columns)
    adopted.add_lists(lists)


def _columns(
    row: LegacyRow,
    prn: str,
    place: int,
    person: AdoptedPatient,
    record: LegacyRow | None,
    since: AdoptedSession,
    lists: Mapping[str, Rows],
) -> dict[str, Any]:
    said = _demographics(row, person, record)
    flag = _flag(row, record, lists)
    extra = {
        "checksum_of_earlier_scripts": row["data_checksum"] or None,
        "error_message": row["error_message"] or None,
        FLAG: flag,
    }
    return {
        "id": row["id"],
        "prn": prn,
        "patient_id": person.id,
        "extraction_session_id": row["extraction_session_id"],
        "criteria_key": since.criteria_key if flag is None else _NOT_COMPARED,
        "extracted_at": since.extracted_at,
        "position": place,
        **said.values(),
        **{name: as_text(row[name]) for name in FOUND},
        "data_checksum": checksum(prn, said.values(), lists),
        "processing_status": row["processing_status"] if flag is None else ProcessingStatus.FAILED,
        "extra": {name: value for name, value in extra.items() if value is not None} or None,
    }


def _demographics(row: LegacyRow, person: AdoptedPatient, record: LegacyRow | None) -> Demographics:
    """Who the session said that it was: its comprehensive record knows, else the master row is all there is."""
    uuid = row["patient_uuid"] or None
    if record is not None:
        born = record["date_of_birth"]
        return Demographics(
            patient_uuid=uuid,
            patient_name=record["patient_name"] or None,
            date_of_birth=day(born),
            date_of_birth_text=as_text(born),
            age=record["age"] or None,
            gender=record["gender"] or None,
        )
    known = person.demographics
    return Demographics(
        patient_uuid=uuid,
        patient_name=known.patient_name,
        date_of_birth=known.date_of_birth,
        date_of_birth_text=known.date_of_birth_text,
        gender=known.gender,
    )


def _flag(row: LegacyRow, record: LegacyRow | None, lists: Mapping[str, Rows]) -> str | None:
    """Why an extraction is not whole; None for one that is, as far as can be seen."""
    if row["processing_status"] not in {ProcessingStatus.PROCESSED, ProcessingStatus.CONFLICT}:
        return NOT_FINISHED
    if row["data_checksum"] and not any(lists.values()):
        return ROWS_MISSING
    if record is not None and any((record[f"all_{name}"] or 0) > len(rows) for name, rows in lists.items()):
        return ROWS_FEWER
    return None
