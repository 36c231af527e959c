"""Stores earlier places of a PRN that a file has at more places than are held in memory together."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from webautodash.domain.differences.difference import Difference
from webautodash.domain.differences.repeated_prn import RepeatComparison
from webautodash.domain.extraction.patient.patient_record import PatientRecord, complete_records
from webautodash.domain.extraction.patient.read_patient import read_patient
from webautodash.domain.row_checks import NO_ROWS
from webautodash.repositories.conflicts import ConflictEntry
from webautodash.repositories.extractions import StoredPlace
from webautodash.repositories.set_aside import SetAside
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest.plan import Planned, RepeatedPlace, StoringSession
from webautodash.services.ingest.store_patients import store_planned

# Places of a PRN that are read again together, and their bytes.
_MOST_PLACES = 20
_MOST_READ_AGAIN = 2 << 20


def keep_repeated(current: StoringSession, repeated: Sequence[RepeatedPlace]) -> None:
    """Keep earlier places of PRNs, and record their differences from the place that is stored.

    They were compared with the last place of the PRN. If that one was set aside instead, they are read again: the last
    of them that is not set aside is stored, unless another place of the PRN is stored already.
    """
    stored = current.work.extractions.places(current.id, {entry.prn for entry in repeated})
    compared: list[tuple[StoredPlace, SetAside, Difference | None]] = []
    others: dict[str, list[SetAside]] = {}
    for entry in repeated:
        place = stored.get(entry.prn)
        if place is not None and place.position == entry.stored_position:
            compared.append((place, entry.kept, entry.difference))
        else:
            others.setdefault(entry.prn, []).append(entry.kept)
    _keep_compared(current, compared)
    for prn, places in others.items():
        in_order = sorted(places, key=lambda kept: kept.position)
        while in_order:
            last = _last_of(in_order)
            del in_order[-len(last) :]
            _store_places(current, prn, last)


def _last_of(places: Sequence[SetAside]) -> list[SetAside]:
    """The last places, as many as may be decoded together."""
    last: list[SetAside] = []
    size = 0
    for kept in reversed(places):
        size += len(kept.raw_json)
        if last and (size > _MOST_READ_AGAIN or len(last) == _MOST_PLACES):
            break
        last.insert(0, kept)
    return last


def _store_places(current: StoringSession, prn: str, places: Sequence[SetAside]) -> None:
    work = current.work
    raws = [msgspec.Raw(kept.raw_json.encode()) for kept in places]
    read = complete_records(
        [
            read_patient(raw, kept.position, current.order, current.container)
            for raw, kept in zip(raws, places, strict=True)
        ],
        current.order,
    )
    stored = work.extractions.places(current.id, [prn]).get(prn)
    if stored is None:
        last = read[-1]
        kept = [_repeat_of(one, last.position) for one in places[:-1]]
        aside = store_planned(current, [Planned(last, raws[-1], read[:-1], kept)])
        work.set_aside.add(current.id, aside, current.now)
        current.tally.failed_extractions += len(aside)
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
    _keep_compared(current, compared)


def _repeat_of(kept: SetAside, position: int) -> SetAside:
    return replace(kept, detail=f"position {position} of the file has the same PRN and is stored")


def _stored_record(work: ProviderWork, prn: str, stored: StoredPlace) -> PatientRecord:
    """The stored record of a patient, as far as other places of the PRN are compared with it."""
    demographics = work.extractions.demographics([stored.id])[stored.id]
    lists = work.clinical.load([stored.source_id])[stored.source_id]
    return PatientRecord(stored.position, prn, demographics, {}, lists, None, stored.checksum, NO_ROWS)


def _keep_compared(
    current: StoringSession, compared: Sequence[tuple[StoredPlace, SetAside, Difference | None]]
) -> None:
    kept = [place for _, place, _ in compared]
    current.work.set_aside.add(current.id, kept, current.now, taken_in_at=current.now)
    entries = [
        ConflictEntry(stored.patient_id, place.prn or "", difference, current.id, current.id, current.id)
        for stored, place, difference in compared
        if difference is not None
    ]
    current.work.conflicts.add(entries, current.now)
    current.tally.patients_duplicate += len(compared)
    current.tally.conflicts_detected += len(entries)
