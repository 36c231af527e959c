"""Decides which patients of a batch are set aside until a person accepts them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from webautodash.domain.dates import DateOrder
from webautodash.domain.differences.demographics import is_another_person
from webautodash.domain.extraction.json_values import raw_text
from webautodash.domain.extraction.lists.clinical_lists import LISTS, NAMED_LISTS
from webautodash.domain.extraction.lists.reread_lists import as_read_today
from webautodash.domain.extraction.lists.rows import Rows, no_rows
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.patient_outcome import CurrentPatient, NewExtraction, SessionDifference, other_person
from webautodash.domain.set_aside_reasons import EMPTIED, OTHER_PERSON
from webautodash.repositories.patients import StoredPatient
from webautodash.repositories.set_aside import SetAside
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.batches import in_parts
from webautodash.services.ingest.plan import Planned, StoringSession

# Each ``extra`` may be megabytes.
_EXTRAS_AT_ONCE = 20
_DETAILS = {EMPTIED: "all clinical lists are empty", OTHER_PERSON: "demographics_printable"}


class Screened(NamedTuple):
    """A batch after screening."""

    planned: list[Planned]
    """To be stored: for each PRN, the last place in the file that is not set aside."""
    aside: list[SetAside]
    recorded: list[tuple[int, str, SessionDifference]]
    """Id and PRN of stored patients, each with the difference of a record that is of another person."""


def screen(current: StoringSession, planned: Sequence[Planned], people: Mapping[str, StoredPatient]) -> Screened:
    """Set aside patients who lost all items or are another person, unless a person has accepted that.

    New patients and patients with items need no statement, any number of emptied ones a few.
    """
    returning = {prn: person for prn, person in people.items() if not person.is_new}
    if not returning:
        return Screened(list(planned), [], [])
    had_items = _had_items(current, planned, returning)
    screened = Screened([], [], [])
    for entry in planned:
        person = returning.get(entry.record.prn)
        places: list[PatientRecord] = [*entry.repeats, entry.record]
        reasons: dict[int, str] = {}
        while person and places and (reason := _reason(places[-1], person, current, had_items)):
            record = places.pop()
            reasons[record.position] = reason
            if reason == OTHER_PERSON:
                master = CurrentPatient(person.demographics, person.as_of, person.session_id)
                new = NewExtraction(record, current.extracted_at, current.id)
                screened.recorded.append((person.id, record.prn, other_person(new, master)))
        screened.aside.extend(_set_aside(entry, reasons))
        if places:
            screened.planned.append(_without(entry, places) if reasons else entry)
    return screened


def _had_items(current: StoringSession, planned: Sequence[Planned], returning: Mapping[str, StoredPatient]) -> set[int]:
    if EMPTIED in current.accepted:
        return set()
    empty = [
        returning[entry.record.prn].id
        for entry in planned
        if entry.record.prn in returning and any(map(_is_empty, (entry.record, *entry.repeats)))
    ]
    latest = current.work.extractions.latest_complete(empty)
    filled = with_items(current.work, latest.values(), current.order)
    return {patient_id for patient_id, number in latest.items() if number in filled}


def _reason(record: PatientRecord, person: StoredPatient, current: StoringSession, had_items: set[int]) -> str | None:
    if OTHER_PERSON not in current.accepted and is_another_person(person.demographics, record.demographics):
        return OTHER_PERSON
    return EMPTIED if person.id in had_items and _is_empty(record) else None


def _is_empty(record: PatientRecord) -> bool:
    return not has_items(record.lists)


def _set_aside(entry: Planned, reasons: Mapping[int, str]) -> list[SetAside]:
    if not reasons:
        return []
    texts = {repeat.position: repeat.raw_json for repeat in entry.kept}
    texts[entry.record.position] = raw_text(entry.raw)
    return [
        SetAside(position, reason, _DETAILS[reason], texts[position], entry.record.prn)
        for position, reason in reasons.items()
    ]


def _without(entry: Planned, places: Sequence[PatientRecord]) -> Planned:
    """The same patient with only these places of the file."""
    *repeats, last = places
    earlier = {repeat.position for repeat in repeats}
    detail = f"position {last.position} of the file has the same PRN and is stored"
    kept = [replace(repeat, detail=detail) for repeat in entry.kept if repeat.position in earlier]
    return Planned(last, entry.raw, repeats, kept, entry.repeats_differ)


def has_items(lists: dict[str, Rows]) -> bool:
    """Whether any of the clinical lists of the file format has an item that is not blank."""
    return any(lists[which.name].has_content() for which in NAMED_LISTS)


def with_items(work: ProviderWork, extraction_ids: Collection[int], order: DateOrder) -> set[int]:
    """The extractions that have items, including lists that older versions kept in ``extra``.

    Two statements; more only for extractions of older versions.
    """
    if not extraction_ids:
        return set()
    extractions = work.extractions
    found = extractions.with_rows(extraction_ids)
    rest = [number for number in extraction_ids if number not in found]
    if not rest:
        return found
    no_lists = {which.name: no_rows(which) for which in LISTS}
    candidates = extractions.with_lists_in_extra(rest)
    for part in in_parts(candidates, _EXTRAS_AT_ONCE):
        for number, extra in extractions.extras(part).items():
            read = as_read_today(no_lists, extra, order)
            if read is not None and has_items(read):
                found.add(number)
    return found
