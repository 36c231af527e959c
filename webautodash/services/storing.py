"""One document into its provider's database: one transaction, a batch at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from webautodash.domain.dates import DateOrder
from webautodash.domain.decisions import Decision, Known, Outcome, Previous, decide
from webautodash.domain.documents import Document, raw_text
from webautodash.domain.records import PatientRecord, patient_record, read_prn, session_record
from webautodash.errors import UnreadablePatient
from webautodash.models.base import utc_now
from webautodash.repositories import (
    ClinicalRepository,
    ConflictRepository,
    ExtractionRepository,
    PatientRepository,
    SessionRepository,
    SetAsideRepository,
)
from webautodash.repositories.conflicts import ConflictEntry
from webautodash.repositories.patients import StoredPatient
from webautodash.repositories.sessions import StoredSession, Tally
from webautodash.repositories.set_aside import SetAside
from webautodash.services.store import ProviderDatabase

BATCH = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """The session of a document, and whether it was there already."""

    session: StoredSession
    already: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A patient to store, and the earlier places of the same PRN in the file."""

    record: PatientRecord
    repeats: Sequence[PatientRecord] = ()
    kept: Sequence[SetAside] = ()
    """The earlier places as they came: not waiting for anybody, but not lost either."""


class _OnlyDemographics(msgspec.Struct):
    # Decoded as the whole patient will be: of two such keys the last one counts, whatever the first one holds.
    demographics_printable: Any = None


def store_document(document: Document, provider: ProviderDatabase, zone: tzinfo, path: str) -> Stored:
    """Store one extraction file; the same bytes twice are stored once, whoever else is storing them.

    ``path`` is where it lies, as people know it.
    """
    order = provider.provider.date_order
    facts = session_record(document.metadata, order, zone)

    def work(session: Session) -> Stored:
        sessions = SessionRepository(session)
        earlier = sessions.find(document.sha256)
        if earlier is not None:
            return Stored(earlier, already=True)
        now, tally = utc_now(), Tally()
        session_id = sessions.add(document.sha256, facts, path, now)
        current = StoringSession(session_id, facts.criteria_key, facts.extracted_at, now)
        for batch in _ahead(_batches(_plan(document, order))):
            store_batch(session, current, batch, tally)
        sessions.finish(session_id, tally)
        return Stored(StoredSession(session_id, document.sha256, tally), already=False)

    # Another worker may store these bytes between our look and our insert.
    return provider.database.run_raced(work)


@dataclass(frozen=True, slots=True)
class StoringSession:
    """The session that a batch belongs to."""

    id: int
    criteria_key: str
    extracted_at: datetime | None
    now: datetime


def store_batch(session: Session, current: StoringSession, batch: Sequence[Planned | SetAside], tally: Tally) -> None:
    """Store some patients of a session and add them to its tally; the same number of statements for 1 and for 500."""
    aside = [entry for entry in batch if isinstance(entry, SetAside)]
    planned = [entry for entry in batch if isinstance(entry, Planned)]
    kept = [repeat for entry in planned for repeat in entry.kept]
    if aside:
        SetAsideRepository(session).add(current.id, aside, current.now)
        tally.failed_extractions += len(aside)
    if kept:
        SetAsideRepository(session).add(current.id, kept, current.now, taken_in_at=current.now)
    if not planned:
        return
    records = [entry.record for entry in planned]
    people = PatientRepository(session).lock(records, current.id, current.extracted_at, current.now)
    decisions = _decide(session, current, planned, people)

    extractions = ExtractionRepository(session)
    ids = extractions.add(
        current.id, [_extraction_row(current, record, people, *decisions[record.prn]) for record in records]
    )
    written = ClinicalRepository(session).add(
        {ids[people[record.prn].id]: record.lists for record in records if decisions[record.prn][1] is None}
    )
    ConflictRepository(session).add(
        [
            ConflictEntry(people[prn].id, prn, difference, earlier, current.id)
            for prn, (decision, _) in decisions.items()
            for difference, earlier in decision.differences
        ],
        current.now,
    )
    PatientRepository(session).bring_up_to_date(
        {prn: decision.master for prn, (decision, _) in decisions.items() if decision.master is not None},
        current.id,
        current.extracted_at,
        current.now,
    )
    _count(tally, planned, people, decisions, written)


def _decide(
    session: Session, current: StoringSession, planned: Sequence[Planned], people: dict[str, StoredPatient]
) -> dict[str, tuple[Decision, int | None]]:
    """By PRN: the decision, and for a duplicate the extraction that it repeats."""
    latest = ExtractionRepository(session).latest([person.id for person in people.values()], current.criteria_key)
    changed = [
        latest[person.id].original_id
        for entry in planned
        if (person := people[entry.record.prn]).id in latest and latest[person.id].checksum != entry.record.checksum
    ]
    before = ClinicalRepository(session).load(changed)
    decisions: dict[str, tuple[Decision, int | None]] = {}
    for entry in planned:
        person = people[entry.record.prn]
        found = latest.get(person.id)
        known = None if person.is_new else Known(person.demographics, person.as_of, person.session_id)
        previous = None
        if found is not None:
            lists = before.get(found.original_id)
            previous = Previous(found.checksum, found.demographics, found.session_id, lists)
        decision = decide(entry.record, current.extracted_at, current.id, known, previous, entry.repeats)
        original = found.original_id if found and decision.outcome is Outcome.DUPLICATE else None
        decisions[entry.record.prn] = (decision, original)
    return decisions


def _extraction_row(
    current: StoringSession,
    record: PatientRecord,
    people: dict[str, StoredPatient],
    decision: Decision,
    duplicate_of_id: int | None,
) -> dict[str, object]:
    return {
        "prn": record.prn,
        "patient_id": people[record.prn].id,
        "criteria_key": current.criteria_key,
        "extracted_at": current.extracted_at,
        "position": record.position,
        **record.demographics.values(),
        "data_checksum": record.checksum,
        "processing_status": decision.status,
        "duplicate_of_id": duplicate_of_id,
        "extra": record.extra,
        **record.found,
    }


def _count(
    tally: Tally,
    planned: Sequence[Planned],
    people: dict[str, StoredPatient],
    decisions: dict[str, tuple[Decision, int | None]],
    written: dict[str, int],
) -> None:
    tally.patients_new += sum(person.is_new for person in people.values())
    # The other places of a PRN in the same file add nothing of their own to the store.
    tally.patients_duplicate += sum(len(entry.repeats) for entry in planned)
    for decision, _ in decisions.values():
        tally.patients_stored += decision.outcome is Outcome.STORED
        tally.patients_changed += decision.outcome is Outcome.CHANGED
        tally.patients_duplicate += decision.outcome is Outcome.DUPLICATE
        tally.conflicts_detected += decision.conflicts
    for name, number in written.items():
        setattr(tally, name, getattr(tally, name) + number)


def _plan(document: Document, order: DateOrder) -> Iterator[Planned | SetAside]:
    """Each patient of a file once. Where a PRN stands at several places, the last readable one is stored."""
    places: dict[str, list[int]] = {}
    for position, raw in enumerate(document.patients):
        prn = _prn(raw)
        if prn is not None:
            places.setdefault(prn, []).append(position)
    repeated = {position: positions for positions in places.values() if len(positions) > 1 for position in positions}
    del places
    for position in range(len(document.patients)):
        positions = repeated.get(position, [position])
        if position != positions[0]:
            continue
        readable: list[PatientRecord] = []
        for place in positions:
            try:
                readable.append(patient_record(document.patients[place], place, order))
            except UnreadablePatient as error:
                yield SetAside(place, error.reason, error.detail, raw_text(document.patients[place]))
        if readable:
            last, earlier = readable[-1], readable[:-1]
            detail = f"extraction_results[{last.position}] has the same PRN and is stored"
            kept = [
                SetAside(repeat.position, "repeated_prn", detail, raw_text(document.patients[repeat.position]))
                for repeat in earlier
            ]
            yield Planned(last, earlier, kept)


def _batches(plan: Iterator[Planned | SetAside]) -> Iterator[list[Planned | SetAside]]:
    while batch := list(islice(plan, BATCH)):
        yield batch


def _ahead(batches: Iterator[list[Planned | SetAside]]) -> Iterator[list[Planned | SetAside]]:
    """The batches, each prepared while the server is at work on the one before."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="webautodash-plan") as pool:
        following = pool.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = pool.submit(next, batches, None)
            yield batch


def _prn(raw: msgspec.Raw) -> str | None:
    try:
        printed = msgspec.json.decode(raw, type=_OnlyDemographics).demographics_printable
        return read_prn(printed.get("prn")) if isinstance(printed, dict) else None
    except (UnreadablePatient, ValueError, RecursionError):
        return None
