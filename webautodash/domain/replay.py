"""Replays the stored extractions of one patient in the order of their times, by the rules of ingest.

The result is what an ingest would have stored if all files had come in order: which extraction repeats which, which
sessions differ, and what the patient's row holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from webautodash.domain.differences.difference import FieldValues, RowsByList
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHICS_KEY, Demographics
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.patient_outcome import (
    CurrentPatient,
    NewExtraction,
    PatientOutcome,
    PreviousExtraction,
    SessionDifference,
    decide,
)
from webautodash.domain.row_checks import same_rows
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus

_NO_TIME = datetime.min.replace(tzinfo=UTC)
_NO_LISTS: RowsByList = {}


class CompleteExtraction(NamedTuple):
    """One complete extraction of a patient, as a replay needs it."""

    id: int
    session_id: int
    patient_id: int
    prn: str
    criteria_key: str
    extracted_at: datetime | None
    checksum: str
    duplicate_of_id: int | None
    status: ProcessingStatus
    row_checks: str | None
    demographics: Demographics
    other: FieldValues | None
    """The fields of ``demographics_printable`` that have no column."""

    @property
    def source_id(self) -> int:
        """The id of the extraction that has the clinical rows: this one, or the one that it repeats."""
        return self.duplicate_of_id or self.id


@dataclass(frozen=True, slots=True)
class ReplayedExtraction:
    """How an extraction should be stored, and its differences."""

    extraction: CompleteExtraction
    status: ProcessingStatus
    duplicate_of_id: int | None
    copies_from: int | None
    """The extraction to copy the clinical rows from, if this one needs rows of its own and has none."""
    differences: Sequence[SessionDifference]

    @property
    def drops_rows(self) -> bool:
        """Whether its rows are not needed, because another extraction has the same rows byte by byte."""
        return self.duplicate_of_id is not None and self.extraction.duplicate_of_id is None


def sort_by_time(extractions: Iterable[CompleteExtraction]) -> list[CompleteExtraction]:
    """Sort by time, extractions without a time first, and equal times by the order in which they were stored."""
    return sorted(extractions, key=lambda one: (one.extracted_at or _NO_TIME, one.id))


class StoredLists(NamedTuple):
    """The clinical rows that a file with the content of an extraction gives today."""

    rows: RowsByList
    is_reread: bool
    """Whether they are more than the stored rows, because an earlier version stored a part as JSON."""


def pairs_to_compare(extractions: Sequence[CompleteExtraction]) -> list[tuple[CompleteExtraction, ...]]:
    """For each sorted extraction, the two extractions whose clinical rows ``Replay.take`` compares, if any."""
    latest: dict[str, CompleteExtraction] = {}
    pairs: list[tuple[CompleteExtraction, ...]] = []
    for one in extractions:
        before = latest.get(one.criteria_key)
        pairs.append((before, one) if before is not None and before.checksum != one.checksum else ())
        latest[one.criteria_key] = one
    return pairs


class Replay:
    """Takes the extractions of one patient in order, as if each were ingested now."""

    def __init__(self, by_id: Mapping[int, CompleteExtraction], immovable: frozenset[int] = frozenset()) -> None:
        """``by_id`` has all extractions of the patient. The rows of ``immovable`` sessions are not moved."""
        self._by_id, self._immovable = by_id, immovable
        # For each criteria key: the latest extraction, and the extraction that has its rows.
        self._latest: dict[str, tuple[CompleteExtraction, CompleteExtraction]] = {}
        self.patient: CurrentPatient | None = None
        """The patient's row after the extractions so far; None before the first."""

    def take(self, one: CompleteExtraction, lists: Mapping[int, StoredLists]) -> ReplayedExtraction:
        """Decide about the next extraction. ``lists`` has the rows that ``pairs_to_compare`` names, by id."""
        before, original = self._latest.get(one.criteria_key, (None, None))
        previous = None
        if before is not None:
            state = before.checksum, before.demographics, before.session_id
            rows, is_reread = lists.get(before.id, (None, False))
            person_unknown = before.session_id in self._immovable and not any(before.demographics.named()[1:])
            previous = PreviousExtraction(*state, rows, before.extracted_at, is_reread, person_unknown)
        record = _record(one, lists[one.id].rows if one.id in lists else _NO_LISTS)
        decision = decide(NewExtraction(record, one.extracted_at, one.session_id), self.patient, previous)
        if self.patient is None:
            self.patient = CurrentPatient(one.demographics, one.extracted_at, one.session_id, one.other)
        elif decision.master is not None:
            self.patient = CurrentPatient(
                decision.master.demographics, one.extracted_at, one.session_id, decision.master.other
            )
        if decision.outcome is PatientOutcome.DUPLICATE and original is not None and self._repeats(one, original):
            self._latest[one.criteria_key] = (one, original)
            return ReplayedExtraction(one, decision.status, original.id, None, decision.differences)
        self._latest[one.criteria_key] = (one, one)
        differences = [
            each
            for each in decision.differences
            if each.difference.conflict_type is not ConflictType.EXTRACTION_DUPLICATE
        ]
        status = ProcessingStatus.CONFLICT if differences else ProcessingStatus.PROCESSED
        if one.session_id in self._immovable:
            status = one.status
        return ReplayedExtraction(one, status, None, one.duplicate_of_id, differences)

    def _repeats(self, one: CompleteExtraction, original: CompleteExtraction) -> bool:
        """Whether an extraction needs no rows of its own because ``original`` has the same rows."""
        if one.duplicate_of_id is not None:
            return True
        source = self._by_id.get(original.source_id, original)
        return one.session_id not in self._immovable and same_rows(one.row_checks, source.row_checks)


def _record(one: CompleteExtraction, lists: RowsByList) -> PatientRecord:
    return PatientRecord(
        position=0,
        prn=one.prn,
        demographics=one.demographics,
        sweep={},
        lists=dict(lists),  # type: ignore[arg-type]  # rows of a database instead of rows of a file
        extra={DEMOGRAPHICS_KEY: one.other} if one.other else None,
        checksum=one.checksum,
        list_checks="",
    )
