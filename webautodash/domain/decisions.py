"""What becomes of one patient of one file: the rules of sameness, in one place and without a database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from webautodash.domain.differences import (
    Difference,
    Lists,
    appearances,
    demographic_differences,
    duplicate,
    list_differences,
    repeated_differently,
)
from webautodash.domain.records import Demographics, PatientRecord
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus


class Outcome(StrEnum):
    """What a patient of a file counts as."""

    STORED = "stored"
    CHANGED = "changed"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Known:
    """The master row of a patient that was there before."""

    demographics: Demographics
    as_of: datetime | None
    session_id: int


@dataclass(frozen=True, slots=True)
class Previous:
    """The patient's latest extraction with the same criteria; what it said only where the checksum differs."""

    checksum: str
    demographics: Demographics | None
    session_id: int
    lists: Lists | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and what to record: each difference with the session that the old value comes from."""

    outcome: Outcome
    differences: Sequence[tuple[Difference, int]]
    master: Demographics | None
    """The new values of the master row; None where an older file must not touch it."""

    @property
    def status(self) -> ProcessingStatus:
        """For ``patient_extractions``."""
        if self.outcome is Outcome.DUPLICATE:
            return ProcessingStatus.DUPLICATE
        return ProcessingStatus.CONFLICT if self.differences else ProcessingStatus.PROCESSED

    @property
    def conflicts(self) -> int:
        """How many of the differences wait for a person."""
        return sum(d.conflict_type is not ConflictType.EXTRACTION_DUPLICATE for d, _ in self.differences)


def decide(
    record: PatientRecord,
    extracted_at: datetime | None,
    session_id: int,
    known: Known | None,
    previous: Previous | None,
    repeats: Sequence[PatientRecord] = (),
) -> Decision:
    """Compare a patient with what is known of them.

    ``repeats`` are the other places of the same PRN in the same file, of which ``record`` is the last.
    """
    differences: list[tuple[Difference, int]] = []
    if known is not None:
        found = demographic_differences(known.demographics, record.demographics)
        differences += [(difference, known.session_id) for difference in found]
    if previous is None:
        outcome = Outcome.STORED
    elif previous.checksum == record.checksum:
        outcome = Outcome.DUPLICATE
        differences.append((duplicate(record.checksum), previous.session_id))
    else:
        outcome = Outcome.CHANGED
        assert previous.lists is not None  # noqa: S101  # the caller loads both where the checksums differ
        assert previous.demographics is not None  # noqa: S101  # as above
        changes = list_differences(previous.lists, record.lists)
        changes += appearances(previous.demographics, record.demographics)
        differences += [(change, previous.session_id) for change in changes]
    differences += [
        (repeated_differently(repeat, record), session_id) for repeat in repeats if repeat.checksum != record.checksum
    ]
    return Decision(outcome, differences, _master(record, extracted_at, known))


def _master(record: PatientRecord, extracted_at: datetime | None, known: Known | None) -> Demographics | None:
    if known is None:
        return None
    if known.as_of is not None and (extracted_at is None or extracted_at < known.as_of):
        return None
    return _filled(record.demographics, known.demographics)


def _filled(new: Demographics, old: Demographics) -> Demographics:
    """The new values; what is not said this time stays as it was known."""
    filled = Demographics._make(known if said is None else said for said, known in zip(new, old, strict=True))
    if new.date_of_birth_text is not None and new.date_of_birth is None:
        return filled._replace(date_of_birth=None)
    return filled
