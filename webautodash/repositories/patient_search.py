"""Finds patients by name, birth date, current lists and time, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from webautodash.database.products.statements import different_texts, in_any_case, starts_with
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models import ClinicalRow, Diagnosis, ExtractionSession, Medication, Patient, PatientExtraction
from webautodash.repositories.base import Repository
from webautodash.repositories.paging import Page, page_of

# With more candidates it is faster to go through the patients in their order until the page is full.
_MOST_CANDIDATES = 3_000
_LAST_CHARACTER = chr(0x10FFFF)
_CODE_SEPARATOR = ", "


@dataclass(frozen=True, slots=True)
class PatientFilter:
    """Which patients to list; a patient must satisfy each condition that is not None. By default all patients."""

    name: str | None = None
    """Beginning of the name, first or last name first, as `domain.patient_names.search_key` makes it."""
    born: date | None = None
    medication: str | None = None
    """Beginning of the name of a medication in the newest complete extraction, in any case."""
    diagnosis: str | None = None
    """ICD-10 code, or its beginning, in the newest complete extraction, in any case."""
    seen_since: datetime | None = None
    """Earliest time of the newest extraction."""


class _Condition(NamedTuple):
    """A condition on a patient, and the ids of the patients who may satisfy it, some of them repeatedly."""

    holds: ColumnElement[bool]
    """Uses no index of ``patients``: they are read by id, or in the order of their PRNs."""
    candidates: Select[int] | None
    """None if there are too many."""


class PatientSearch(Repository):
    """Searches ``patients``."""

    def find(self, wanted: PatientFilter, limit: int, after_prn: str | None = None) -> Page[Patient]:
        """The patients that satisfy a filter, by PRN, after the PRN ``after_prn``."""
        conditions = list(self._conditions(wanted))
        statement = select(Patient).where(*(each.holds for each in conditions))
        if after_prn is not None:
            statement = statement.where(Patient.prn > after_prn)
        if (few := self._few_candidates(conditions)) is not None:
            statement = statement.where(Patient.id.in_(few))
        statement = statement.order_by(Patient.prn).limit(limit + 1)
        return page_of(self._session.scalars(statement).all(), limit, lambda one: one.prn)

    def _few_candidates(self, conditions: Sequence[_Condition]) -> list[int] | None:
        """The candidates of the first condition that has few; None without such a condition."""
        for condition in conditions:
            if condition.candidates is None:
                continue
            found = self._session.scalars(condition.candidates.limit(_MOST_CANDIDATES + 1)).all()
            if len(found) <= _MOST_CANDIDATES:
                return sorted(set(found))
        return None

    def _conditions(self, wanted: PatientFilter) -> Iterator[_Condition]:
        """From the one that usually has the fewest candidates to the one that has the most."""
        if wanted.born is not None:
            born = Patient.date_of_birth
            yield _Condition(_unindexed(born) == wanted.born, select(Patient.id).where(born == wanted.born))
        if wanted.name is not None:
            keys = (Patient.name_key, Patient.last_name_key)
            both = union_all(*(select(Patient.id).where(_begins(key, wanted.name)) for key in keys)).subquery()
            yield _Condition(or_(*(_begins(_unindexed(key), wanted.name) for key in keys)), select(both.c.id))
        if wanted.diagnosis is not None:
            yield _of_list(Diagnosis, self._has_code(wanted.diagnosis))
        if wanted.medication is not None:
            connection = self._session.connection()
            yield _of_list(Medication, starts_with(connection, Medication.medication_name, wanted.medication))
        if wanted.seen_since is not None:
            yield _Condition(Patient.as_of >= wanted.seen_since, self._of_sessions_since(wanted.seen_since))

    def _of_sessions_since(self, since: datetime) -> Select[int] | None:
        sessions = select(ExtractionSession.id).where(ExtractionSession.extracted_at >= since)
        found = self._session.scalars(sessions.limit(_MOST_CANDIDATES + 1)).all()
        if len(found) > _MOST_CANDIDATES:
            return None
        return select(Patient.id).where(Patient.extraction_session_id.in_(found))

    def _has_code(self, code: str) -> ColumnElement[bool]:
        """Whether one of a diagnosis's codes starts with ``code``."""
        connection = self._session.connection()
        # No index finds the second code of a row. There are few different texts, and the index lists them.
        texts = self._session.scalars(different_texts(connection, Diagnosis.diagnosis_code))
        later = [text for text in texts if text and _is_later(text, code)]
        first = starts_with(connection, Diagnosis.diagnosis_code, code)
        return or_(first, in_any_case(connection, Diagnosis.diagnosis_code).in_(later)) if later else first


def _unindexed(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """A column whose index is not used."""
    return func.coalesce(column, null())


def _begins(key: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    return and_(key >= name, key < name + _LAST_CHARACTER)


def _is_later(codes: str, wanted: str) -> bool:
    return any(each.upper().startswith(wanted.upper()) for each in codes.split(_CODE_SEPARATOR)[1:])


def _of_list(model: type[ClinicalRow], matches: ColumnElement[bool]) -> _Condition:
    """Whether a list of the newest complete extraction has a row that matches."""
    source = func.coalesce(PatientExtraction.duplicate_of_id, PatientExtraction.id)
    current: ColumnElement[Any] = (
        select(source)
        .where(
            PatientExtraction.patient_id == Patient.id,
            PatientExtraction.processing_status != ProcessingStatus.FAILED,
        )
        .order_by(PatientExtraction.extracted_at.desc(), PatientExtraction.id.desc())
        .limit(1)
        .correlate(Patient)
        .scalar_subquery()
    )
    # Not EXISTS: a server may turn that into a join which reads every row that matches.
    found = select(literal(1)).where(model.patient_extraction_id == current, matches).limit(1).correlate(Patient)
    candidates = (
        select(PatientExtraction.patient_id)
        .join(model, model.patient_extraction_id == PatientExtraction.id)
        .where(matches)
    )
    return _Condition(found.scalar_subquery() == 1, candidates)
