"""Stores the patients of a batch: compares each with its latest extraction and writes the rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from webautodash.domain.differences.difference import FieldValues
from webautodash.domain.extraction.demographics import DEMOGRAPHIC_COLUMNS, other_demographics
from webautodash.domain.extraction.patient_record import CHECKED_COLUMNS, SWEEP_FIELDS, PatientRecord
from webautodash.domain.extraction.reread_lists import as_read_today
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


class _Decided(NamedTuple):
    decision: Decision
    repeats: int | None
    """For a duplicate, the extraction that it repeats."""


def store_planned(current: StoringSession, planned: Sequence[Planned]) -> list[SetAside]:
    """Store patients that could be read. Returns those that are set aside instead; the tally does not count them."""
    if not planned:
        return []
    work = current.work
    people = work.patients.lock([entry.record for entry in planned], current.id, current.extracted_at, current.now)
    screened = screen(current, planned, people)
    if kept := [repeat for entry in screened.planned for repeat in entry.kept]:
        work.set_aside.add(current.id, kept, current.now, taken_in_at=current.now)
    if screened.recorded:
        _record(current, people, screened.recorded)
        current.tally.conflicts_detected += len(screened.recorded)
    if screened.planned:
        # New patients have no earlier extraction.
        returning = [people[entry.record.prn].id for entry in screened.planned if not people[entry.record.prn].is_new]
        latest = work.extractions.latest(returning, current.criteria_key)
        for part in _parts(current, screened.planned, people, latest):
            _store(current, part, people, latest)
    return screened.aside


def _parts(
    current: StoringSession,
    planned: Sequence[Planned],
    people: Mapping[str, StoredPatient],
    latest: Mapping[int, LatestExtraction],
) -> Iterator[Sequence[Planned]]:
    """The patients of a batch, as many at a time as the limit of compared rows allows: mostly all."""
    changed = _changed(planned, people, latest)
    rows = current.work.clinical.numbers([found.original_id for found in changed.values()])
    part: list[Planned] = []
    compared = 0
    for entry in planned:
        found = changed.get(entry.record.prn)
        number = rows[found.original_id] if found else 0
        if part and compared + number > _MOST_COMPARED_ROWS:
            yield part
            part, compared = [], 0
        part.append(entry)
        compared += number
    yield part


def _changed(
    planned: Sequence[Planned], people: Mapping[str, StoredPatient], latest: Mapping[int, LatestExtraction]
) -> dict[str, LatestExtraction]:
    """By PRN, the latest extraction with the same criteria if its content differs."""
    return {
        entry.record.prn: found
        for entry in planned
        if (found := latest.get(people[entry.record.prn].id)) and found.checksum != entry.record.checksum
    }


def _store(
    current: StoringSession,
    planned: Sequence[Planned],
    people: Mapping[str, StoredPatient],
    latest: Mapping[int, LatestExtraction],
) -> None:
    work = current.work
    patients = [entry.record for entry in planned]
    decisions = _decide(current, planned, people, latest)

    new = [record for record in patients if decisions[record.prn].repeats is None]
    columns = _extraction_columns(current, patients, people, decisions)
    # A duplicate has no rows of its own.
    lists = [record.list_checks if decisions[record.prn].repeats is None else NO_ROWS for record in patients]
    columns["row_checks"] = row_checks([columns[name] for name in CHECKED_COLUMNS], lists)
    ids = work.extractions.add(current.id, columns, [record.prn for record in new])
    written = work.clinical.add([(ids[record.prn], record.lists) for record in new])
    differences = [(prn, found) for prn, decided in decisions.items() for found in decided.decision.differences]
    _record(current, people, differences)
    work.patients.update_values(
        {prn: one.decision.master for prn, one in decisions.items() if one.decision.master is not None},
        current.id,
        current.extracted_at,
        current.now,
    )
    _count(current.tally, planned, people, decisions, written)


def _record(
    current: StoringSession,
    people: Mapping[str, StoredPatient],
    differences: Sequence[tuple[str, SessionDifference]],
) -> None:
    entries = [
        ConflictEntry(people[prn].id, prn, found.difference, found.old_session, found.new_session, current.id)
        for prn, found in differences
    ]
    current.work.conflicts.add(entries, current.now)


def _decide(
    current: StoringSession,
    planned: Sequence[Planned],
    people: Mapping[str, StoredPatient],
    latest: Mapping[int, LatestExtraction],
) -> dict[str, _Decided]:
    """The decisions by PRN."""
    work, extractions = current.work, current.work.extractions
    changed = _changed(planned, people, latest).values()
    lists = work.clinical.load([found.original_id for found in changed])
    demographics = extractions.demographics([found.id for found in changed])
    extras = extractions.extras([found.id for found in changed])
    others = _other_demographics(work, planned, people)
    decisions: dict[str, _Decided] = {}
    for entry in planned:
        person = people[entry.record.prn]
        found = latest.get(person.id)
        master = None
        if not person.is_new:
            other = others.get(person.id, person.other)
            master = CurrentPatient(person.demographics, person.as_of, person.session_id, other)
        previous = None
        if found is not None:
            stored = lists.get(found.original_id)
            read = as_read_today(stored, extras.get(found.id), current.order) if stored is not None else None
            before = demographics.get(found.id), found.session_id, read or stored, found.extracted_at
            previous = PreviousExtraction(found.checksum, *before, is_reread=read is not None)
        new = NewExtraction(entry.record, current.extracted_at, current.id, entry.repeats, entry.repeats_differ)
        decision = decide(new, master, previous)
        original = found.original_id if found and decision.outcome is PatientOutcome.DUPLICATE else None
        decisions[entry.record.prn] = _Decided(decision, original)
    return decisions


def _other_demographics(
    work: ProviderWork, planned: Sequence[Planned], people: Mapping[str, StoredPatient]
) -> dict[int, FieldValues | None]:
    """By patient, the unknown demographic fields of rows that lack them although the new record has some.

    Older versions did not store them in the patient's row; they are in its extraction.
    """
    missing = [
        person.id
        for entry in planned
        if not (person := people[entry.record.prn]).is_new
        and person.other is None
        and entry.record.other_demographics is not None
    ]
    return {number: other_demographics(extra) for number, extra in work.extractions.master_extras(missing).items()}


def _extraction_columns(
    current: StoringSession,
    patients: Sequence[PatientRecord],
    people: Mapping[str, StoredPatient],
    decisions: dict[str, _Decided],
) -> dict[str, Sequence[object]]:
    number = len(patients)
    decided = [decisions[record.prn] for record in patients]
    return {
        "prn": [record.prn for record in patients],
        "patient_id": [people[record.prn].id for record in patients],
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


def _count(
    tally: Tally,
    planned: Sequence[Planned],
    people: Mapping[str, StoredPatient],
    decisions: dict[str, _Decided],
    written: dict[str, int],
) -> None:
    tally.patients_new += sum(people[entry.record.prn].is_new for entry in planned)
    # The earlier places of a PRN in the same file have no rows of their own.
    tally.patients_duplicate += sum(len(entry.repeats) for entry in planned)
    for decision, _ in decisions.values():
        tally.patients_stored += decision.outcome is PatientOutcome.STORED
        tally.patients_changed += decision.outcome is PatientOutcome.CHANGED
        tally.patients_duplicate += decision.outcome is PatientOutcome.DUPLICATE
        tally.conflicts_detected += decision.conflicts
    for name, number in written.items():
        tally.rows[name] += number
