"""What each session said of each patient."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webautodash.domain.records import Demographics
from webautodash.models import PatientExtraction
from webautodash.repositories.rows import insert_rows


class LatestExtraction(NamedTuple):
    """A patient's latest extraction with the criteria at hand."""

    original_id: int
    """Where its clinical rows are: itself, or the extraction that it repeats."""
    session_id: int
    checksum: str
    demographics: Demographics


class ExtractionRepository:
    """Rows of ``patient_extractions``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def latest(self, patient_ids: Sequence[int], criteria_key: str) -> dict[int, LatestExtraction]:
        """By patient, the extraction with the latest ``extracted_at``, among those with the same criteria."""
        if not patient_ids:
            return {}
        place = func.row_number().over(
            partition_by=PatientExtraction.patient_id,
            order_by=(PatientExtraction.extracted_at.desc(), PatientExtraction.id.desc()),
        )
        ranked = (
            select(PatientExtraction.id, place.label("place"))
            .where(PatientExtraction.criteria_key == criteria_key, PatientExtraction.patient_id.in_(patient_ids))
            .subquery()
        )
        rows = self._session.execute(
            select(
                PatientExtraction.id,
                PatientExtraction.duplicate_of_id,
                PatientExtraction.patient_id,
                PatientExtraction.extraction_session_id,
                PatientExtraction.data_checksum,
                PatientExtraction.patient_name,
                PatientExtraction.date_of_birth,
                PatientExtraction.date_of_birth_text,
                PatientExtraction.gender,
            )
            .join(ranked, ranked.c.id == PatientExtraction.id)
            .where(ranked.c.place == 1)
        )
        return {
            row.patient_id: LatestExtraction(
                original_id=row.duplicate_of_id or row.id,
                session_id=row.extraction_session_id,
                checksum=row.data_checksum,
                demographics=_demographics(row.patient_name, row.date_of_birth, row.date_of_birth_text, row.gender),
            )
            for row in rows
        }

    def holds(self, session_id: int, prn: str) -> bool:
        """Whether a session has an extraction of this PRN already."""
        found = self._session.execute(
            select(PatientExtraction.id).where(
                PatientExtraction.extraction_session_id == session_id, PatientExtraction.prn == prn
            )
        )
        return found.first() is not None

    def add(self, session_id: int, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
        """Store a batch of one session; the new rows' ids by patient id. Two statements."""
        insert_rows(self._session, PatientExtraction, [{"extraction_session_id": session_id, **row} for row in rows])
        stored = self._session.execute(
            select(PatientExtraction.patient_id, PatientExtraction.id).where(
                PatientExtraction.extraction_session_id == session_id,
                PatientExtraction.prn.in_([row["prn"] for row in rows]),
            )
        )
        return {row.patient_id: row.id for row in stored}


def _demographics(name: str | None, born: date | None, born_text: str | None, gender: str | None) -> Demographics:
    return Demographics(patient_name=name, date_of_birth=born, date_of_birth_text=born_text, gender=gender)
