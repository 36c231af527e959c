"""Patients that could not be taken in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webautodash.models import ExtractionSession, SetAsidePatient
from webautodash.repositories.pages import Page
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
        self, *, taken_in: bool | None = False, limit: int = 100, after_id: int | None = None
    ) -> Page[tuple[SetAsidePatient, ExtractionSession]]:
        """Patients and the files they came in, in the order they were set aside; ``taken_in`` None means both."""
        statement = _WITH_FILE.order_by(SetAsidePatient.id).limit(limit + 1)
        if taken_in is not None:
            waits = SetAsidePatient.taken_in_at.is_(None)
            statement = statement.where(~waits if taken_in else waits)
        if after_id is not None:
            statement = statement.where(SetAsidePatient.id > after_id)
        rows = [(patient, session) for patient, session in self._session.execute(statement)]
        return Page(tuple(rows[:limit]), rows[limit - 1][0].id if len(rows) > limit else None)

    def get(self, set_aside_id: int) -> tuple[SetAsidePatient, ExtractionSession] | None:
        """The set-aside patient of this number, and the file they came in."""
        row = self._session.execute(_WITH_FILE.where(SetAsidePatient.id == set_aside_id)).first()
        return None if row is None else (row[0], row[1])

    def lock(self, set_aside_id: int) -> SetAsidePatient | None:
        """The set-aside patient of this number, held until the transaction ends."""
        statement = select(SetAsidePatient).where(SetAsidePatient.id == set_aside_id).with_for_update()
        return self._session.scalars(statement.execution_options(populate_existing=True)).first()

    def mark_taken_in(self, set_aside_id: int, at: datetime) -> None:
        """Say that the patient is stored now."""
        self._session.execute(update(SetAsidePatient).where(SetAsidePatient.id == set_aside_id).values(taken_in_at=at))
