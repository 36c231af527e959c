"""What becomes of one patient of one file: the rules of sameness, in one place and without a database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from webautodash.domain.checksum import checksum
from webautodash.domain.differences.clinical_lists import list_differences
from webautodash.domain.differences.demographics import (
    another_person,
    demographic_differences,
    one_sided_differences,
    other_demographic_differences,
)
from webautodash.domain.differences.difference import Difference, Fields, RowsByList, duplicate
from webautodash.domain.differences.repeated_prn import RepeatComparison
from webautodash.domain.extraction.demographics import Demographics
from webautodash.domain.extraction.patient_record import PatientRecord
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus


class PatientOutcome(StrEnum):
    """What a patient of a file counts as."""

    STORED = "stored"
    CHANGED = "changed"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class CurrentPatient:
    """The master row of a patient that was there before."""

    demographics: Demographics
    as_of: datetime | None
    session_id: int
    other: Fields | None = None
    """Fields of ``demographics_printable`` without a column."""


@dataclass(frozen=True, slots=True)
class PreviousExtraction:
    """The patient's latest extraction with the same criteria; what it said only where the checksum differs."""

    checksum: str
    demographics: Demographics | None
    session_id: int
    lists: RowsByList | None
    extracted_at: datetime | None = None
    read_again: bool = False
    """Whether ``lists`` hold more than the stored rows: an older version kept it as JSON."""


class SessionDifference(NamedTuple):
    """A difference, and the two sessions that its values come from: the later one has the new value."""

    difference: Difference
    old_session: int
    new_session: int


class PatientValues(NamedTuple):
    """The values of a master row."""

    demographics: Demographics
    other: Fields | None
    """Fields of ``demographics_printable`` without a column."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and what to record."""

    outcome: PatientOutcome
    differences: Sequence[SessionDifference]
    master: PatientValues | None
    """The new values of the master row; None where an older file must not touch it."""
    repeats_differ: bool = False
    """Whether other places of the PRN in the file, which are recorded on their own, have other content."""

    @property
    def status(self) -> ProcessingStatus:
        """For ``patient_extractions``."""
        if self.outcome is PatientOutcome.DUPLICATE:
            return ProcessingStatus.DUPLICATE
        return ProcessingStatus.CONFLICT if self.differences or self.repeats_differ else ProcessingStatus.PROCESSED

    @property
    def conflicts(self) -> int:
        """How many of the differences wait for a person."""
        return sum(
            found.difference.conflict_type is not ConflictType.EXTRACTION_DUPLICATE for found in self.differences
        )


def decide(
    record: PatientRecord,
    extracted_at: datetime | None,
    session_id: int,
    known: CurrentPatient | None,
    previous: PreviousExtraction | None,
    repeats: Sequence[PatientRecord] = (),
    *,
    repeats_differ: bool = False,
) -> Decision:
    """Compare a patient with what is known of them.

    ``repeats`` are the other places of the same PRN in the same file, of which ``record`` is the last.
    """
    found: list[SessionDifference] = []
    if known is not None:
        found += _against_master(record, extracted_at, session_id, known)
    if previous is None:
        outcome = PatientOutcome.STORED
    elif _is_repeated(record, previous) and previous.read_again:
        # A duplicate has the rows of what it repeats, and these are not all there.
        outcome = PatientOutcome.STORED
    elif _is_repeated(record, previous):
        outcome = PatientOutcome.DUPLICATE
        found.append(SessionDifference(duplicate(record.checksum), previous.session_id, session_id))
    else:
        outcome = PatientOutcome.CHANGED
        found += _against_previous(record, extracted_at, session_id, previous)
    if others := [repeat for repeat in repeats if repeat.checksum != record.checksum]:
        comparison = RepeatComparison(record)
        found += [SessionDifference(comparison.difference(other), session_id, session_id) for other in others]
    return Decision(outcome, found, _master(record, extracted_at, known), repeats_differ)


def other_person(
    record: PatientRecord, extracted_at: datetime | None, session_id: int, known: CurrentPatient
) -> SessionDifference:
    """What to record of a patient who is set aside as another person than the one who is known by the PRN."""
    if _is_late(extracted_at, known.as_of):
        return SessionDifference(another_person(record.demographics, known.demographics), session_id, known.session_id)
    return SessionDifference(another_person(known.demographics, record.demographics), known.session_id, session_id)


def _is_late(extracted_at: datetime | None, known_as_of: datetime | None) -> bool:
    """Whether a file is older than what is known; one without a time is older than any with one."""
    return known_as_of is not None and (extracted_at is None or extracted_at < known_as_of)


def _against_master(
    record: PatientRecord, extracted_at: datetime | None, session_id: int, known: CurrentPatient
) -> list[SessionDifference]:
    old, new = (
        PatientValues(known.demographics, known.other),
        PatientValues(record.demographics, record.other_demographics),
    )
    sessions = known.session_id, session_id
    if _is_late(extracted_at, known.as_of):
        old, new, sessions = new, old, (session_id, known.session_id)
    differences = demographic_differences(old.demographics, new.demographics)
    differences += other_demographic_differences(*old, *new)
    return [SessionDifference(difference, *sessions) for difference in differences]


def _against_previous(
    record: PatientRecord, extracted_at: datetime | None, session_id: int, previous: PreviousExtraction
) -> list[SessionDifference]:
    assert previous.lists is not None  # noqa: S101  # the caller loads both where the checksums differ
    assert previous.demographics is not None  # noqa: S101  # as above
    if _is_late(extracted_at, previous.extracted_at):
        differences = list_differences(record.lists, previous.lists)
        differences += one_sided_differences(record.demographics, previous.demographics)
        return [SessionDifference(difference, session_id, previous.session_id) for difference in differences]
    differences = list_differences(previous.lists, record.lists)
    differences += one_sided_differences(previous.demographics, record.demographics)
    return [SessionDifference(difference, previous.session_id, session_id) for difference in differences]


def _is_repeated(record: PatientRecord, previous: PreviousExtraction) -> bool:
    """Whether both say the same; what older versions stored is compared by the rules of this one."""
    if previous.checksum == record.checksum:
        return True
    before = previous.demographics
    if before is None or previous.lists is None:
        return False
    # Stored when first and last name did not make the name.
    is_unnamed = not before.patient_name and bool(before.named().patient_name)
    if not previous.read_again and not is_unnamed:
        return False
    return checksum(record.prn, before.named().values(), previous.lists) == record.checksum


def _master(record: PatientRecord, extracted_at: datetime | None, known: CurrentPatient | None) -> PatientValues | None:
    if known is None or _is_late(extracted_at, known.as_of):
        return None
    other = dict(known.other or {}) | (record.other_demographics or {})
    return PatientValues(merge_demographics(record.demographics, known.demographics), other or None)


def merge_demographics(new: Demographics, old: Demographics) -> Demographics:
    """The new values; what is not said this time stays as it was known."""
    merge_demographics = Demographics._make(
        known if said is None else said for said, known in zip(new, old, strict=True)
    )
    if new.date_of_birth_text is not None and new.date_of_birth is None:
        return merge_demographics._replace(date_of_birth=None)
    return merge_demographics
