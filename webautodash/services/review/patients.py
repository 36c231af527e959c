"""Reads patients: search, the current chart, and the history of extractions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from webautodash.domain.extraction.lists.reread_lists import as_read_today
from webautodash.domain.patient_names import search_key
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, ProcessingStatus, Severity
from webautodash.errors import NotFound, UsageError
from webautodash.models import ExtractionSession, Patient, PatientExtraction
from webautodash.repositories.base import from_row
from webautodash.repositories.paging import Page
from webautodash.repositories.patient_queries import ClinicalRows, PatientQueries
from webautodash.repositories.patient_search import PatientFilter
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Person:
    """The row of a patient."""

    prn: str
    patient_name: str | None
    first_name: str | None
    last_name: str | None
    date_of_birth: date | None
    date_of_birth_text: str | None
    """As the portal shows it."""
    gender: str | None
    age: str | None
    phone: str | None
    email: str | None
    address: str | None
    patient_uuid: str | None
    as_of: datetime | None
    """Extraction time of these values."""
    other_demographics: dict[str, Any] | None
    """Fields of ``demographics_printable`` without a column, by name."""


@dataclass(frozen=True, slots=True)
class ConflictMention:
    """A conflict that an extraction caused."""

    id: int
    conflict_type: ConflictType
    severity: Severity
    status: ConflictStatus
    field_name: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """The data of one session about a patient. A duplicate has the rows of the extraction that it repeats."""

    id: int
    session_id: int
    path: str
    """The session's file, relative to Results."""
    extracted_at: datetime | None
    target_medication: str | None
    start_date: date | None
    end_date: date | None
    status: ProcessingStatus
    duplicate_of: int | None
    rows: dict[str, int]
    conflicts: tuple[ConflictMention, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A patient, and the lists of the newest complete extraction.

    Without a complete extraction there are no lists: the content is unknown, not empty.
    """

    provider: str
    patient: Person
    extraction: Extraction | None
    lists: ClinicalRows
    incomplete_extractions: int
    """Number of stored extractions that failed, and are ignored."""


@dataclass(frozen=True, slots=True)
class PatientHistory:
    """A patient with all extractions, newest first."""

    provider: str
    patient: Person
    extractions: tuple[Extraction, ...]


def search(
    store: Store, provider: str, wanted: PatientFilter | None = None, *, limit: int = 50, after: str | None = None
) -> Page[Person]:
    """List the patients that satisfy a filter, by PRN, after the PRN ``after``; by default all.

    Raises UsageError for a text without a letter or digit.
    """
    checked = _checked(wanted or PatientFilter())
    with store.provider_database(resolve_provider(store, provider)).reading() as work:
        page = work.patient_search.find(checked, limit, after)
        return Page(tuple(from_row(Person, row) for row in page.items), page.next)


def show(store: Store, provider: str, prn: str) -> Chart:
    """Return the current chart of a patient. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        queries = work.patient_queries
        person = _require(queries, prn, owner.slug)
        latest, incomplete = queries.latest_complete(person.prn), queries.incomplete(person.id)
        if latest is None:
            return Chart(owner.slug, from_row(Person, person), None, {}, incomplete)
        [extraction] = _extractions(work, person.id, [latest])
        source = _source(latest[0])
        lists = queries.rows([source])[source]
        if latest[0].extra:
            stored = work.clinical.load([source])[source]
            # An older version kept some lists as JSON: a list without rows may have items there.
            reread = as_read_today(stored, latest[0].extra, owner.date_order) or stored
            lists = {name: rows or list(map(dict, reread[name])) for name, rows in lists.items()}
        return Chart(owner.slug, from_row(Person, person), extraction, lists, incomplete)


def history(store: Store, provider: str, prn: str) -> PatientHistory:
    """Return all extractions of a patient. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        queries = work.patient_queries
        person = _require(queries, prn, owner.slug)
        extractions = _extractions(work, person.id, queries.extractions(person.prn))
        return PatientHistory(owner.slug, from_row(Person, person), tuple(extractions))


def _checked(wanted: PatientFilter) -> PatientFilter:
    """The filter with its texts as they are searched for."""
    texts: dict[str, Any] = {
        "name": None if wanted.name is None else search_key(wanted.name),
        "medication": None if wanted.medication is None else " ".join(wanted.medication.split()),
        "diagnosis": None if wanted.diagnosis is None else wanted.diagnosis.strip(),
    }
    for name, text in texts.items():
        if text is not None and not any(letter.isalnum() for letter in text):
            raise UsageError(f"the {name} to search for needs a letter or digit")
    return replace(wanted, **texts)


def _require(queries: PatientQueries, prn: str, slug: str) -> Patient:
    person = queries.get(prn.strip())
    if person is None:
        raise NotFound("a patient with this PRN", slug)
    return person


def _extractions(
    work: ProviderWork, patient_id: int, extractions: Sequence[tuple[PatientExtraction, ExtractionSession]]
) -> list[Extraction]:
    counts = work.clinical.counts(sorted({_source(row) for row, _ in extractions}))
    by_session = work.conflicts.by_patient(patient_id)
    return [
        from_row(
            Extraction,
            session,
            id=row.id,
            session_id=session.id,
            extracted_at=row.extracted_at,
            status=ProcessingStatus(row.processing_status),
            duplicate_of=row.duplicate_of_id,
            rows=counts[_source(row)],
            conflicts=tuple(from_row(ConflictMention, conflict) for conflict in by_session.get(session.id, ())),
        )
        for row, session in extractions
    ]


def _source(extraction: PatientExtraction) -> int:
    """The extraction that has the clinical rows."""
    return extraction.duplicate_of_id or extraction.id
