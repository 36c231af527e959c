"""Patients that could not be taken in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.orm import Session, defer

from webautodash.domain.extraction.completeness import INCOMPLETE
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import ExtractionSession, Patient, PatientExtraction, SetAsidePatient
from webautodash.repositories.paging import Page
from webautodash.repositories.rows import insert_rows

_WITH_FILE = select(SetAsidePatient, ExtractionSession).join(
    ExtractionSession, ExtractionSession.id == SetAsidePatient.extraction_session_id
)


@dataclass(frozen=True, slots=True)
class SetAside:
    """One patient of a file as it came, and why it waits; ``detail`` is a JSON path, never a value."""

    position: int
    reason: str
    detail: str
    raw_json: str
    prn: str | None = None
    """Where it can be read."""


class IncompletePatient(NamedTuple):
    """A patient whom the robot has to extract again with the same criteria."""

    prn: str | None
    """None where the failed extraction does not say it."""
    path: str
    """Where the last file lay, below Results."""
    target_medication: str | None
    start_date: date | None
    end_date: date | None
    failures: int
    """Since the last complete extraction."""
    first_failed_at: datetime
    last_failed_at: datetime
    set_aside_id: int
    """Of the last failure."""


_FAILED_AT = func.coalesce(ExtractionSession.extracted_at, ExtractionSession.created_at)
_FAILURES = (
    select(
        SetAsidePatient.prn,
        func.count().label("failures"),
        func.min(_FAILED_AT),
        func.max(_FAILED_AT),
        func.max(SetAsidePatient.id).label("last_id"),
    )
    .join(ExtractionSession, ExtractionSession.id == SetAsidePatient.extraction_session_id)
    .where(SetAsidePatient.reason == INCOMPLETE, SetAsidePatient.taken_in_at.is_(None))
)
_COMPLETE_SINCE = (
    select(PatientExtraction.id)
    .join(Patient, Patient.id == PatientExtraction.patient_id)
    .where(
        Patient.prn == SetAsidePatient.prn,
        PatientExtraction.criteria_key == ExtractionSession.criteria_key,
        PatientExtraction.processing_status != ProcessingStatus.FAILED,
        or_(
            PatientExtraction.extracted_at >= ExtractionSession.extracted_at,
            # A file that does not say when it was made counts as older than every one that does.
            and_(
                ExtractionSession.extracted_at.is_(None),
                PatientExtraction.extraction_session_id >= ExtractionSession.id,
            ),
        ),
    )
    .correlate(SetAsidePatient, ExtractionSession)
    .exists()
)
_FILES_OF_FAILURES = select(
    SetAsidePatient.id,
    ExtractionSession.path,
    ExtractionSession.target_medication,
    ExtractionSession.start_date,
    ExtractionSession.end_date,
).join(ExtractionSession, ExtractionSession.id == SetAsidePatient.extraction_session_id)
_FILES_AT_ONCE = 1_000


def _kept_until(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    # Not so: the other places of a PRN in a file, what was corrected, and rows of older versions.
    is_stored = SetAsidePatient.is_stored_whole.is_(True)
    return SetAsidePatient.taken_in_at < moment, is_stored, func.length(SetAsidePatient.raw_json) > 0


class SetAsideRepository:
    """Rows of ``set_aside_patients``. A row that was taken in stays, with the time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        session_id: int,
        patients: Sequence[SetAside],
        created_at: datetime,
        taken_in_at: datetime | None = None,
    ) -> None:
        """Keep the patients of one file in one statement; with ``taken_in_at`` they wait for nobody."""
        rows = [
            {
                "extraction_session_id": session_id,
                "prn": patient.prn,
                "position": patient.position,
                "reason": patient.reason,
                "detail": patient.detail,
                "raw_json": patient.raw_json,
                "created_at": created_at,
                "taken_in_at": taken_in_at,
            }
            for patient in patients
        ]
        insert_rows(self._session, SetAsidePatient, rows)

    def search(
        self,
        *,
        reasons: Collection[str] = (),
        taken_in: bool | None = False,
        limit: int = 100,
        after_id: int | None = None,
    ) -> Page[tuple[SetAsidePatient, ExtractionSession]]:
        """Patients and the files they came in, in the order they were set aside; ``taken_in`` None means both.

        Without ``reasons`` those of every reason. The JSON, which may be megabytes, is not loaded.
        """
        without_json = defer(SetAsidePatient.raw_json, raiseload=True)
        statement = _WITH_FILE.options(without_json).order_by(SetAsidePatient.id).limit(limit + 1)
        if reasons:
            statement = statement.where(SetAsidePatient.reason.in_(reasons))
        if taken_in is not None:
            waits = SetAsidePatient.taken_in_at.is_(None)
            statement = statement.where(~waits if taken_in else waits)
        if after_id is not None:
            statement = statement.where(SetAsidePatient.id > after_id)
        rows = [(patient, session) for patient, session in self._session.execute(statement)]
        return Page(tuple(rows[:limit]), rows[limit - 1][0].id if len(rows) > limit else None)

    def raw_json(self, set_aside_id: int) -> str:
        """The patient as it stood in the file."""
        return self._session.scalars(select(SetAsidePatient.raw_json).where(SetAsidePatient.id == set_aside_id)).one()

    def incomplete(self, limit: int) -> list[IncompletePatient]:
        """Whose extraction failed without a complete one since, by PRN and criteria; those without a PRN last."""
        found = self._failures(_FAILURES.where(SetAsidePatient.prn.is_not(None), ~_COMPLETE_SINCE), limit)
        if len(found) < limit:
            found += self._failures(_FAILURES.where(SetAsidePatient.prn.is_(None)), limit - len(found))
        return found

    def _failures(self, statement: Select[*tuple[Any, ...]], limit: int) -> list[IncompletePatient]:
        # Without a PRN nobody knows which failures are of the same patient.
        apart = case((SetAsidePatient.prn.is_(None), SetAsidePatient.id), else_=0)
        groups = [SetAsidePatient.prn, ExtractionSession.criteria_key, apart]
        rows = self._session.execute(statement.group_by(*groups).order_by(*groups).limit(limit)).all()
        files: dict[int, tuple[str, str | None, date | None, date | None]] = {}
        for start in range(0, len(rows), _FILES_AT_ONCE):
            chosen = [row.last_id for row in rows[start : start + _FILES_AT_ONCE]]
            found = self._session.execute(_FILES_OF_FAILURES.where(SetAsidePatient.id.in_(chosen)))
            files |= {number: (path, medication, begin, end) for number, path, medication, begin, end in found}
        return [
            IncompletePatient(prn, *files[last_id], failures, first, last, last_id)
            for prn, failures, first, last, last_id in rows
        ]

    def get(self, set_aside_id: int) -> tuple[SetAsidePatient, ExtractionSession] | None:
        """The set-aside patient of this number, and the file they came in."""
        row = self._session.execute(_WITH_FILE.where(SetAsidePatient.id == set_aside_id)).first()
        return None if row is None else (row[0], row[1])

    def lock(self, set_aside_id: int) -> SetAsidePatient | None:
        """The set-aside patient of this number, held until the transaction ends."""
        statement = select(SetAsidePatient).where(SetAsidePatient.id == set_aside_id).with_for_update()
        return self._session.scalars(statement.execution_options(populate_existing=True)).first()

    def mark_taken_in(
        self,
        set_aside_id: int,
        at: datetime,
        by: str | None = None,
        why: str | None = None,
        *,
        is_stored_whole: bool,
    ) -> None:
        """Say that the patient is stored now, who decided that it is true, and whether all of the kept JSON is."""
        self._set(set_aside_id, taken_in_at=at, decided_by=by, decided_why=why, is_stored_whole=is_stored_whole)

    def set_reason(self, set_aside_id: int, reason: str, detail: str, prn: str) -> None:
        """Say that the patient waits for another reason than before."""
        self._set(set_aside_id, reason=reason, detail=detail, prn=prn)

    def count_kept(self, moment: datetime) -> int:
        """How many patients that were taken in before then still have their JSON, which is stored elsewhere too."""
        return self._session.scalar(select(func.count(SetAsidePatient.id)).where(*_kept_until(moment))) or 0

    def drop_kept(self, moment: datetime, most: int) -> int:
        """Delete the JSON of at most ``most`` patients taken in before then. Returns how many. The rows stay."""
        numbers = list(self._session.scalars(select(SetAsidePatient.id).where(*_kept_until(moment)).limit(most)))
        self._session.execute(update(SetAsidePatient).where(SetAsidePatient.id.in_(numbers)).values(raw_json=""))
        return len(numbers)

    def _set(self, set_aside_id: int, **values: object) -> None:
        self._session.execute(update(SetAsidePatient).where(SetAsidePatient.id == set_aside_id).values(**values))
