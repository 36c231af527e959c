"""Copies extractions with their clinical rows and checksums, as an ingest would have stored them."""

from collections.abc import Mapping, Sequence
from typing import Any

from webautodash.domain.checksum import checksum
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.extraction.patient.patient_record import CHECKED_COLUMNS, SWEEP_FIELDS
from webautodash.domain.legacy.clinical_rows import clinical_rows, listed_items
from webautodash.domain.legacy.sessions import PERSON_UNKNOWN
from webautodash.domain.legacy.tables import LEGACY_LISTS, LegacyRow, stored_day, stored_text
from webautodash.domain.row_checks import list_checks, row_checks
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import PatientExtraction
from webautodash.repositories.adopted import FLAG, AdoptedSession
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.adopt.incomplete import flag_of

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
        demographics = _demographics(row, record)
        flag = flag_of(row, {name: len(each) for name, each in lists_of_row.items()}, record)
        columns.append(
            {
                "prn": prn,
                "patient_id": person.id,
                "position": place,
                **_columns(row, demographics, flag, session),
                "extra": _extra(row, flag, is_person_unknown=record is None),
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
    return {
        "id": row["id"],
        "extraction_session_id": row["extraction_session_id"],
        "criteria_key": session.criteria_key if flag is None else _NOT_COMPARED,
        "extracted_at": session.extracted_at,
        **demographics.values(),
        **{name: stored_text(row[name]) for name in SWEEP_FIELDS},
        "processing_status": row["processing_status"] if flag is None else ProcessingStatus.FAILED,
    }


def _extra(row: LegacyRow, flag: str | None, *, is_person_unknown: bool) -> dict[str, Any] | None:
    extra = {
        "checksum_of_earlier_scripts": row["data_checksum"] or None,
        "error_message": row["error_message"] or None,
        FLAG: flag,
        PERSON_UNKNOWN: is_person_unknown or None,
    }
    return {name: value for name, value in extra.items() if value is not None} or None


def _demographics(row: LegacyRow, record: LegacyRow | None) -> Demographics:
    """The demographics as the session had them: those of its comprehensive record. The patient row may be another's."""
    uuid = row["patient_uuid"] or None
    if record is None:
        return Demographics(patient_uuid=uuid)
    return person_of(record)._replace(patient_uuid=uuid, age=record["age"] or None)


def person_of(row: LegacyRow) -> Demographics:
    """Name, birth date and gender in a patient row or a comprehensive record."""
    born = row["date_of_birth"]
    return Demographics(
        patient_name=row["patient_name"] or None,
        date_of_birth=stored_day(born),
        date_of_birth_text=stored_text(born),
        gender=row["gender"] or None,
    )
