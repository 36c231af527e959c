"""Extractions with their clinical rows and checksums as the ingest would have stored them."""

from collections.abc import Mapping, Sequence
from typing import Any

from webautodash.domain.checksum import checksum
from webautodash.domain.dates import DateOrder
from webautodash.domain.earlier_scripts.clinical_rows import clinical_rows, listed_items
from webautodash.domain.earlier_scripts.tables import LEGACY_LISTS
from webautodash.domain.earlier_scripts.values import LegacyRow, stored_day, stored_text
from webautodash.domain.extraction.demographics import Demographics
from webautodash.domain.extraction.patient_record import CHECKED_COLUMNS, SWEEP_FIELDS
from webautodash.domain.extraction.rows import Rows
from webautodash.domain.row_checks import list_checks, row_checks
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import PatientExtraction
from webautodash.repositories.adopted import FLAG, AdoptedPatient, AdoptedSession
from webautodash.repositories.unit_of_work import ProviderWork

ROWS_MISSING = "clinical rows are missing though a checksum is there"
ROWS_FEWER = "fewer clinical rows than the comprehensive record lists"
NOT_FINISHED = "the earlier scripts did not finish it"
_NOT_COMPARED = ""
"""The criteria of an extraction that is not whole: the next one is compared with one that is, or with none."""


def add_extractions(
    work: ProviderWork, rows: Sequence[LegacyRow], sessions: Mapping[int, AdoptedSession], order: DateOrder
) -> None:
    """Write a batch of extractions and their rows."""
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
    own = {name: [of.get(number, []) for number in ids] for name, of in clinical.items()}
    listed = {which.name: [listed_items(each[which.key]) if each else None for each in found] for which in LEGACY_LISTS}
    read = {which.name: clinical_rows(which, own[which.name], listed[which.name], order) for which in LEGACY_LISTS}
    places = legacy.places(session_ids, ids[0])
    columns, lists = [], []
    for number, (row, prn, record) in enumerate(zip(rows, prns, found, strict=True)):
        since, person = sessions[row["extraction_session_id"]], people[prn]
        place = places.get(since.id, 0)
        places[since.id] = place + 1
        its = {name: each[number] for name, each in read.items()}
        said = _demographics(row, person, record)
        flag = _flag(row, its, {name: each[number] for name, each in listed.items()})
        columns.append(
            {
                "prn": prn,
                "patient_id": person.id,
                "position": place,
                **_columns(row, said, flag, since),
                "data_checksum": checksum(prn, said.values(), its),
            }
        )
        lists.append((row["id"], {name: ([each["id"] for each in own[name][number]], its[name]) for name in its}))
    of_lists = list_checks([{name: rows for name, (_, rows) in its.items()} for _, its in lists])
    kept = row_checks([[each[name] for each in columns] for name in CHECKED_COLUMNS], of_lists)
    adopted.add(PatientExtraction, [each | {"row_checks": checks} for each, checks in zip(columns, kept, strict=True)])
    adopted.add_lists(lists)


def _columns(row: LegacyRow, said: Demographics, flag: str | None, since: AdoptedSession) -> dict[str, Any]:
    extra = {
        "checksum_of_earlier_scripts": row["data_checksum"] or None,
        "error_message": row["error_message"] or None,
        FLAG: flag,
    }
    return {
        "id": row["id"],
        "extraction_session_id": row["extraction_session_id"],
        "criteria_key": since.criteria_key if flag is None else _NOT_COMPARED,
        "extracted_at": since.extracted_at,
        **said.values(),
        **{name: stored_text(row[name]) for name in SWEEP_FIELDS},
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
            date_of_birth=stored_day(born),
            date_of_birth_text=stored_text(born),
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


def _flag(row: LegacyRow, lists: Mapping[str, Rows], listed: Mapping[str, Sequence[Any] | None]) -> str | None:
    """Why an extraction is not whole; None for one that is, as far as can be seen."""
    if row["processing_status"] not in {ProcessingStatus.PROCESSED, ProcessingStatus.CONFLICT}:
        return NOT_FINISHED
    if row["data_checksum"] and not any(lists.values()):
        return ROWS_MISSING
    if any(len(listed[name] or ()) > len(rows) for name, rows in lists.items()):
        return ROWS_FEWER
    return None
