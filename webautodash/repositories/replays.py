"""Reads and corrects the rows that a replay of stored extractions needs, in batches of patients."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, case, delete, func, select, update

from webautodash.database.products.statements import all_rows, raw
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.patient.demographics import (
    DEMOGRAPHIC_COLUMNS,
    DEMOGRAPHICS_KEY,
    Demographics,
    other_demographics,
)
from webautodash.domain.extraction.patient.patient_record import CHECKED_COLUMNS
from webautodash.domain.legacy.sessions import is_adopted
from webautodash.domain.replay import CompleteExtraction
from webautodash.domain.row_checks import crc_of_rows
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, ProcessingStatus
from webautodash.models import ConflictReview, DataConflict, ExtractionSession, Patient, PatientExtraction
from webautodash.repositories.base import Repository
from webautodash.repositories.clinical import MODELS
from webautodash.repositories.rows import insert_rows

_EXTRACTIONS = cast(Table, PatientExtraction.__table__)
_IN_ONE_STATEMENT = 500


class StoredConflict(NamedTuple):
    """A recorded conflict; with values only for demographic ones, which the two sessions do not determine."""

    id: int
    patient_id: int
    conflict_type: ConflictType
    field_name: str
    session_id_1: int
    session_id_2: int
    status: ConflictStatus
    old_value: str | None
    new_value: str | None


class LastStep(NamedTuple):
    """The last review step of a conflict."""

    step: int
    """Its number, from 1."""
    old_status: ConflictStatus
    session_decision_id: int | None
    """The correction that made the step; None if a person made it."""


class CorrectionStep(NamedTuple):
    """A review step that a correction adds to a conflict."""

    conflict: StoredConflict
    number: int
    new_status: ConflictStatus
    session_decision_id: int


class RewrittenExtraction(NamedTuple):
    """The columns of an extraction that a correction may change."""

    id: int
    status: ProcessingStatus
    criteria_key: str
    duplicate_of_id: int | None
    row_checks: str | None


class Outcomes(NamedTuple):
    """The number of complete extractions of a session by outcome."""

    stored: int
    changed: int
    duplicates: int


class ReplayRepository(Repository):
    """Extractions, conflicts and counts of the patients of a correction."""

    def prns(self, session_id: int, after: str | None, limit: int) -> list[str]:
        """The next PRNs of a session, in order."""
        statement = (
            select(Patient.prn)
            .join(PatientExtraction, PatientExtraction.patient_id == Patient.id)
            .where(PatientExtraction.extraction_session_id == session_id)
            .order_by(Patient.prn)
            .limit(limit)
        )
        return list(self._session.scalars(statement.where(Patient.prn > after) if after is not None else statement))

    def adopted(self, database: str) -> frozenset[int]:
        """The sessions that the earlier scripts stored."""
        rows = all_rows(
            self._session.connection(),
            select(
                ExtractionSession.id,
                ExtractionSession.content_sha256,
                raw(cast(Table, ExtractionSession.__table__).c.extra),
            ),
        )
        return frozenset(number for number, sha256, extra in rows if is_adopted(database, number, sha256, extra))

    def extractions(self, patient_ids: Collection[int]) -> list[CompleteExtraction]:
        """Every extraction of some patients, including incomplete ones."""
        # Loads ``extra`` only if needed: it can be megabytes.
        has_other = raw(_EXTRACTIONS.c.extra).contains(f'"{DEMOGRAPHICS_KEY}"', autoescape=True)
        rows = self._session.execute(
            select(
                PatientExtraction.id,
                PatientExtraction.extraction_session_id,
                PatientExtraction.patient_id,
                PatientExtraction.prn,
                PatientExtraction.criteria_key,
                PatientExtraction.extracted_at,
                PatientExtraction.data_checksum,
                PatientExtraction.duplicate_of_id,
                PatientExtraction.processing_status,
                PatientExtraction.row_checks,
                case((has_other, PatientExtraction.extra)),
                *(_EXTRACTIONS.c[name] for name in DEMOGRAPHIC_COLUMNS),
            ).where(PatientExtraction.patient_id.in_(patient_ids))
        )
        return [
            CompleteExtraction(
                *row[:8], ProcessingStatus(row[8]), row[9], Demographics._make(row[11:]), other_demographics(row[10])
            )
            for row in rows
        ]

    def remove_rows(self, extraction_ids: Sequence[int]) -> None:
        """Delete the clinical rows of extractions that became duplicates."""
        if extraction_ids:
            for which in LISTS:
                model = MODELS[which.name]
                self._session.execute(delete(model).where(model.patient_extraction_id.in_(extraction_ids)))

    def own_checks(self, extraction_ids: Sequence[int]) -> dict[int, int]:
        """The present checksum of each extraction row, see ``domain.row_checks``."""
        if not extraction_ids:
            return {}
        columns = [raw(_EXTRACTIONS.c[name]) for name in CHECKED_COLUMNS]
        statement = select(_EXTRACTIONS.c.id, *columns).where(_EXTRACTIONS.c.id.in_(extraction_ids))
        numbers, *own = list(zip(*all_rows(self._session.connection(), statement), strict=True))
        return dict(zip(numbers, crc_of_rows(own), strict=True))

    def rewrite(self, extractions: Sequence[RewrittenExtraction]) -> None:
        """Write the columns that a correction changes; one statement per 500 extractions."""
        for start in range(0, len(extractions), _IN_ONE_STATEMENT):
            some = extractions[start : start + _IN_ONE_STATEMENT]
            columns: dict[str, dict[int, Any]] = {
                "processing_status": {one.id: str(one.status) for one in some},
                "criteria_key": {one.id: one.criteria_key for one in some},
                "duplicate_of_id": {one.id: one.duplicate_of_id for one in some},
                "row_checks": {one.id: one.row_checks for one in some},
            }
            self._change(
                update(PatientExtraction)
                .where(PatientExtraction.id.in_([one.id for one in some]))
                .values({name: case(values, value=PatientExtraction.id) for name, values in columns.items()})
            )

    def set_time(self, session_id: int, extracted_at: datetime) -> None:
        """Set the extraction time of a session and its extractions."""
        for model, owner in (
            (ExtractionSession, ExtractionSession.id),
            (PatientExtraction, PatientExtraction.extraction_session_id),
        ):
            self._change(update(model).where(owner == session_id).values(extracted_at=extracted_at))

    def conflicts(self, patient_ids: Collection[int]) -> list[StoredConflict]:
        """The conflicts of some patients, locked until the transaction ends."""
        is_demographic = DataConflict.conflict_type == ConflictType.DEMOGRAPHIC_MISMATCH
        rows = self._session.execute(
            select(
                DataConflict.id,
                DataConflict.patient_id,
                DataConflict.conflict_type,
                DataConflict.field_name,
                DataConflict.extraction_session_id_1,
                DataConflict.extraction_session_id_2,
                DataConflict.status,
                case((is_demographic, DataConflict.old_value)),
                case((is_demographic, DataConflict.new_value)),
            )
            .where(DataConflict.patient_id.in_(patient_ids))
            .order_by(DataConflict.id)
            .with_for_update()
        )
        return [
            StoredConflict(number, patient, ConflictType(kind), field, one, two, ConflictStatus(status), old, new)
            for number, patient, kind, field, one, two, status, old, new in rows
        ]

    def last_steps(self, conflict_ids: Collection[int]) -> dict[int, LastStep]:
        """By conflict, the last review step, if there is one."""
        if not conflict_ids:
            return {}
        last = (
            select(ConflictReview.conflict_id, func.max(ConflictReview.step).label("step"))
            .where(ConflictReview.conflict_id.in_(conflict_ids))
            .group_by(ConflictReview.conflict_id)
            .subquery()
        )
        rows = self._session.execute(
            select(
                ConflictReview.conflict_id,
                ConflictReview.step,
                ConflictReview.old_status,
                ConflictReview.session_decision_id,
            ).join(last, (last.c.conflict_id == ConflictReview.conflict_id) & (last.c.step == ConflictReview.step))
        )
        return {
            number: LastStep(int(step or 0), ConflictStatus(status), decision)
            for number, step, status, decision in rows
        }

    def add_steps(self, steps: Sequence[CorrectionStep], by: str, why: str, at: datetime) -> None:
        """Add review steps to many conflicts; one statement for the steps, and one per status."""
        insert_rows(
            self._session,
            ConflictReview,
            [
                {
                    "conflict_id": each.conflict.id,
                    "step": each.number,
                    "old_status": each.conflict.status,
                    "new_status": each.new_status,
                    "reviewed_by": by,
                    "reviewed_at": at,
                    "notes": why,
                    "session_decision_id": each.session_decision_id,
                }
                for each in steps
            ],
        )
        by_status: dict[ConflictStatus, list[int]] = {}
        for each in steps:
            by_status.setdefault(each.new_status, []).append(each.conflict.id)
        for status, numbers in by_status.items():
            self._change(
                update(DataConflict)
                .where(DataConflict.id.in_(numbers))
                .values(status=status, reviewed_by=by, reviewed_at=at, resolution_notes=why)
            )

    def outcomes(self, session_ids: Collection[int]) -> Mapping[int, Outcomes]:
        """By session, the number of complete extractions by outcome, if they are ordered by time."""
        patients = select(PatientExtraction.patient_id).where(PatientExtraction.extraction_session_id.in_(session_ids))
        before = func.lag(PatientExtraction.id).over(
            partition_by=(PatientExtraction.patient_id, PatientExtraction.criteria_key),
            order_by=(PatientExtraction.extracted_at, PatientExtraction.id),
        )
        placed = (
            select(
                PatientExtraction.extraction_session_id.label("session_id"),
                PatientExtraction.processing_status.label("status"),
                before.label("before"),
            )
            .where(PatientExtraction.processing_status != ProcessingStatus.FAILED)
            .where(PatientExtraction.patient_id.in_(patients))
            .subquery()
        )
        repeats = placed.c.status == ProcessingStatus.DUPLICATE
        rows = self._session.execute(
            select(
                placed.c.session_id,
                func.sum(case((~repeats & placed.c.before.is_(None), 1), else_=0)),
                func.sum(case((~repeats & placed.c.before.is_not(None), 1), else_=0)),
                func.sum(case((repeats, 1), else_=0)),
            )
            .where(placed.c.session_id.in_(session_ids))
            .group_by(placed.c.session_id)
        )
        found: dict[int, Any] = dict.fromkeys(session_ids, Outcomes(0, 0, 0))
        return found | {number: Outcomes(int(new), int(old), int(same)) for number, new, old, same in rows}
