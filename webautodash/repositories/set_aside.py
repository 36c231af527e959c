"""Rows of patients that were set aside."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select, update
from sqlalchemy.orm import defer

from webautodash.domain.set_aside_reasons import INCOMPLETE
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import ExtractionSession, Patient, PatientExtraction, SetAsidePatient
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.paging import Page, page_of
from webautodash.repositories.rows import insert_rows

_WITH_FILE = select(SetAsidePatient, ExtractionSession).join(
    ExtractionSession, ExtractionSession.id == SetAsidePatient.extraction_session_id
)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A patient of a file with the reason for setting it aside; ``detail`` is a JSON path, never a value."""

    position: int
    reason: str
    detail: str
    raw_json: str
    prn: str | None = None
    """None if it cannot be read."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A patient whose extraction failed, and who has no later complete one with the same criteria."""

    provider: str
    prn: str | None
    """None if the failed extraction has none; each such failure is an entry of its own."""
    target_medication: str | None
    start_date: date | None
    end_date: date | None
    failures: int
    """Since the last complete extraction."""
    first_failed_at: datetime
    """The extraction time of the file, or the time of its ingest if the file has none."""
    last_failed_at: datetime
    path: str
    """The file of the last failure, relative to Results."""
    set_aside_id: int
    """The set-aside patient of the last failure."""


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
COMPLETE_SINCE = (
    select(PatientExtraction.id)
    .join(Patient, Patient.id == PatientExtraction.patient_id)
    .where(
        Patient.prn == SetAsidePatient.prn,
        PatientExtraction.criteria_key == ExtractionSession.criteria_key,
        PatientExtraction.processing_status != ProcessingStatus.FAILED,
        or_(
            PatientExtraction.extracted_at >= ExtractionSession.extracted_at,
            # A file without a time counts as older than all others.
            and_(
                ExtractionSession.extracted_at.is_(None),
                PatientExtraction.extraction_session_id >= ExtractionSession.id,
            ),
        ),
    )
    .correlate(SetAsidePatient, ExtractionSession)
    .exists()
)
"""Condition: the patient has a later complete extraction with the same criteria as the session's."""
_FILES_OF_FAILURES = select(
    SetAsidePatient.id,
    ExtractionSession.path,
    ExtractionSession.target_medication,
    ExtractionSession.start_date,
    ExtractionSession.end_date,
).join(ExtractionSession, ExtractionSession.id == SetAsidePatient.extraction_session_id)
_FILES_AT_ONCE = 1_000


def _removable_before(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    # Excludes further records of a PRN in a file, corrected patients, and rows of older versions.
    is_stored = SetAsidePatient.is_stored_whole.is_(True)
    return SetAsidePatient.taken_in_at < moment, is_stored, func.length(SetAsidePatient.raw_json) > 0


class SetAsideRepository(Repository):
    """Rows of ``set_aside_patients``. A row stays when the patient is stored later, with the time."""

    def add(
        self, session_id: int, patients: Sequence[SetAside], created_at: datetime, taken_in_at: datetime | None = None
    ) -> None:
        """Add the patients of one file in one statement; with ``taken_in_at`` they count as stored."""
        common = {"extraction_session_id": session_id, "created_at": created_at, "taken_in_at": taken_in_at}
        insert_rows(self._session, SetAsidePatient, [common | asdict(patient) for patient in patients])

    def search(
        self,
        *,
        reasons: Collection[str] = (),
        taken_in: bool | None = False,
        limit: int = 100,
        after_id: int | None = None,
    ) -> Page[tuple[SetAsidePatient, ExtractionSession]]:
        """A page of patients with their sessions, in the order in which they were set aside.

        ``taken_in`` None means stored ones and others; no ``reasons`` means every reason. The JSON, which can be
        megabytes, is not loaded.
        """
        without_json = defer(SetAsidePatient.raw_json, raiseload=True)
        statement = _WITH_FILE.options(without_json).order_by(SetAsidePatient.id).limit(limit + 1)
        if reasons:
            statement = statement.where(SetAsidePatient.reason.in_(reasons))
        if taken_in is not None:
            is_set_aside = SetAsidePatient.taken_in_at.is_(None)
            statement = statement.where(~is_set_aside if taken_in else is_set_aside)
        if after_id is not None:
            statement = statement.where(SetAsidePatient.id > after_id)
        rows = [(patient, session) for patient, session in self._session.execute(statement)]
        return page_of(rows, limit, lambda one: one[0].id)

    def raw_json(self, set_aside_id: int) -> str:
        """The JSON of a patient as in the file."""
        return self._session.scalars(select(SetAsidePatient.raw_json).where(SetAsidePatient.id == set_aside_id)).one()

    def incomplete(self, slug: str, limit: int) -> Page[Incomplete]:
        """A page of patients to extract again, by PRN and criteria; those without a PRN last.

        ``slug`` is that of the database's provider. The key of a page's last row is a number of the list only: a page
        cannot be continued, because rows disappear when patients are extracted again.
        """
        found = self._failures(slug, _FAILURES.where(SetAsidePatient.prn.is_not(None), ~COMPLETE_SINCE), limit + 1)
        if len(found) <= limit:
            without_prn = _FAILURES.where(SetAsidePatient.prn.is_(None))
            found += self._failures(slug, without_prn, limit + 1 - len(found))
        return page_of(found, limit, lambda one: one.set_aside_id)

    def _failures(self, slug: str, statement: Select[*tuple[Any, ...]], limit: int) -> list[Incomplete]:
        # Without a PRN, failures of the same patient cannot be grouped.
        apart = case((SetAsidePatient.prn.is_(None), SetAsidePatient.id), else_=0)
        groups = [SetAsidePatient.prn, ExtractionSession.criteria_key, apart]
        rows = self._session.execute(statement.group_by(*groups).order_by(*groups).limit(limit)).all()
        files: dict[int, Row[*tuple[Any, ...]]] = {}
        for start in range(0, len(rows), _FILES_AT_ONCE):
            chosen = [row.last_id for row in rows[start : start + _FILES_AT_ONCE]]
            found = self._session.execute(_FILES_OF_FAILURES.where(SetAsidePatient.id.in_(chosen)))
            files |= {row.id: row for row in found}
        return [
            from_row(
                Incomplete,
                files[last_id],
                provider=slug,
                prn=prn,
                failures=failures,
                first_failed_at=first,
                last_failed_at=last,
                set_aside_id=last_id,
            )
            for prn, failures, first, last, last_id in rows
        ]

    def get(self, set_aside_id: int) -> tuple[SetAsidePatient, ExtractionSession] | None:
        """The set-aside patient with this number, and the session."""
        row = self._session.execute(_WITH_FILE.where(SetAsidePatient.id == set_aside_id)).first()
        return None if row is None else (row[0], row[1])

    def lock(self, set_aside_id: int) -> SetAsidePatient | None:
        """The set-aside patient with this number, locked until the transaction ends."""
        statement = select(SetAsidePatient).where(SetAsidePatient.id == set_aside_id).with_for_update()
        return self._session.scalars(statement.execution_options(populate_existing=True)).first()

    def mark_taken_in(
        self, set_aside_id: int, at: datetime, by: str | None = None, why: str | None = None, *, is_stored_whole: bool
    ) -> None:
        """Record that the patient is stored, who accepted it and why, and whether the kept JSON is stored whole."""
        self._set(set_aside_id, taken_in_at=at, decided_by=by, decided_why=why, is_stored_whole=is_stored_whole)

    def set_reason(self, set_aside_id: int, reason: str, detail: str, prn: str) -> None:
        """Change the reason why the patient is set aside."""
        self._set(set_aside_id, reason=reason, detail=detail, prn=prn)

    def count_kept(self, moment: datetime) -> int:
        """Count patients stored before ``moment`` whose JSON is still kept although it is stored as rows."""
        return self._number(select(func.count(SetAsidePatient.id)).where(*_removable_before(moment)))

    def drop_kept(self, moment: datetime, most: int) -> int:
        """Delete the JSON of at most ``most`` patients that were stored before ``moment``. Returns how many."""
        numbers = list(self._session.scalars(select(SetAsidePatient.id).where(*_removable_before(moment)).limit(most)))
        self._session.execute(update(SetAsidePatient).where(SetAsidePatient.id.in_(numbers)).values(raw_json=""))
        return len(numbers)

    def _set(self, set_aside_id: int, **values: object) -> None:
        self._session.execute(update(SetAsidePatient).where(SetAsidePatient.id == set_aside_id).values(**values))
