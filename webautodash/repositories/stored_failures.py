"""Finds, sets aside and restores extractions that were stored as data although they failed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Row, Select, Table, exists, func, or_, select, update

from webautodash.database.products.statements import raw
from webautodash.domain.extraction.patient.completeness import COMPLETENESS_FIELDS, failure_field
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS
from webautodash.domain.extraction.patient.patient_record import SWEEP_FIELDS
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import ExtractionSession, PatientExtraction, SetAsidePatient
from webautodash.repositories.base import Repository
from webautodash.repositories.rows import insert_rows

_EXTRACTIONS = cast(Table, PatientExtraction.__table__)
_EXTRA = raw(_EXTRACTIONS.c.extra)
_COLUMNS = (
    PatientExtraction.id,
    PatientExtraction.extraction_session_id,
    PatientExtraction.patient_id,
    PatientExtraction.prn,
    PatientExtraction.duplicate_of_id,
    PatientExtraction.row_checks,
)
_CANDIDATES = select(*_COLUMNS, func.length(_EXTRA).label("size"))
_BATCH = 200
_BATCH_BYTES = 16 << 20
# A person accepted the data of the file.
_IS_ACCEPTED = exists().where(
    SetAsidePatient.extraction_session_id == PatientExtraction.extraction_session_id,
    SetAsidePatient.position == PatientExtraction.position,
    SetAsidePatient.taken_in_at.is_not(None),
    SetAsidePatient.decided_by.is_not(None),
)


_Candidate = Row[*tuple[Any, ...]]
"""A row of ``_CANDIDATES``."""


class StoredFailure(NamedTuple):
    """An extraction that is stored as data, although its JSON says that it failed."""

    id: int
    session_id: int
    patient_id: int
    prn: str
    duplicate_of_id: int | None
    row_checks: str | None
    columns: dict[str, Any]
    """Its columns, as ``domain.extraction.stored_json`` needs them."""


class MovedExtraction(NamedTuple):
    """An extraction that a review set aside."""

    id: int
    session_id: int
    patient_id: int
    prn: str
    duplicate_of_id: int | None
    row_checks: str | None
    criteria_key: str
    """The criteria key of the session."""
    set_aside_id: int


class StoredFailureRepository(Repository):
    """Reads and writes in batches, in the order of the extractions' numbers."""

    def batches(self) -> Iterator[list[StoredFailure]]:
        """All failed extractions, in batches of 200 or 16 MB of JSON; each batch may be changed before the next."""
        after = 0
        while found := self._candidates(after):
            after = found[-1].id
            for some in _no_larger_than(_BATCH_BYTES, found):
                columns = self._columns([one.id for one in some])
                failed = [
                    StoredFailure._make((*one[:-1], columns[one.id]))
                    for one in some
                    if failure_field(columns[one.id]["extra"] or {}) is not None
                ]
                if failed:
                    yield failed

    def repeating(self, extraction_ids: Sequence[int]) -> list[tuple[int, int]]:
        """The complete extractions that repeat one of these, with their patients."""
        rows = self._session.execute(
            select(PatientExtraction.id, PatientExtraction.patient_id).where(
                PatientExtraction.duplicate_of_id.in_(extraction_ids),
                PatientExtraction.processing_status != ProcessingStatus.FAILED,
                ~_IS_ACCEPTED,
            )
        )
        return [(row.id, row.patient_id) for row in rows]

    def load(self, extraction_ids: Sequence[int]) -> Iterator[list[StoredFailure]]:
        """Load some extractions, in batches as in ``batches``."""
        for start in range(0, len(extraction_ids), _BATCH):
            chosen = PatientExtraction.id.in_(extraction_ids[start : start + _BATCH])
            for some in _no_larger_than(_BATCH_BYTES, self._found(_CANDIDATES.where(chosen))):
                columns = self._columns([one.id for one in some])
                yield [StoredFailure._make((*one[:-1], columns[one.id])) for one in some]

    def _candidates(self, after: int) -> list[_Candidate]:
        """The next complete extractions whose JSON has a key that may mark a failure."""
        return self._found(
            _CANDIDATES.where(
                PatientExtraction.id > after, PatientExtraction.processing_status != ProcessingStatus.FAILED
            )
            .where(or_(*(_EXTRA.contains(f'"{key}"', autoescape=True) for key in COMPLETENESS_FIELDS)), ~_IS_ACCEPTED)
            .limit(_BATCH)
        )

    def _found(self, statement: Select[*tuple[Any, ...]]) -> list[_Candidate]:
        return list(self._session.execute(statement.order_by(PatientExtraction.id)))

    def moved(self, after: int, limit: int, set_aside_id: int | None = None) -> list[MovedExtraction]:
        """The next extractions that a review set aside and nobody restored, or the one of a set-aside patient."""
        statement = (
            select(*_COLUMNS, ExtractionSession.criteria_key, SetAsidePatient.id)
            .join(SetAsidePatient, SetAsidePatient.patient_extraction_id == PatientExtraction.id)
            .join(ExtractionSession, ExtractionSession.id == PatientExtraction.extraction_session_id)
            .where(PatientExtraction.id > after, PatientExtraction.processing_status == ProcessingStatus.FAILED)
            .where(SetAsidePatient.taken_in_at.is_(None))
            .order_by(PatientExtraction.id)
            .limit(limit)
        )
        if set_aside_id is not None:
            statement = statement.where(SetAsidePatient.id == set_aside_id)
        return [MovedExtraction(*row) for row in self._session.execute(statement)]

    def _columns(self, extraction_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        names = ("prn", "position", *DEMOGRAPHIC_COLUMNS, *SWEEP_FIELDS, "extra")
        rows = self._session.execute(
            select(_EXTRACTIONS.c.id, *(_EXTRACTIONS.c[name] for name in names)).where(
                _EXTRACTIONS.c.id.in_(extraction_ids)
            )
        )
        return {number: dict(zip(names, values, strict=True)) for number, *values in rows}

    def set_aside(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Set aside patients whose extraction is stored; rows of earlier reviews that were restored are reused."""
        numbers = [row["patient_extraction_id"] for row in rows]
        statement = select(SetAsidePatient.patient_extraction_id).where(
            SetAsidePatient.patient_extraction_id.in_(numbers)
        )
        existing = {number for number in self._session.scalars(statement) if number is not None}
        for row in rows:
            if row["patient_extraction_id"] in existing:
                # The JSON may have been deleted since.
                self._update([row["patient_extraction_id"]], taken_in_at=None, raw_json=row["raw_json"])
        new = [dict(row) for row in rows if row["patient_extraction_id"] not in existing]
        insert_rows(self._session, SetAsidePatient, new)

    def restore(self, extraction_ids: Sequence[int], at: datetime) -> None:
        """Mark patients as stored, because their extraction counts again."""
        self._update(extraction_ids, taken_in_at=at, is_stored_whole=True)

    def _update(self, extraction_ids: Sequence[int], **values: object) -> None:
        self._change(
            update(SetAsidePatient).where(SetAsidePatient.patient_extraction_id.in_(extraction_ids)).values(**values)
        )


def _no_larger_than(most: int, found: Sequence[_Candidate]) -> Iterator[list[_Candidate]]:
    some: list[_Candidate] = []
    size = 0
    for one in found:
        length = one.size or 0
        if some and size + length > most:
            yield some
            some, size = [], 0
        some.append(one)
        size += length
    yield some
