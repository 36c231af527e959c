"""Finds rows that disagree with each other: sessions, patients and references."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, and_, case, func, or_, select, true

from webautodash.database.products.statements import all_rows, exactly, file_faults, raw
from webautodash.database.products.types import Day
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS
from webautodash.domain.set_aside_reasons import REPEATED_PRN
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus
from webautodash.models import (
    DataConflict,
    ExtractionSession,
    Patient,
    PatientExtraction,
    ProviderBase,
    SetAsidePatient,
)
from webautodash.repositories.base import Repository
from webautodash.repositories.sessions import TALLY_COLUMNS, Tally
from webautodash.repositories.verification import UnreadableValue

_EXTRACTIONS = cast(Table, PatientExtraction.__table__)
_PATIENTS = cast(Table, Patient.__table__)
_PATIENTS_AT_ONCE, _EXTRAS_AT_ONCE = 500, 10
_CLINICAL = frozenset(which.name for which in LISTS)


class MismatchedPatient(NamedTuple):
    """A patient, the extraction that the values come from, and the columns that differ."""

    patient_id: int
    extraction_id: int | None
    columns: tuple[str, ...]


class SessionCounts(NamedTuple):
    """The stored counts of a session, and counts of related rows."""

    id: int
    content_sha256: str
    extra: str | None
    found: int
    successful: int
    tally: Tally
    set_aside: int
    """Patients that are set aside."""
    repeated: int
    """Set-aside patients whose PRN occurs again later in the file, and is stored from there."""
    conflicts: int
    """Recorded differences that the session caused, without duplicates."""
    new_patients: int
    """Patients whose first extraction is in this session."""


class CrossReferences(Repository):
    """Queries that find disagreements in the database; nothing is written."""

    def unlike_session(self) -> list[int]:
        """Extractions whose criteria or time differ from their session; incomplete ones have no criteria."""
        key, theirs = PatientExtraction.criteria_key, ExtractionSession.criteria_key
        return list(
            self._session.scalars(
                select(PatientExtraction.id)
                .join(ExtractionSession, ExtractionSession.id == PatientExtraction.extraction_session_id)
                .where(
                    or_(
                        and_(key != theirs, key != ""),
                        PatientExtraction.extracted_at.is_distinct_from(ExtractionSession.extracted_at),
                    )
                )
                .order_by(PatientExtraction.id)
            )
        )

    def mismatched_patients(self, excluded_sessions: Sequence[int]) -> list[MismatchedPatient]:
        """Patients that differ from the extraction that their values come from."""
        connection = self._session.connection()

        def differ(stored: ColumnElement[Any], source: ColumnElement[Any]) -> Any:
            if isinstance(stored.type, Day):
                return and_(source.is_not(None), stored.is_distinct_from(source))
            one, other = exactly(connection, stored), exactly(connection, source)
            return and_(source.is_not(None), one.is_distinct_from(other))

        unlike = {name: differ(_PATIENTS.c[name], _EXTRACTIONS.c[name]) for name in DEMOGRAPHIC_COLUMNS}
        unlike["as_of"] = Patient.as_of.is_distinct_from(PatientExtraction.extracted_at)
        source = and_(
            PatientExtraction.patient_id == Patient.id,
            PatientExtraction.extraction_session_id == Patient.extraction_session_id,
            PatientExtraction.prn == Patient.prn,
        )
        is_failed = PatientExtraction.processing_status == ProcessingStatus.FAILED
        is_empty = [_PATIENTS.c[name].is_(None) for name in ("as_of", *DEMOGRAPHIC_COLUMNS)]
        statement = (
            select(Patient.id, PatientExtraction.id, *(case((test, 1), else_=0) for test in unlike.values()))
            .join(PatientExtraction, source, isouter=True)
            .where(or_(PatientExtraction.id.is_(None), *unlike.values()))
            .where(Patient.extraction_session_id.not_in(excluded_sessions) if excluded_sessions else true())
            # A patient without a complete extraction has no values.
            .where(or_(PatientExtraction.id.is_(None), ~and_(is_failed, *is_empty)))
            .order_by(Patient.id)
        )
        return [
            MismatchedPatient(number, source_id, tuple(name for name, flag in zip(unlike, flags, strict=True) if flag))
            for number, source_id, *flags in self._session.execute(statement)
        ]

    def with_other_demographics(self) -> Iterator[tuple[int, str, Iterator[str]]]:
        """Patients with unknown demographic fields, as JSON, and the ``extra`` of their extractions."""
        stored, last = raw(_PATIENTS.c.other_demographics), 0
        while True:
            patients = all_rows(
                self._session.connection(),
                select(_PATIENTS.c.id, stored)
                .where(_PATIENTS.c.id > last, _PATIENTS.c.other_demographics.is_not(None))
                .order_by(_PATIENTS.c.id)
                .limit(_PATIENTS_AT_ONCE),
            )
            for number, fields in patients:
                yield number, fields, self._extras(number)
            if len(patients) < _PATIENTS_AT_ONCE:
                return
            last = patients[-1].id

    def _extras(self, patient_id: int) -> Iterator[str]:
        """The ``extra`` of a patient's extractions, newest first, in portions: each can be megabytes."""
        extra, last = raw(_EXTRACTIONS.c.extra), None
        while True:
            statement = select(_EXTRACTIONS.c.id, extra).where(
                _EXTRACTIONS.c.patient_id == patient_id, _EXTRACTIONS.c.extra.is_not(None)
            )
            if last is not None:
                statement = statement.where(_EXTRACTIONS.c.id < last)
            found = all_rows(
                self._session.connection(), statement.order_by(_EXTRACTIONS.c.id.desc()).limit(_EXTRAS_AT_ONCE)
            )
            yield from (text for _, text in found)
            if len(found) < _EXTRAS_AT_ONCE:
                return
            last = found[-1].id

    def session_counts(self) -> list[SessionCounts]:
        """The counts of every session."""
        is_repeated = and_(SetAsidePatient.reason == REPEATED_PRN, SetAsidePatient.taken_in_at.is_not(None))
        aside: dict[int, tuple[int, int]] = {
            number: (int(waiting), int(repeated))
            for number, waiting, repeated in self._session.execute(
                select(
                    SetAsidePatient.extraction_session_id,
                    func.sum(case((SetAsidePatient.taken_in_at.is_(None), 1), else_=0)),
                    func.sum(case((is_repeated, 1), else_=0)),
                ).group_by(SetAsidePatient.extraction_session_id)
            )
        }
        newer = func.coalesce(DataConflict.found_in_session_id, DataConflict.extraction_session_id_2)
        differences = select(newer, func.count()).where(DataConflict.conflict_type != ConflictType.EXTRACTION_DUPLICATE)
        conflicts = Counter(
            {number: int(count) for number, count in self._session.execute(differences.group_by(newer))}
        )
        new_patients = self._new_patients()
        rows = all_rows(
            self._session.connection(),
            select(
                ExtractionSession.id,
                ExtractionSession.content_sha256,
                raw(cast(Table, ExtractionSession.__table__).c.extra),
                ExtractionSession.total_patients_found,
                ExtractionSession.successful_extractions,
                *TALLY_COLUMNS,
            ).order_by(ExtractionSession.id),
        )
        return [
            SessionCounts(
                number,
                sha256,
                extra,
                found,
                successful,
                Tally.of(counts),
                *aside.get(number, (0, 0)),
                conflicts[number],
                new_patients[number],
            )
            for number, sha256, extra, found, successful, *counts in rows
        ]

    def _new_patients(self) -> Counter[int]:
        # A patient's row is locked before an extraction gets its number: the first one has the lowest number.
        first = select(func.min(PatientExtraction.id).label("id")).group_by(PatientExtraction.patient_id).subquery()
        since = PatientExtraction.extraction_session_id
        counts = select(since, func.count()).join(first, first.c.id == PatientExtraction.id).group_by(since)
        return Counter({number: int(count) for number, count in self._session.execute(counts)})

    def without_parent(self) -> Iterator[UnreadableValue]:
        """Rows with dangling foreign keys, except clinical rows, which ``VerificationRepository.rows`` covers."""
        for table in ProviderBase.metadata.sorted_tables:
            if table.name in _CLINICAL:
                continue
            for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
                parent = key.column.table.alias()
                found = self._session.scalars(
                    select(table.c.id)
                    .join(parent, parent.c[key.column.name] == key.parent, isouter=True)
                    .where(key.parent.is_not(None), parent.c[key.column.name].is_(None))
                    .order_by(table.c.id)
                )
                yield from (UnreadableValue(table.name, number, key.parent.name) for number in found)

    def file_faults(self) -> list[str]:
        """Faults that an integrity check of a database file reports."""
        return file_faults(self._session.connection())
