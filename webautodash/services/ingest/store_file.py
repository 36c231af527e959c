"""One document into its provider's database: one transaction, a batch at a time."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

import msgspec

from webautodash.domain.decisions import (
    CurrentPatient,
    Decision,
    NewExtraction,
    PatientOutcome,
    PreviousExtraction,
    SessionDifference,
    decide,
)
from webautodash.domain.differences.difference import Difference, Fields
from webautodash.domain.differences.repeated_prn import RepeatComparison
from webautodash.domain.extraction.demographics import DEMOGRAPHIC_COLUMNS, other_demographics
from webautodash.domain.extraction.document import Document
from webautodash.domain.extraction.patient_record import CHECKED_COLUMNS, SWEEP_FIELDS, PatientRecord, complete_records
from webautodash.domain.extraction.read_patient import read_patient
from webautodash.domain.extraction.reread_lists import as_read_today
from webautodash.domain.extraction.session_metadata import session_record
from webautodash.domain.row_checks import NO_ROWS, row_checks
from webautodash.models.base import utc_now
from webautodash.prefetch import prefetched
from webautodash.repositories import (
    ExtractionRepository,
)
from webautodash.repositories.conflicts import ConflictEntry
from webautodash.repositories.extractions import LatestExtraction, StoredPlace
from webautodash.repositories.patients import StoredPatient
from webautodash.repositories.pending_events import file_stored
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.repositories.sessions import StoredSession, Tally
from webautodash.repositories.set_aside import SetAside
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.callbacks import ignore
from webautodash.services.ingest.plan import Entry, Planned, RepeatedPlace, StoringSession, planned
from webautodash.services.ingest.progress import OnBatch
from webautodash.services.ingest.screen_patients import screen
from webautodash.services.store import ProviderDatabase

# Stored rows that the patients of a batch are compared with at a time.
_MOST_COMPARED_ROWS = 40_000
# Places of a PRN that are read again together, and their bytes.
_MOST_PLACES = 20
_MOST_READ_AGAIN = 2 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """The session of a document, and whether it was there already."""

    session: StoredSession
    already: bool


def store_document(
    document: Document,
    provider: ProviderDatabase,
    zone: tzinfo,
    path: str,
    on_batch: OnBatch = ignore,
    *,
    accepted: Sequence[RecordedDecision] = (),
    extracted_at: datetime | None = None,
) -> Stored:
    """Store one extraction file; the same bytes twice are stored once, whoever else is storing them.

    ``path`` is where it lies, as people know it. ``accepted`` are the decisions of people that let a held file be
    stored; they are kept with its session. ``extracted_at`` is the right time, where the file's own is wrong.
    """
    order = provider.provider.date_order
    facts = session_record(document.metadata, order, zone, document.other_members)
    if extracted_at is not None:
        facts = replace(facts, extracted_at=extracted_at)

    def transaction(work: ProviderWork) -> Stored:
        sessions = work.sessions
        earlier = sessions.find(document.sha256)
        if earlier is not None:
            return Stored(earlier, already=True)
        now, tally = utc_now(), Tally()
        session_id = sessions.add(document.sha256, facts, path, now)
        work.session_decisions.add(session_id, accepted)
        current = StoringSession(session_id, facts.criteria_key, facts.extracted_at, now, order)
        for batch in prefetched(planned(document, order)):
            store_batch(work, current, batch, tally)
            on_batch(tally.total_patients_found, len(document.patients))
        sessions.finish(session_id, tally)
        if tally.conflicts_detected or tally.failed_extractions:
            work.pending_events.add(file_stored(session_id, tally, now))
        return Stored(StoredSession(session_id, document.sha256, tally), already=False)

    with _few_collections():
        # Another worker may store these bytes between our look and our insert.
        return provider.run_raced(transaction)


_SELDOM = (100_000, 50, 100)


@contextmanager
def _few_collections() -> Iterator[None]:
    # A batch makes a hundred thousand objects and no cycles: looking for some at the usual pace takes a quarter of
    # the whole time.
    usual = gc.get_threshold()
    if usual == _SELDOM:  # another thread is storing, and puts back what was usual
        yield
        return
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def store_batch(work: ProviderWork, current: StoringSession, batch: Sequence[Entry], tally: Tally) -> None:
    """Store some patients of a session and add them to its tally; the same number of statements for 1 and for 500."""
    aside = [entry for entry in batch if isinstance(entry, SetAside)]
    aside += store_planned(work, current, [entry for entry in batch if isinstance(entry, Planned)], tally)
    if aside:
        work.set_aside.add(current.id, aside, current.now)
        tally.failed_extractions += len(aside)
    if repeated := [entry for entry in batch if isinstance(entry, RepeatedPlace)]:
        _keep_repeated(work, current, repeated, tally)


def _keep_repeated(
    work: ProviderWork, current: StoringSession, repeated: Sequence[RepeatedPlace], tally: Tally
) -> None:
    """Keep earlier places of PRNs, and say where they differ from the place that is stored.

    They were compared with the last place of the PRN. Where that one waits for a person they are read again: the last
    of them that need not wait is stored, unless another place of the PRN is stored already.
    """
    stored = work.extractions.places(current.id, {entry.prn for entry in repeated})
    known = [entry for entry in repeated if entry.prn in stored and stored[entry.prn].position == entry.stored_position]
    _keep_compared(work, current, [(stored[one.prn], one.kept, one.difference) for one in known], tally)
    others: dict[str, list[SetAside]] = {}
    for entry in repeated:
        if entry.prn not in stored or stored[entry.prn].position != entry.stored_position:
            others.setdefault(entry.prn, []).append(entry.kept)
    for prn, places in others.items():
        in_order = sorted(places, key=lambda kept: kept.position)
        while in_order:
            some = _last_of(in_order)
            del in_order[-len(some) :]
            _take_places(work, current, prn, some, tally)


def _last_of(places: Sequence[SetAside]) -> list[SetAside]:
    """The last places, as many as may be held decoded together."""
    some: list[SetAside] = []
    size = 0
    for kept in reversed(places):
        size += len(kept.raw_json)
        if some and (size > _MOST_READ_AGAIN or len(some) == _MOST_PLACES):
            break
        some.insert(0, kept)
    return some


def _take_places(
    work: ProviderWork, current: StoringSession, prn: str, places: Sequence[SetAside], tally: Tally
) -> None:
    raws = [msgspec.Raw(kept.raw_json.encode()) for kept in places]
    read = complete_records(
        [read_patient(raw, kept.position, current.order) for raw, kept in zip(raws, places, strict=True)],
        current.order,
    )
    stored = work.extractions.places(current.id, [prn]).get(prn)
    if stored is None:
        last = read[-1]
        kept = [_repeat_of(one, last.position) for one in places[:-1]]
        aside = store_planned(work, current, [Planned(last, raws[-1], read[:-1], kept)], tally)
        work.set_aside.add(current.id, aside, current.now)
        tally.failed_extractions += len(aside)
        return
    comparison = RepeatComparison(_stored_record(work, prn, stored))
    compared = [
        (
            stored,
            _repeat_of(kept, stored.position),
            None if record.checksum == stored.checksum else comparison.difference(record),
        )
        for kept, record in zip(places, read, strict=True)
    ]
    _keep_compared(work, current, compared, tally)


def _repeat_of(kept: SetAside, position: int) -> SetAside:
    return replace(kept, detail=f"position {position} of the file has the same PRN and is stored")


def _stored_record(work: ProviderWork, prn: str, stored: StoredPlace) -> PatientRecord:
    """What a session has stored of a patient, as far as other places of the PRN are compared with it."""
    demographics = work.extractions.demographics([stored.id])[stored.id]
    lists = work.clinical.load([stored.source_id])[stored.source_id]
    return PatientRecord(stored.position, prn, demographics, {}, lists, None, stored.checksum, NO_ROWS)


def _keep_compared(
    work: ProviderWork,
    current: StoringSession,
    compared: Sequence[tuple[StoredPlace, SetAside, Difference | None]],
    tally: Tally,
) -> None:
    kept = [place for _, place, _ in compared]
    work.set_aside.add(current.id, kept, current.now, taken_in_at=current.now)
    entries = [
        ConflictEntry(stored.patient_id, place.prn or "", difference, current.id, current.id, current.id)
        for stored, place, difference in compared
        if difference is not None
    ]
    work.conflicts.add(entries, current.now)
    tally.patients_duplicate += len(compared)
    tally.conflicts_detected += len(entries)


def store_planned(
    work: ProviderWork, current: StoringSession, planned: Sequence[Planned], tally: Tally
) -> list[SetAside]:
    """Store patients that could be read, but for those that wait for a person, who are returned and nowhere counted."""
    if not planned:
        return []
    patients = work.patients
    people = patients.lock([entry.record for entry in planned], current.id, current.extracted_at, current.now)
    screened = screen(work, planned, people, current)
    if kept := [repeat for entry in screened.planned for repeat in entry.kept]:
        work.set_aside.add(current.id, kept, current.now, taken_in_at=current.now)
    if screened.recorded:
        _record(work, current, people, screened.recorded)
        tally.conflicts_detected += len(screened.recorded)
    if screened.planned:
        # Who is new has no earlier extraction.
        known_before = [
            people[entry.record.prn].id for entry in screened.planned if not people[entry.record.prn].is_new
        ]
        latest = work.extractions.latest(known_before, current.criteria_key)
        for part in _parts(work, screened.planned, people, latest):
            _store(work, current, part, people, latest, tally)
    return screened.aside


def _parts(
    work: ProviderWork,
    planned: Sequence[Planned],
    people: Mapping[str, StoredPatient],
    latest: Mapping[int, LatestExtraction],
) -> Iterator[Sequence[Planned]]:
    """The patients of a batch as many together as the rows allow that they are compared with: mostly all."""
    changed = _changed(planned, people, latest)
    rows = work.clinical.numbers([found.original_id for found in changed.values()])
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
    """By PRN, the latest extraction with the same criteria where it says something else."""
    return {
        entry.record.prn: found
        for entry in planned
        if (found := latest.get(people[entry.record.prn].id)) and found.checksum != entry.record.checksum
    }


def _store(
    work: ProviderWork,
    current: StoringSession,
    planned: Sequence[Planned],
    people: dict[str, StoredPatient],
    latest: Mapping[int, LatestExtraction],
    tally: Tally,
) -> None:
    patients = [entry.record for entry in planned]
    decisions = _decide(work, current, planned, people, latest)

    whole = [record for record in patients if decisions[record.prn][1] is None]
    columns = _extraction_columns(current, patients, people, decisions)
    # A duplicate's rows are those that it repeats.
    lists = [record.list_checks if decisions[record.prn][1] is None else NO_ROWS for record in patients]
    columns["row_checks"] = row_checks([columns[name] for name in CHECKED_COLUMNS], lists)
    ids = work.extractions.add(current.id, columns, [record.prn for record in whole])
    written = work.clinical.add([(ids[record.prn], record.lists) for record in whole])
    differences = [(prn, found) for prn, (decision, _) in decisions.items() for found in decision.differences]
    _record(work, current, people, differences)
    work.patients.update_values(
        {prn: decision.master for prn, (decision, _) in decisions.items() if decision.master is not None},
        current.id,
        current.extracted_at,
        current.now,
    )
    _count(tally, planned, people, decisions, written)


def _record(
    work: ProviderWork,
    current: StoringSession,
    people: dict[str, StoredPatient],
    differences: Sequence[tuple[str, SessionDifference]],
) -> None:
    entries = [
        ConflictEntry(people[prn].id, prn, found.difference, found.old_session, found.new_session, current.id)
        for prn, found in differences
    ]
    work.conflicts.add(entries, current.now)


def _decide(
    work: ProviderWork,
    current: StoringSession,
    planned: Sequence[Planned],
    people: dict[str, StoredPatient],
    latest: Mapping[int, LatestExtraction],
) -> dict[str, tuple[Decision, int | None]]:
    """By PRN: the decision, and for a duplicate the extraction that it repeats."""
    extractions = work.extractions
    changed = _changed(planned, people, latest).values()
    lists = work.clinical.load([found.original_id for found in changed])
    said = extractions.demographics([found.id for found in changed])
    extras = extractions.extras([found.id for found in changed])
    others = _other_demographics(extractions, planned, people)
    decisions: dict[str, tuple[Decision, int | None]] = {}
    for entry in planned:
        person = people[entry.record.prn]
        found = latest.get(person.id)
        known = None
        if not person.is_new:
            other = others.get(person.id, person.other)
            known = CurrentPatient(person.demographics, person.as_of, person.session_id, other)
        previous = None
        if found is not None:
            stored = lists.get(found.original_id)
            read = as_read_today(stored, extras.get(found.id), current.order) if stored is not None else None
            before = said.get(found.id), found.session_id, read or stored, found.extracted_at
            previous = PreviousExtraction(found.checksum, *before, is_reread=read is not None)
        new = NewExtraction(entry.record, current.extracted_at, current.id, entry.repeats, entry.repeats_differ)
        decision = decide(new, known, previous)
        original = found.original_id if found and decision.outcome is PatientOutcome.DUPLICATE else None
        decisions[entry.record.prn] = (decision, original)
    return decisions


def _other_demographics(
    extractions: ExtractionRepository, planned: Sequence[Planned], people: dict[str, StoredPatient]
) -> dict[int, Fields | None]:
    """By patient, the unknown fields of those whose row does not have them though a record does.

    Rows that older versions stored have none: their extraction does.
    """
    missing = [
        person.id
        for entry in planned
        if not (person := people[entry.record.prn]).is_new
        and person.other is None
        and entry.record.other_demographics is not None
    ]
    return {number: other_demographics(extra) for number, extra in extractions.master_extras(missing).items()}


def _extraction_columns(
    current: StoringSession,
    patients: Sequence[PatientRecord],
    people: dict[str, StoredPatient],
    decisions: dict[str, tuple[Decision, int | None]],
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
        "processing_status": [decision.status for decision, _ in decided],
        "duplicate_of_id": [original for _, original in decided],
        "extra": [record.extra for record in patients],
        **{name: [record.sweep[name] for record in patients] for name in SWEEP_FIELDS},
    }


def _count(
    tally: Tally,
    planned: Sequence[Planned],
    people: dict[str, StoredPatient],
    decisions: dict[str, tuple[Decision, int | None]],
    written: dict[str, int],
) -> None:
    tally.patients_new += sum(people[entry.record.prn].is_new for entry in planned)
    # The other places of a PRN in the same file add nothing of their own to the store.
    tally.patients_duplicate += sum(len(entry.repeats) for entry in planned)
    for decision, _ in decisions.values():
        tally.patients_stored += decision.outcome is PatientOutcome.STORED
        tally.patients_changed += decision.outcome is PatientOutcome.CHANGED
        tally.patients_duplicate += decision.outcome is PatientOutcome.DUPLICATE
        tally.conflicts_detected += decision.conflicts
    for name, number in written.items():
        tally.rows[name] += number
