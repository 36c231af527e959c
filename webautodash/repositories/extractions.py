"""Rows of patient extractions: the data of one session about one patient."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Subquery, Table, and_, exists, func, or_, select

from webautodash.database.products.bulk import write
from webautodash.database.products.statements import raw
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import Patient, PatientExtraction
from webautodash.repositories.base import Repository
from webautodash.repositories.clinical import MODELS
from webautodash.repositories.rows import insert

_IDENTIFYING = ("patient_name", "first_name", "last_name", "date_of_birth", "date_of_birth_text", "gender")


def _content(which: ClinicalList) -> list[ColumnElement[bool]]:
    table = cast(Table, MODELS[which.name].__table__)
    return [func.trim(raw(table.c[name])) != "" for name in which.content]


def _ranked(patient_ids: Sequence[int], condition: ColumnElement[bool]) -> Subquery:
    """The extractions of some patients, with their ``place`` from the latest on, which is 1."""
    place = func.row_number().over(
        partition_by=PatientExtraction.patient_id,
        order_by=(PatientExtraction.extracted_at.desc(), PatientExtraction.id.desc()),
    )
    ranked = select(PatientExtraction.patient_id, PatientExtraction.id, place.label("place"))
    return ranked.where(PatientExtraction.patient_id.in_(patient_ids), condition).subquery()


class LatestExtraction(NamedTuple):
    """A patient's latest extraction with given criteria."""

    id: int
    original_id: int
    """The extraction that has the clinical rows: itself, or the one that it repeats."""
    session_id: int
    checksum: str
    extracted_at: datetime | None


class StoredPlace(NamedTuple):
    """The extraction of a patient in one session, and its position in the file."""

    id: int
    source_id: int
    """The extraction that has the clinical rows: itself, or the one that it repeats."""
    patient_id: int
    position: int
    checksum: str


class ExtractionRepository(Repository):
    """Rows of ``patient_extractions``."""

    def latest(self, patient_ids: Sequence[int], criteria_key: str) -> dict[int, LatestExtraction]:
        """By patient, the extraction with these criteria and the latest ``extracted_at``."""
        if not patient_ids:
            return {}
        ranked = _ranked(patient_ids, PatientExtraction.criteria_key == criteria_key)
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
            patient_id: LatestExtraction(number, repeated or number, session_id, checksum, extracted_at)
            for number, repeated, patient_id, session_id, checksum, extracted_at in rows
        }

    def complete_in(self, session_ids: Collection[int], prns: Collection[str]) -> dict[str, LatestExtraction]:
        """By PRN, the complete extractions of some sessions; the last one if several sessions have the PRN."""
        rows = self._session.execute(
            select(
                PatientExtraction.prn,
                PatientExtraction.id,
                PatientExtraction.duplicate_of_id,
                PatientExtraction.extraction_session_id,
                PatientExtraction.data_checksum,
                PatientExtraction.extracted_at,
            )
            .where(
                PatientExtraction.extraction_session_id.in_(session_ids),
                PatientExtraction.prn.in_(prns),
                PatientExtraction.processing_status != ProcessingStatus.FAILED,
            )
            .order_by(PatientExtraction.id)
        )
        return {
            prn: LatestExtraction(number, repeated or number, session_id, checksum, extracted_at)
            for prn, number, repeated, session_id, checksum, extracted_at in rows
        }

    def latest_complete(self, patient_ids: Sequence[int]) -> dict[int, int]:
        """By patient, the latest complete extraction with any criteria."""
        if not patient_ids:
            return {}
        ranked = _ranked(patient_ids, PatientExtraction.processing_status != ProcessingStatus.FAILED)
        rows = self._session.execute(select(ranked.c.patient_id, ranked.c.id).where(ranked.c.place == 1))
        return {row.patient_id: row.id for row in rows}

    def with_rows(self, extraction_ids: Collection[int]) -> set[int]:
        """The extractions with clinical rows that are not blank, and those that repeat such an extraction.

        Any field in a row's ``extra`` counts, even a blank one.
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
        """The extractions whose ``extra`` may have a clinical list, as older versions stored it."""
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
        """By patient, the ``extra`` of the extraction that the values of the patient row come from."""
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
        """Name, date of birth and gender of some extractions."""
        if not extraction_ids:
            return {}
        columns = [getattr(PatientExtraction, name) for name in _IDENTIFYING]
        rows = self._session.execute(
            select(PatientExtraction.id, *columns).where(PatientExtraction.id.in_(extraction_ids))
        )
        return {number: Demographics(**dict(zip(_IDENTIFYING, values, strict=True))) for number, *values in rows}

    def extras(self, extraction_ids: Sequence[int]) -> dict[int, dict[str, Any] | None]:
        """The ``extra`` of some extractions."""
        if not extraction_ids:
            return {}
        rows = self._session.execute(
            select(PatientExtraction.id, PatientExtraction.extra).where(PatientExtraction.id.in_(extraction_ids))
        )
        return {row.id: row.extra for row in rows}

    def holds(self, session_id: int, prn: str) -> bool:
        """Whether a session has an extraction with this PRN."""
        found = self._session.execute(
            select(PatientExtraction.id).where(
                PatientExtraction.extraction_session_id == session_id, PatientExtraction.prn == prn
            )
        )
        return found.first() is not None

    def places(self, session_id: int, prns: Collection[str]) -> dict[str, StoredPlace]:
        """By PRN, the stored extractions of a session."""
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
        """Store a batch of one session, given by column, in two statements. Returns the ids of the ``wanted`` PRNs."""
        values = {"extraction_session_id": [session_id] * len(columns["prn"]), **columns}
        write(self._session.connection(), [insert(PatientExtraction, tuple(values), list(values.values()))])
        if not wanted:
            return {}
        # Covered by the unique index.
        stored = self._session.execute(
            select(PatientExtraction.prn, PatientExtraction.id).where(
                PatientExtraction.extraction_session_id == session_id, PatientExtraction.prn.in_(wanted)
            )
        )
        return {row.prn: row.id for row in stored}
