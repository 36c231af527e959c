"""Stores the patients of a batch: compares each with its latest extraction and writes the rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from webautodash.domain.differences.difference import FieldValues
from webautodash.domain.extraction.lists.reread_lists import as_read_today
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS, other_demographics
from webautodash.domain.extraction.patient.patient_record import CHECKED_COLUMNS, SWEEP_FIELDS, PatientRecord
from webautodash.domain.legacy.sessions import PERSON_UNKNOWN
from webautodash.domain.patient_outcome import (
    CurrentPatient,
    Decision,
    NewExtraction,
    PatientOutcome,
    PreviousExtraction,
    SessionDifference,
    decide,
)
from webautodash.domain.row_checks import NO_ROWS, row_checks
from webautodash.repositories.conflicts import ConflictEntry
from webautodash.repositories.extractions import LatestExtraction
from webautodash.repositories.patients import StoredPatient
from webautodash.repositories.sessions import Tally
from webautodash.repositories.set_aside import SetAside
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest.plan import Planned, StoringSession
from webautodash.services.ingest.screen_patients import screen

# Stored rows that the patients of a batch are compared with at a time.
_MOST_COMPARED_ROWS = 40_000


class _Patient(NamedTuple):
    """A patient of a batch, and what the database has of the same person."""

    planned: Planned
    person: StoredPatient
    latest: LatestExtraction | None
    """The latest extraction with the same criteria, or the one that the earlier scripts made of this file."""
    is_of_this_file: bool = False
    """Whether ``latest`` is of this file."""

    @property
    def record(self) -> PatientRecord:
        """What the file has of the patient."""
        return self.planned.record

    @property
    def compared(self) -> LatestExtraction | None:
        """The latest extraction, if its content differs from the record."""
        found = self.latest
        return found if found is not None and found.checksum != self.planned.record.checksum else None


class _Decided(NamedTuple):
    patient: _Patient
    decision: Decision
    repeats: int | None
    """For a duplicate, the extraction that it repeats."""


def store_planned(current: StoringSession, planned: Sequence[Planned]) -> list[SetAside]:
    """Store patients that could be read. Returns those that are set aside instead; the tally does not count them."""
    if not planned:
        return []
    work = current.work
    people = work.patients.lock([entry.record for entry in planned], current.id, current.extracted_at, current.now)
    # What the earlier scripts stored of this file is taken in already.
    prns = [entry.record.prn for entry in planned]
    adopted = work.extractions.complete_in(current.adopted_as, prns) if current.adopted_as else {}
    screened = screen(current, [entry for entry in planned if entry.record.prn not in adopted], people)
    screened.planned.extend(entry for entry in planned if entry.record.prn in adopted)
    if kept := [repeat for entry in screened.planned for repeat in entry.kept]:
        work.set_aside.add(current.id, kept, current.now, taken_in_at=current.now)
    if screened.recorded:
        _record(current, screened.recorded)
        current.tally.conflicts_detected += len(screened.recorded)
    if screened.planned:
        persons = [people[entry.record.prn] for entry in screened.planned]
        # New patients have no earlier extraction.
        latest = work.extractions.latest([one.id for one in persons if not one.is_new], current.criteria_key)
        patients = [
            _Patient(entry, person, adopted.get(entry.record.prn) or latest.get(person.id), entry.record.prn in adopted)
            for entry, person in zip(screened.planned, persons, strict=True)
        ]
        for part in _parts(work, patients):
            _store(current, part)
    return screened.aside


def _parts(work: ProviderWork, patients: Sequence[_Patient]) -> Iterator[Sequence[_Patient]]:
    """The patients of a batch, as many at a time as the limit of compared rows allows: mostly all."""
    rows = work.clinical.numbers([found.original_id for one in patients if (found := one.compared)])
    part: list[_Patient] = []
    compared = 0
    for patient in patients:
        found = patient.compared
        number = rows[found.original_id] if found else 0
        if part and compared + number > _MOST_COMPARED_ROWS:
            yield part
            part, compared = [], 0
        part.append(patient)
        compared += number
    yield part


def _store(current: StoringSession, patients: Sequence[_Patient]) -> None:
    work = current.work
    decided = _decide(current, patients)
    columns = _extraction_columns(current, decided)
    # A duplicate has no rows of its own.
    new = [one.patient.record for one in decided if one.repeats is None]
    lists = [one.patient.record.list_checks if one.repeats is None else NO_ROWS for one in decided]
    columns["row_checks"] = row_checks([columns[name] for name in CHECKED_COLUMNS], lists)
    ids = work.extractions.add(current.id, columns, [record.prn for record in new])
    written = work.clinical.add([(ids[record.prn], record.lists) for record in new])
    _record(
        current,
        [
            (one.patient.person.id, one.patient.record.prn, found)
            for one in decided
            for found in one.decision.differences
        ],
    )
    work.patients.update_values(
        {one.patient.record.prn: one.decision.master for one in decided if one.decision.master is not None},
        current.id,
        current.extracted_at,
        current.now,
    )
    _count(current.tally, decided, written)


def _record(current: StoringSession, differences: Sequence[tuple[int, str, SessionDifference]]) -> None:
    """Record differences, each with the id and the PRN of its patient."""
    entries = [
        ConflictEntry(number, prn, found.difference, found.old_session, found.new_session, current.id)
        for number, prn, found in differences
    ]
    current.work.conflicts.add(entries, current.now)


def _decide(current: StoringSession, patients: Sequence[_Patient]) -> list[_Decided]:
    work, extractions = current.work, current.work.extractions
    compared = [found for one in patients if (found := one.compared)]
    lists = work.clinical.load([found.original_id for found in compared])
    demographics = extractions.demographics([found.id for found in compared])
    extras = extractions.extras([found.id for found in compared])
    others = _other_demographics(work, patients)
    decided: list[_Decided] = []
    for patient in patients:
        entry, person, found, is_of_this_file = patient
        master = None
        if not person.is_new:
            other = others.get(person.id, person.other)
            master = CurrentPatient(person.demographics, person.as_of, person.session_id, other)
        previous = None
        if found is not None:
            stored = lists.get(found.original_id)
            extra = extras.get(found.id)
            read = as_read_today(stored, extra, current.order) if stored is not None else None
            before = demographics.get(found.id), found.session_id, read or stored, found.extracted_at
            previous = PreviousExtraction(
                found.checksum,
                *before,
                is_reread=read is not None,
                is_person_unknown=PERSON_UNKNOWN in (extra or {}),
                is_of_this_file=is_of_this_file,
            )
        new = NewExtraction(entry.record, current.extracted_at, current.id, entry.repeats, entry.repeats_differ)
        decision = decide(new, master, previous)
        original = found.original_id if found and decision.outcome is PatientOutcome.DUPLICATE else None
        decided.append(_Decided(patient, decision, original))
    return decided


def _other_demographics(work: ProviderWork, patients: Sequence[_Patient]) -> dict[int, FieldValues | None]:
    """By patient, the unknown demographic fields of rows that lack them although the new record has some.

    Older versions did not store them in the patient's row; they are in its extraction.
    """
    missing = [
        person.id
        for entry, person, *_ in patients
        if not person.is_new and person.other is None and entry.record.other_demographics is not None
    ]
    return {number: other_demographics(extra) for number, extra in work.extractions.master_extras(missing).items()}


def _extraction_columns(current: StoringSession, decided: Sequence[_Decided]) -> dict[str, Sequence[object]]:
    number = len(decided)
    patients = [one.patient.record for one in decided]
    return {
        "prn": [record.prn for record in patients],
        "patient_id": [one.patient.person.id for one in decided],
        "criteria_key": [current.criteria_key] * number,
        "extracted_at": [current.extracted_at] * number,
        "position": [record.position for record in patients],
        **dict(zip(DEMOGRAPHIC_COLUMNS, zip(*(record.demographics for record in patients), strict=True), strict=True)),
        "data_checksum": [record.checksum for record in patients],
        "processing_status": [one.decision.status for one in decided],
        "duplicate_of_id": [one.repeats for one in decided],
        "extra": [record.extra for record in patients],
        **{name: [record.sweep[name] for record in patients] for name in SWEEP_FIELDS},
    }


def _count(tally: Tally, decided: Sequence[_Decided], written: Mapping[str, int]) -> None:
    for patient, decision, _ in decided:
        tally.patients_new += patient.person.is_new
        # The earlier places of a PRN in the same file have no rows of their own.
        tally.patients_duplicate += len(patient.planned.repeats)
        tally.patients_stored += decision.outcome is PatientOutcome.STORED
        tally.patients_changed += decision.outcome is PatientOutcome.CHANGED
        tally.patients_duplicate += decision.outcome is PatientOutcome.DUPLICATE
        tally.conflicts_detected += decision.conflicts
    for name, number in written.items():
        tally.rows[name] += number
