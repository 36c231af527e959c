"""What each session said of each patient."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webautodash.database.dialects.bulk import write
from webautodash.domain.records import Demographics
from webautodash.models import PatientExtraction
from webautodash.repositories.rows import insert


class LatestExtraction(NamedTuple):
    """A patient's latest extraction with the criteria at hand."""

    id: int
    original_id: int
    """Where its clinical rows are: itself, or the extraction that it repeats."""
    session_id: int
    checksum: str


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
            )
            .join(ranked, ranked.c.id == PatientExtraction.id)
            .where(ranked.c.place == 1)
        )
        return {
            patient_id: LatestExtraction(number, repeated or number, since, checksum)
            for number, repeated, patient_id, since, checksum in rows
        }

    def demographics(self, extraction_ids: Sequence[int]) -> dict[int, Demographics]:
        """Name, birth date and gender as some extractions have them."""
        if not extraction_ids:
            return {}
        rows = self._session.execute(
            select(
                PatientExtraction.id,
                PatientExtraction.patient_name,
                PatientExtraction.date_of_birth,
                PatientExtraction.date_of_birth_text,
                PatientExtraction.gender,
            ).where(PatientExtraction.id.in_(extraction_ids))
        )
        return {
            number: Demographics(patient_name=name, date_of_birth=born, date_of_birth_text=text, gender=gender)
            for number, name, born, text, gender in rows
        }

    def holds(self, session_id: int, prn: str) -> bool:
        """Whether a session has an extraction of this PRN already."""
        found = self._session.execute(
            select(PatientExtraction.id).where(
                PatientExtraction.extraction_session_id == session_id, PatientExtraction.prn == prn
            )
        )
        return found.first() is not None

    def add(self, session_id: int, columns: Mapping[str, Sequence[Any]], wanted: Sequence[str] = ()) -> dict[str, int]:
        """Store a batch of one session, held by column; the new rows' ids of the PRNs wanted. Two statements."""
        said = {"extraction_session_id": [session_id] * len(columns["prn"]), **columns}
        write(self._session.connection(), [insert(PatientExtraction, tuple(said), list(said.values()))])
        if not wanted:
            return {}
        # All in the index that keeps a PRN from coming twice.
        stored = self._session.execute(
            select(PatientExtraction.prn, PatientExtraction.id).where(
                PatientExtraction.extraction_session_id == session_id, PatientExtraction.prn.in_(wanted)
            )
        )
        return {row.prn: row.id for row in stored}
