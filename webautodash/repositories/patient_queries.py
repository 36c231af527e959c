"""Read-only queries about patients."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import ClinicalRow, ExtractionSession, Patient, PatientExtraction
from webautodash.repositories.base import Repository
from webautodash.repositories.clinical import MODELS

_KEYS = frozenset({"id", "patient_extraction_id"})

ClinicalRows = dict[str, list[dict[str, Any]]]


class PatientQueries(Repository):
    """Reads patients, their extractions and clinical rows."""

    def get(self, prn: str) -> Patient | None:
        """The patient with this PRN."""
        return self._session.scalars(select(Patient).where(Patient.prn == prn)).first()

    def extractions(self, prn: str) -> list[tuple[PatientExtraction, ExtractionSession]]:
        """The extractions of a patient with their sessions, newest first; those without a time come last."""
        return [(extraction, session) for extraction, session in self._session.execute(_of_patient(prn))]

    def latest_complete(self, prn: str) -> tuple[PatientExtraction, ExtractionSession] | None:
        """The newest complete extraction of a patient, with its session."""
        complete = _of_patient(prn).where(PatientExtraction.processing_status != ProcessingStatus.FAILED)
        row = self._session.execute(complete.limit(1)).first()
        return None if row is None else (row[0], row[1])

    def incomplete(self, patient_id: int) -> int:
        """The number of failed extractions of a patient."""
        statement = select(func.count()).where(
            PatientExtraction.patient_id == patient_id, PatientExtraction.processing_status == ProcessingStatus.FAILED
        )
        return self._number(statement)

    def rows(self, extraction_ids: Sequence[int]) -> dict[int, ClinicalRows]:
        """By extraction, the rows of each list in the order of the portal's page."""
        found: dict[int, ClinicalRows] = {number: {name: [] for name in MODELS} for number in extraction_ids}
        for name, model in MODELS.items():
            statement = (
                select(model)
                .where(model.patient_extraction_id.in_(extraction_ids))
                .order_by(model.patient_extraction_id, model.row_index, model.id)
            )
            for row in self._session.scalars(statement):
                found[row.patient_extraction_id][name].append(_columns(row))
        return found


def _of_patient(prn: str) -> Select[PatientExtraction, ExtractionSession]:
    return (
        select(PatientExtraction, ExtractionSession)
        .join(ExtractionSession, ExtractionSession.id == PatientExtraction.extraction_session_id)
        .where(PatientExtraction.patient_id == select(Patient.id).where(Patient.prn == prn).scalar_subquery())
        .order_by(PatientExtraction.extracted_at.desc(), PatientExtraction.id.desc())
    )


def _columns(row: ClinicalRow) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs if column.key not in _KEYS}
