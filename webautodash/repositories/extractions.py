"""What each session said of each patient."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from webautodash.database.products.bulk import write
from webautodash.database.products.raw import raw
from webautodash.domain.extraction.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.demographics import Demographics
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import Patient, PatientExtraction
from webautodash.repositories.clinical import MODELS
from webautodash.repositories.rows import insert

_WHO = ("patient_name", "first_name", "last_name", "date_of_birth", "date_of_birth_text", "gender")


def _content(which: ClinicalList) -> list[ColumnElement[bool]]:
    table = cast(Table, MODELS[which.name].__table__)
    return [func.trim(raw(table.c[name])) != "" for name in which.content]


class LatestExtraction(NamedTuple):
    """A patient's latest extraction with the criteria at hand."""

    id: int
    original_id: int
    """Where its clinical rows are: itself, or the extraction that it repeats."""
    session_id: int
    checksum: str
    extracted_at: datetime | None


class StoredPlace(NamedTuple):
    """The extraction of a patient in one session, and its place in the file."""

    id: int
    source_id: int
    """Where its clinical rows are: itself, or the extraction that it repeats."""
    patient_id: int
    position: int
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
                PatientExtraction.extracted_at,
            )
            .join(ranked, ranked.c.id == PatientExtraction.id)
            .where(ranked.c.place == 1)
        )
        return {
            patient_id: LatestExtraction(number, repeated or number, since, checksum, extracted_at)
            for number, repeated, patient_id, since, checksum, extracted_at in rows
        }

    def latest_complete(self, patient_ids: Sequence[int]) -> dict[int, int]:
        """By patient, the latest complete extraction, whatever its criteria."""
        if not patient_ids:
            return {}
        place = func.row_number().over(
            partition_by=PatientExtraction.patient_id,
            order_by=(PatientExtraction.extracted_at.desc(), PatientExtraction.id.desc()),
        )
        ranked = (
            select(PatientExtraction.patient_id, PatientExtraction.id, place.label("place"))
            .where(
                PatientExtraction.patient_id.in_(patient_ids),
                PatientExtraction.processing_status != ProcessingStatus.FAILED,
            )
            .subquery()
        )
        rows = self._session.execute(select(ranked.c.patient_id, ranked.c.id).where(ranked.c.place == 1))
        return {row.patient_id: row.id for row in rows}

    def with_rows(self, extraction_ids: Collection[int]) -> set[int]:
        """Those of some extractions that have clinical rows which say something, or repeat one that has.

        Of the fields in a row's ``extra`` each counts, a blank one too.
        """
        source = func.coalesce(PatientExtraction.duplicate_of_id, PatientExtraction.id)
        filled = [
            exists().where(MODELS[which.name].patient_extraction_id == source, or_(*_content(which)))
            for which in NAMED_LISTS
        ]
        return set(
            self._session.scalars(
                select(PatientExtraction.id).where(PatientExtraction.id.in_(extraction_ids), or_(*filled))
            )
        )

    def with_lists_in_extra(self, extraction_ids: Collection[int]) -> list[int]:
        """Those of some extractions whose ``extra`` may hold a clinical list, as older versions kept it."""
        text = raw(cast(Table, PatientExtraction.__table__).c.extra)
        keys = [key for which in NAMED_LISTS for key in which.list_keys]
        return list(
            self._session.scalars(
                select(PatientExtraction.id)
                .where(PatientExtraction.id.in_(extraction_ids))
                .where(or_(*(text.contains(f'"{key}"', autoescape=True) for key in keys)))
                .order_by(PatientExtraction.id)
            )
        )

    def master_extras(self, patient_ids: Sequence[int]) -> dict[int, Any]:
        """By patient, the ``extra`` of the extraction that the values of the master row come from."""
        if not patient_ids:
            return {}
        statement = (
            select(Patient.id, PatientExtraction.extra)
            .join(
                PatientExtraction,
                and_(
                    PatientExtraction.extraction_session_id == Patient.extraction_session_id,
                    PatientExtraction.prn == Patient.prn,
                ),
            )
            .where(Patient.id.in_(patient_ids))
        )
        return {row.id: row.extra for row in self._session.execute(statement)}

    def demographics(self, extraction_ids: Sequence[int]) -> dict[int, Demographics]:
        """Name, birth date and gender as some extractions have them."""
        if not extraction_ids:
            return {}
        columns = [getattr(PatientExtraction, name) for name in _WHO]
        rows = self._session.execute(
            select(PatientExtraction.id, *columns).where(PatientExtraction.id.in_(extraction_ids))
        )
        return {number: Demographics(**dict(zip(_WHO, who, strict=True))) for number, *who in rows}

    def extras(self, extraction_ids: Sequence[int]) -> dict[int, dict[str, Any] | None]:
        """What some extractions keep that has no column."""
        if not extraction_ids:
            return {}
        rows = self._session.execute(
            select(PatientExtraction.id, PatientExtraction.extra).where(PatientExtraction.id.in_(extraction_ids))
        )
        return {row.id: row.extra for row in rows}

    def holds(self, session_id: int, prn: str) -> bool:
        """Whether a session has an extraction of this PRN already."""
        found = self._session.execute(
            select(PatientExtraction.id).where(
                PatientExtraction.extraction_session_id == session_id, PatientExtraction.prn == prn
            )
        )
        return found.first() is not None

    def places(self, session_id: int, prns: Collection[str]) -> dict[str, StoredPlace]:
        """By PRN, what a session has stored."""
        source = func.coalesce(PatientExtraction.duplicate_of_id, PatientExtraction.id)
        rows = self._session.execute(
            select(
                PatientExtraction.prn,
                PatientExtraction.id,
                source,
                PatientExtraction.patient_id,
                PatientExtraction.position,
                PatientExtraction.data_checksum,
            ).where(PatientExtraction.extraction_session_id == session_id, PatientExtraction.prn.in_(prns))
        )
        return {row.prn: StoredPlace(*row[1:]) for row in rows}

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
