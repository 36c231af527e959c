"""Splits the patients of a document into batches, each patient once, ready to be stored.

A weight, an estimate of memory, bounds what is held at a time: a batch ends when its patients reach the limit. Of a PRN
at very many or very large places, the earlier ones follow a few at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec

from webautodash.domain.dates import DateOrder
from webautodash.domain.differences.difference import Difference
from webautodash.domain.differences.repeated_prn import RepeatComparison
from webautodash.domain.extraction.document.find_patients import NATIVE, PatientContainer
from webautodash.domain.extraction.document.read_document import Document
from webautodash.domain.extraction.json_text import most_memory
from webautodash.domain.extraction.json_values import raw_text
from webautodash.domain.extraction.patient.patient_record import DecodedPatient, PatientRecord, complete_records
from webautodash.domain.extraction.patient.read_patient import read_patient
from webautodash.domain.extraction.profiles.stated_prn import checked_prn, prn_value, readable_prn
from webautodash.domain.set_aside_reasons import INCOMPLETE, REPEATED_PRN
from webautodash.errors import UnreadablePatient
from webautodash.repositories.sessions import Tally
from webautodash.repositories.set_aside import SetAside
from webautodash.repositories.unit_of_work import ProviderWork

PATIENTS_AT_ONCE = 500
# If a file has several batches, the first is small, because the server waits for it.
_FIRST_BATCH = 100
# In bytes. Two batches are in memory at a time: one is stored while the next is prepared.
_BATCH_WEIGHT = 16 << 20
_ROW_WEIGHT = 500
# The most earlier places of one PRN that are kept in memory until the PRN is stored.
_MOST_REPEATS = 20
_REPEATS_WEIGHT = 2 << 20


class Planned(NamedTuple):
    """A patient to store, and the earlier places of the same PRN in the file."""

    record: PatientRecord
    raw: msgspec.Raw
    """The patient's JSON."""
    repeats: Sequence[PatientRecord] = ()
    kept: Sequence[SetAside] = ()
    """The JSON of the earlier places. It is stored, but needs no decision."""
    repeats_differ: bool = False
    """Whether the content of any place that follows as ``RepeatedPlace`` differs."""


class RepeatedPlace(NamedTuple):
    """An earlier place of a PRN that has too many places to keep in memory (``_MOST_REPEATS``).

    It comes after the PRN's ``Planned``, and after the places that follow it in the file.
    """

    prn: str
    kept: SetAside
    """The JSON of the place."""
    stored_position: int
    """The position that it was compared with."""
    difference: Difference | None
    """The difference from that position; None if the content is the same."""


Entry = Planned | RepeatedPlace | SetAside


@dataclass(frozen=True, slots=True)
class StoringSession:
    """The session in which patients are stored, and the transaction in which that happens."""

    work: ProviderWork
    tally: Tally
    """Counts the patients that are stored."""
    id: int
    criteria_key: str
    extracted_at: datetime | None
    now: datetime
    order: DateOrder
    accepted: frozenset[str] = frozenset()
    """The reasons for setting patients aside that a person has accepted for this session."""
    adopted_as: Sequence[int] = ()
    """The sessions as which the earlier scripts stored this file."""
    container: PatientContainer = NATIVE
    """The place of the patients in the file, with the profile by which they are read."""


class _Places(NamedTuple):
    """Places of one PRN in the file, of which the last is stored."""

    drafts: Sequence[DecodedPatient]
    repeats_differ: bool = False


_Entry = _Places | RepeatedPlace | SetAside


class _Weighed(NamedTuple):
    entry: _Entry
    weight: int


def planned(document: Document, order: DateOrder) -> Iterator[list[Entry]]:
    """The entries of a file in batches: of a PRN at several places, the last readable and complete one is planned."""
    entries, size = (
        _entries(document, order),
        PATIENTS_AT_ONCE if len(document.patients) <= PATIENTS_AT_ONCE else min(_FIRST_BATCH, PATIENTS_AT_ONCE),
    )
    while batch := _next_batch(entries, size):
        size = PATIENTS_AT_ONCE
        read = iter(complete_records(_drafts(batch), order))
        yield [_planned(document, entry, read) if isinstance(entry, _Places) else entry for entry in batch]


def _entries(document: Document, order: DateOrder) -> Iterator[_Weighed]:
    repeated = _repeated(document)
    for position in range(len(document.patients)):
        positions = repeated.get(position)
        if positions is None:
            yield _read(document, position, order)
        elif position == positions[0]:
            yield from _repeated_entries(document, positions, order)


def _read(document: Document, position: int, order: DateOrder) -> _Weighed:
    """Decode a patient; one that cannot be stored is set aside."""
    raw = document.patients[position]
    try:
        draft = read_patient(raw, position, order, document.container)
    except UnreadablePatient as error:
        failed = error.failed or document.failed
        reason, detail = (INCOMPLETE, failed) if failed else (error.reason, error.detail)
        aside = SetAside(position, reason, detail, raw_text(raw), readable_prn(raw, document.profile))
    else:
        failed = draft.failed or document.failed
        if not failed:
            return _Weighed(_Places([draft]), _weight(document, draft))
        aside = SetAside(position, INCOMPLETE, failed, raw_text(raw), draft.prn)
    return _Weighed(aside, len(aside.raw_json))


def _weight(document: Document, draft: DecodedPatient) -> int:
    raw, items = document.patients[draft.position], draft.items.values()
    weight = len(memoryview(raw)) + _ROW_WEIGHT * sum(len(some.structs) for some in items)
    if draft.extra is not None or any(some.extras is not None for some in items):
        weight += most_memory(bytes(raw))
    return weight


def _repeated_entries(document: Document, positions: Sequence[int], order: DateOrder) -> Iterator[_Weighed]:
    """The places of one PRN: the last ones together, then those before them."""
    together: list[DecodedPatient] = []
    weight, limit, earlier = 0, _REPEATS_WEIGHT, list(positions)
    while earlier and len(together) <= _MOST_REPEATS and weight <= limit:
        read = _read(document, earlier.pop(), order)
        if not isinstance(read.entry, _Places):
            yield read
            continue
        weight += read.weight
        if not together:
            limit += weight
        together[:0] = read.entry.drafts
    if not together:
        return
    if not earlier:
        yield _Weighed(_Places(together), weight)
        return
    [stored] = complete_records(together[-1:], order)
    others = _read_some(document, earlier, order)
    differ = any(place.checksum != stored.checksum for records, _ in others for place in records)
    yield _Weighed(_Places(together, differ), weight)
    comparison = RepeatComparison(stored)
    # The last one first: should the compared place have to wait, the next one that need not is stored.
    for records, aside in _read_some(document, earlier[::-1], order):
        yield from (_repeated_place(document, place, stored, comparison) for place in records)
        yield from (_Weighed(entry, len(entry.raw_json)) for entry in aside)


def _repeated_place(
    document: Document, place: PatientRecord, stored: PatientRecord, comparison: RepeatComparison
) -> _Weighed:
    difference = None if place.checksum == stored.checksum else comparison.difference(place)
    kept = _kept(document, place, stored)
    texts = (kept.raw_json, *((difference.old_value, difference.new_value) if difference else ()))
    weight = sum(len(text or "") for text in texts)
    return _Weighed(RepeatedPlace(stored.prn, kept, stored.position, difference), weight)


def _kept(document: Document, place: PatientRecord, stored: PatientRecord) -> SetAside:
    detail = f"{document.container.place(stored.position)} has the same PRN and is stored"
    return SetAside(place.position, REPEATED_PRN, detail, raw_text(document.patients[place.position]), stored.prn)


def _read_some(
    document: Document, places: Sequence[int], order: DateOrder
) -> Iterator[tuple[list[PatientRecord], list[SetAside]]]:
    """Read some places, holding only a few at a time: those that can be stored, and those that are set aside."""
    entries = (_read(document, place, order) for place in places)
    while batch := _next_batch(entries, PATIENTS_AT_ONCE):
        yield complete_records(_drafts(batch), order), [entry for entry in batch if isinstance(entry, SetAside)]


def _next_batch(entries: Iterator[_Weighed], size: int) -> list[_Entry]:
    """The next entries: at most ``size``, and until they reach the limit of weight."""
    batch: list[_Entry] = []
    weight = 0
    for entry, its_weight in entries:
        batch.append(entry)
        weight += its_weight
        if len(batch) == size or weight >= _BATCH_WEIGHT:
            break
    return batch


def _drafts(batch: Sequence[_Entry]) -> list[DecodedPatient]:
    return [draft for entry in batch if isinstance(entry, _Places) for draft in entry.drafts]


def _planned(document: Document, places: _Places, read: Iterator[PatientRecord]) -> Planned:
    *earlier, last = [next(read) for _ in places.drafts]
    kept = [_kept(document, repeat, last) for repeat in earlier]
    return Planned(last, document.patients[last.position], earlier, kept, places.repeats_differ)


def _repeated(document: Document) -> dict[int, list[int]]:
    """By each position of a PRN that has several: all of its positions."""
    first: dict[str, int] = {}
    places: dict[int, list[int]] = {}
    stated = partial(prn_value, profile=document.profile)
    values = map(stated, document.patients) if document.prns is None else document.prns
    for position, value in enumerate(values):
        prn = checked_prn(value)
        if prn is not None and (begin := first.setdefault(prn, position)) != position:
            places.setdefault(begin, [begin]).append(position)
    return {position: positions for positions in places.values() for position in positions}
