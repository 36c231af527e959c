"""Decides what happens to one patient of a file: a new extraction, a change or a duplicate, and which conflicts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from webautodash.domain.differences.difference import Difference, FieldValues, RowsByList, duplicate
from webautodash.domain.differences.repeated_prn import RepeatComparison
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus


class PatientOutcome(StrEnum):
    """What a patient of a file counts as."""

    STORED = "stored"
    CHANGED = "changed"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class NewExtraction:
    """A patient of a file that is being stored."""

    record: PatientRecord
    extracted_at: datetime | None
    session_id: int
    repeats: Sequence[PatientRecord] = ()
    """The earlier patients with the same PRN in the file."""
    repeats_differ: bool = False
    """Whether other patients with the PRN in the file, which are recorded separately, have other content."""


@dataclass(frozen=True, slots=True)
class CurrentPatient:
    """The stored row of a patient."""

    demographics: Demographics
    as_of: datetime | None
    session_id: int
    other: FieldValues | None = None
    """The fields of ``demographics_printable`` that have no column."""


@dataclass(frozen=True, slots=True)
class PreviousExtraction:
    """The patient's latest extraction with the same criteria. Its content is loaded only if the checksum differs."""

    checksum: str
    demographics: Demographics | None
    session_id: int
    lists: RowsByList | None
    extracted_at: datetime | None = None
    is_reread: bool = False
    """Whether ``lists`` hold more than the stored rows, because an earlier version stored a part as JSON."""
    is_person_unknown: bool = False
    """Whether ``demographics`` are empty because the earlier scripts did not keep them: they differ from nothing."""
    is_of_this_file: bool = False
    """Whether the earlier scripts made it of the file that is being stored."""


class SessionDifference(NamedTuple):
    """A difference and the sessions of its values; the new value is from the later session."""

    difference: Difference
    old_session: int
    new_session: int


class PatientValues(NamedTuple):
    """The values of a patient's row."""

    demographics: Demographics
    other: FieldValues | None
    """The fields of ``demographics_printable`` that have no column."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and what to record."""

    outcome: PatientOutcome
    differences: Sequence[SessionDifference]
    master: PatientValues | None
    """The new values of the patient's row; None if the file is older than the row."""
    repeats_differ: bool = False

    @property
    def status(self) -> ProcessingStatus:
        """The status for ``patient_extractions``."""
        if self.outcome is PatientOutcome.DUPLICATE:
            return ProcessingStatus.DUPLICATE
        return ProcessingStatus.CONFLICT if self.differences or self.repeats_differ else ProcessingStatus.PROCESSED

    @property
    def conflicts(self) -> int:
        """The number of differences that a person has to review."""
        return sum(
            found.difference.conflict_type is not ConflictType.EXTRACTION_DUPLICATE for found in self.differences
        )


def decide(new: NewExtraction, current: CurrentPatient | None, previous: PreviousExtraction | None) -> Decision:
    """Compare a new extraction with what is stored of the patient."""
    found: list[SessionDifference] = []
    if previous is not None and previous.is_person_unknown:
        previous = replace(previous, demographics=new.record.demographics)
    # The patient's row may hold a later extraction; the same file again says nothing new about the person.
    is_known = previous is not None and previous.is_of_this_file and _is_repeated(new.record, previous)
    if current is not None and not is_known:
        found += _differences_from_row(new, current)
    if previous is None:
        outcome = PatientOutcome.STORED
    elif _is_repeated(new.record, previous) and previous.is_reread:
        # A duplicate has the rows of what it repeats, and the stored rows are incomplete.
        outcome = PatientOutcome.STORED
    elif _is_repeated(new.record, previous):
        outcome = PatientOutcome.DUPLICATE
        found.append(SessionDifference(duplicate(new.record.checksum), previous.session_id, new.session_id))
    else:
        outcome = PatientOutcome.CHANGED
        found += _differences_from_previous(new, previous)
    if others := [repeat for repeat in new.repeats if repeat.checksum != new.record.checksum]:
        comparison = RepeatComparison(new.record)
        found += [SessionDifference(comparison.difference(other), new.session_id, new.session_id) for other in others]
    return Decision(outcome, found, _patient_values(new, current), new.repeats_differ)


def other_person(new: NewExtraction, current: CurrentPatient) -> SessionDifference:
    """The conflict to record for a patient who is set aside because the PRN belongs to another person."""
    record = new.record
    if _is_late(new.extracted_at, current.as_of):
        difference = another_person(record.demographics, current.demographics)
        return SessionDifference(difference, new.session_id, current.session_id)
    difference = another_person(current.demographics, record.demographics)
    return SessionDifference(difference, current.session_id, new.session_id)


def _is_late(extracted_at: datetime | None, stored_at: datetime | None) -> bool:
    """Whether a file is older than what is stored. A file without a time is older than any with a time."""
    return stored_at is not None and (extracted_at is None or extracted_at < stored_at)


def _differences_from_row(new: NewExtraction, current: CurrentPatient) -> list[SessionDifference]:
    before = PatientValues(current.demographics, current.other)
    after = PatientValues(new.record.demographics, new.record.other_demographics)
    sessions = current.session_id, new.session_id
    if _is_late(new.extracted_at, current.as_of):
        before, after, sessions = after, before, (new.session_id, current.session_id)
    differences = demographic_differences(before.demographics, after.demographics)
    differences += other_demographic_differences(*before, *after)
    return [SessionDifference(difference, *sessions) for difference in differences]


def _differences_from_previous(new: NewExtraction, previous: PreviousExtraction) -> list[SessionDifference]:
    record = new.record
    assert previous.lists is not None  # noqa: S101  # the caller loads both if the checksums differ
    assert previous.demographics is not None  # noqa: S101  # as above
    if _is_late(new.extracted_at, previous.extracted_at):
        differences = list_differences(record.lists, previous.lists)
        differences += one_sided_differences(record.demographics, previous.demographics)
        return [SessionDifference(difference, new.session_id, previous.session_id) for difference in differences]
    differences = list_differences(previous.lists, record.lists)
    differences += one_sided_differences(previous.demographics, record.demographics)
    return [SessionDifference(difference, previous.session_id, new.session_id) for difference in differences]


def _is_repeated(record: PatientRecord, previous: PreviousExtraction) -> bool:
    """Whether both have the same content. Rows of earlier versions are compared by the rules of this version."""
    if previous.checksum == record.checksum:
        return True
    before = previous.demographics
    if before is None or previous.lists is None:
        return False
    # An earlier version did not make the name from first and last name.
    is_unnamed = not before.patient_name and bool(before.named().patient_name)
    if not (previous.is_reread or previous.is_person_unknown or is_unnamed):
        return False
    return checksum(record.prn, before.named().values(), previous.lists) == record.checksum


def _patient_values(new: NewExtraction, current: CurrentPatient | None) -> PatientValues | None:
    if current is None or _is_late(new.extracted_at, current.as_of):
        return None
    other = dict(current.other or {}) | (new.record.other_demographics or {})
    return PatientValues(merge_demographics(new.record.demographics, current.demographics), other or None)


def merge_demographics(new: Demographics, old: Demographics) -> Demographics:
    """The new values, and the old value of each field that is missing now."""
    merged = Demographics._make(before if now is None else now for now, before in zip(new, old, strict=True))
    if new.date_of_birth_text is not None and new.date_of_birth is None:
        return merged._replace(date_of_birth=None)
    return merged
