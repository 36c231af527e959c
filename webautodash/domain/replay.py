"""Replay of one patient's stored extractions in the order of their times, by the rules of ingest.

It answers what an ingest would have stored had every file come in its place: which extraction repeats which, which
differences there are between which sessions, and what the patient's row holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from webautodash.domain.decisions import CurrentPatient, PatientOutcome, PreviousExtraction, SessionDifference, decide
from webautodash.domain.differences.difference import Fields, RowsByList
from webautodash.domain.extraction.demographics import DEMOGRAPHICS_KEY, Demographics
from webautodash.domain.extraction.patient_record import PatientRecord
from webautodash.domain.row_checks import same_rows
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus

_NO_TIME = datetime.min.replace(tzinfo=UTC)


_NO_LISTS: RowsByList = {}


class CompleteExtraction(NamedTuple):
    """One complete extraction of a patient, as far as a replay needs it."""

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
    other: Fields | None
    """Fields of ``demographics_printable`` without a column."""

    @property
    def source_id(self) -> int:
        """The extraction that has the clinical rows: this one, or the one that it repeats."""
        return self.duplicate_of_id or self.id


@dataclass(frozen=True, slots=True)
class ReplayedExtraction:
    """What an extraction should be stored as, and the differences that it shows."""

    extraction: CompleteExtraction
    status: ProcessingStatus
    duplicate_of_id: int | None
    copies_from: int | None
    """The extraction to copy the clinical rows from, where this one needs rows of its own and has none."""
    differences: Sequence[SessionDifference]

    @property
    def drops_rows(self) -> bool:
        """Whether its rows are stored elsewhere byte by byte, and not needed here."""
        return self.duplicate_of_id is not None and self.extraction.duplicate_of_id is None


def sort_by_time(extractions: Iterable[CompleteExtraction]) -> list[CompleteExtraction]:
    """By time, those without one first, and extractions of the same time in the order they were stored."""
    return sorted(extractions, key=lambda one: (one.extracted_at or _NO_TIME, one.id))


class StoredLists(NamedTuple):
    """The clinical rows of an extraction, as a file with the same content gives them today."""

    rows: RowsByList
    read_again: bool
    """Whether they are more than the stored rows: an older version kept some as JSON."""


def pairs_to_compare(extractions: Sequence[CompleteExtraction]) -> list[tuple[CompleteExtraction, ...]]:
    """For each extraction of ``in_order``, the two whose clinical rows ``Replay.take`` has to compare, or none."""
    latest: dict[str, CompleteExtraction] = {}
    pairs: list[tuple[CompleteExtraction, ...]] = []
    for one in extractions:
        before = latest.get(one.criteria_key)
        pairs.append((before, one) if before is not None and before.checksum != one.checksum else ())
        latest[one.criteria_key] = one
    return pairs


class Replay:
    """Takes one patient's extractions, in order, as if each came out of its file now."""

    def __init__(self, by_id: Mapping[int, CompleteExtraction], immovable: frozenset[int] = frozenset()) -> None:
        """``by_id``: all extractions of the patient. The rows of ``immovable`` sessions stay where they are."""
        self._by_id, self._immovable = by_id, immovable
        # By criteria: the latest extraction, and the one that has its rows.
        self._latest: dict[str, tuple[CompleteExtraction, CompleteExtraction]] = {}
        self.known: CurrentPatient | None = None
        """The patient's row after what was taken; None before the first."""

    def take(self, one: CompleteExtraction, lists: Mapping[int, StoredLists]) -> ReplayedExtraction:
        """Decide about the next extraction; ``lists`` are those of the two that ``compared`` names, by their id."""
        before, original = self._latest.get(one.criteria_key, (None, None))
        previous = None
        if before is not None:
            state = before.checksum, before.demographics, before.session_id
            rows, read_again = lists.get(before.id, (None, False))
            previous = PreviousExtraction(*state, rows, before.extracted_at, read_again)
        record = _record(one, lists[one.id].rows if one.id in lists else _NO_LISTS)
        decision = decide(record, one.extracted_at, one.session_id, self.known, previous)
        if self.known is None:
            self.known = CurrentPatient(one.demographics, one.extracted_at, one.session_id, one.other)
        elif decision.master is not None:
            self.known = CurrentPatient(
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
        """Whether an extraction needs no rows of its own beside those that ``original`` has or is given."""
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
        lists=dict(lists),  # type: ignore[arg-type]  # rows of the database instead of rows of a file
        extra={DEMOGRAPHICS_KEY: one.other} if one.other else None,
        checksum=one.checksum,
        list_checks="",
    )
