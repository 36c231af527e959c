"""The patients of a document in batches, each once, ready to be stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.completeness import INCOMPLETE
from webautodash.domain.dates import DateOrder
from webautodash.domain.documents import Document, raw_text
from webautodash.domain.json_text import repeated_key
from webautodash.domain.limits import LARGEST_PATIENT
from webautodash.domain.reasons import REPEATED_PRN
from webautodash.domain.records import Draft, PatientRecord, read_patient, read_prn, records
from webautodash.errors import UnreadablePatient
from webautodash.repositories.set_aside import SetAside

BATCH = 500
_BATCH_BYTES = 16 << 20
# Of several: the server waits for the first one, and a small one is ready soon.
_FIRST_BATCH = 100


class Planned(NamedTuple):
    """A patient to store, and the earlier places of the same PRN in the file."""

    record: PatientRecord
    raw: msgspec.Raw
    """The patient as it came."""
    repeats: Sequence[PatientRecord] = ()
    kept: Sequence[SetAside] = ()
    """The earlier places as they came: not waiting for anybody, but not lost either."""


@dataclass(frozen=True, slots=True)
class StoringSession:
    """The session that patients are stored into."""

    id: int
    criteria_key: str
    extracted_at: datetime | None
    now: datetime
    order: DateOrder
    accepted: frozenset[str] = frozenset()
    """The reasons for which patients are set aside that a person has said are none here."""


class _Places(NamedTuple):
    """The readable places of one PRN in the file, of which the last is stored."""

    drafts: Sequence[Draft]
    raw: msgspec.Raw
    """The last one as it came."""
    kept: Sequence[SetAside] = ()
    size: int = 0
    """Bytes in the file."""


class _OnlyDemographics(msgspec.Struct):
    demographics_printable: Any = None


def planned(document: Document, order: DateOrder) -> Iterator[list[Planned | SetAside]]:
    """Each patient of a file once: where a PRN stands at several places, the last readable and complete one."""
    places, size = _places(document, order), BATCH if len(document.patients) <= BATCH else min(_FIRST_BATCH, BATCH)
    while batch := list(_no_larger_than(_BATCH_BYTES, islice(places, size))):
        size = BATCH
        read = iter(records([draft for entry in batch if isinstance(entry, _Places) for draft in entry.drafts], order))
        yield [entry if isinstance(entry, SetAside) else _planned(entry, read) for entry in batch]


def _places(document: Document, order: DateOrder) -> Iterator[_Places | SetAside]:
    repeated = _repeated(document)
    for position in range(len(document.patients)):
        positions = repeated.get(position, [position])
        if position != positions[0]:
            continue
        readable: list[Draft] = []
        for place in positions:
            raw = document.patients[place]
            try:
                draft = read_patient(raw, place, order, document.container)
            except UnreadablePatient as error:
                reason, detail = (INCOMPLETE, error.failed) if error.failed else (error.reason, error.detail)
                yield SetAside(place, reason, detail, raw_text(raw), given_prn(raw))
                continue
            if draft.failed:
                yield SetAside(place, INCOMPLETE, draft.failed, raw_text(raw), draft.prn)
            else:
                readable.append(draft)
        if readable:
            *earlier, last = readable
            detail = f"{document.container.place(last.position)} has the same PRN and is stored"
            kept = [
                SetAside(repeat.position, REPEATED_PRN, detail, raw_text(document.patients[repeat.position]), last.prn)
                for repeat in earlier
            ]
            raw = document.patients[last.position]
            yield _Places(readable, raw, kept, sum(len(memoryview(document.patients[place])) for place in positions))


def _repeated(document: Document) -> dict[int, list[int]]:
    """By each place of a PRN that stands at several: all of them."""
    first: dict[str, int] = {}
    places: dict[int, list[int]] = {}
    given = map(_given_prn, document.patients) if document.prns is None else document.prns
    for position, value in enumerate(given):
        prn = _prn(value)
        if prn is not None and (begin := first.setdefault(prn, position)) != position:
            places.setdefault(begin, [begin]).append(position)
    return {position: positions for positions in places.values() for position in positions}


def _no_larger_than(most: int, places: Iterator[_Places | SetAside]) -> Iterator[_Places | SetAside]:
    """The first of them, until they come to so many bytes; a few patients may be as large as all others."""
    size = 0
    for entry in places:
        yield entry
        size += len(entry.raw_json) if isinstance(entry, SetAside) else entry.size
        if size >= most:
            return


def _planned(places: _Places, read: Iterator[PatientRecord]) -> Planned:
    *earlier, last = islice(read, len(places.drafts))
    return Planned(last, places.raw, earlier, places.kept)


def given_prn(raw: msgspec.Raw) -> str | None:
    """The PRN of a patient that cannot be taken in, where one can be read for certain."""
    if len(memoryview(raw)) > LARGEST_PATIENT or repeated_key(bytes(raw)):
        return None
    return _prn(_given_prn(raw))


def _prn(value: object) -> str | None:
    try:
        return None if value is None else read_prn(value)
    except UnreadablePatient:
        return None


def _given_prn(raw: msgspec.Raw) -> object:
    if len(memoryview(raw)) > LARGEST_PATIENT:
        return None
    try:
        printed = msgspec.json.decode(raw, type=_OnlyDemographics).demographics_printable
    except (ValueError, RecursionError):
        return None
    return printed.get("prn") if isinstance(printed, dict) else None
