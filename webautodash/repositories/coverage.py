"""What the sessions of a provider searched for, and which patients they extracted."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from webautodash.domain.coverage import DayRange
from webautodash.domain.set_aside_reasons import INCOMPLETE, REPEATED_PRN
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import ExtractionSession, Patient, PatientExtraction, SetAsidePatient
from webautodash.repositories.base import Repository
from webautodash.repositories.set_aside import COMPLETE_SINCE

_SESSIONS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class SearchedSession:
    """A session with a date range: what it searched for, and how many patients it found."""

    id: int
    path: str
    """The file, relative to Results."""
    target_medication: str | None
    start_date: date
    end_date: date
    extraction_mode: str | None
    patient_identifier: str | None
    extracted_at: datetime | None
    ingested_at: datetime
    found: int
    set_aside: int

    @property
    def days(self) -> DayRange:
        """The days that it covers."""
        return DayRange(self.start_date, self.end_date)


@dataclass(frozen=True, slots=True)
class MissingPatient:
    """A patient of a session that is set aside, with the reason."""

    set_aside_id: int
    session_id: int
    prn: str | None
    """None if it cannot be read."""
    reason: str


# In the order of the fields.
_COLUMNS: tuple[Any, ...] = (
    ExtractionSession.id,
    ExtractionSession.path,
    ExtractionSession.target_medication,
    ExtractionSession.start_date,
    ExtractionSession.end_date,
    ExtractionSession.extraction_mode,
    ExtractionSession.patient_identifier,
    ExtractionSession.extracted_at,
    ExtractionSession.created_at,
    ExtractionSession.total_patients_found,
    ExtractionSession.failed_extractions,
)


class CoverageRepository(Repository):
    """Queries over sessions, extractions and set-aside patients."""

    def sessions(self, days: DayRange) -> list[SearchedSession]:
        """The sessions whose date range has one of these days, in the order of their numbers."""
        statement = (
            select(*_COLUMNS)
            .where(ExtractionSession.start_date <= days.end_date, ExtractionSession.end_date >= days.start_date)
            .order_by(ExtractionSession.id)
        )
        return [SearchedSession(*row) for row in self._session.execute(statement)]

    def complete_extractions(self, prns: Sequence[str], sessions: Collection[int]) -> dict[str, set[int]]:
        """By PRN, those of some sessions that have a complete extraction of the patient."""
        statement = (
            select(Patient.prn, PatientExtraction.extraction_session_id)
            .join(PatientExtraction, PatientExtraction.patient_id == Patient.id)
            .where(Patient.prn.in_(prns), PatientExtraction.processing_status != ProcessingStatus.FAILED)
        )
        found: dict[str, set[int]] = defaultdict(set)
        for prn, session_id in self._session.execute(statement):
            if session_id in sessions:
                found[prn].add(session_id)
        return found

    def missing_patients(self, sessions: Sequence[int], prns: Sequence[str] = ()) -> tuple[MissingPatient, ...]:
        """The patients of some sessions that wait for a decision or another extraction; with ``prns``, only these."""
        statement = (
            # In the order of the fields.
            select(
                SetAsidePatient.id,
                SetAsidePatient.extraction_session_id,
                SetAsidePatient.prn,
                SetAsidePatient.reason,
            )
            .join(ExtractionSession, ExtractionSession.id == SetAsidePatient.extraction_session_id)
            .where(
                SetAsidePatient.taken_in_at.is_(None),
                SetAsidePatient.reason != REPEATED_PRN,
                or_(SetAsidePatient.reason != INCOMPLETE, SetAsidePatient.prn.is_(None), ~COMPLETE_SINCE),
            )
            .order_by(SetAsidePatient.id)
        )
        if prns:
            statement = statement.where(SetAsidePatient.prn.in_(prns))
        found: list[MissingPatient] = []
        for start in range(0, len(sessions), _SESSIONS_AT_ONCE):
            some = sessions[start : start + _SESSIONS_AT_ONCE]
            rows = self._session.execute(statement.where(SetAsidePatient.extraction_session_id.in_(some)))
            found += [MissingPatient(*row) for row in rows]
        return tuple(found)
