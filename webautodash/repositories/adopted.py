"""Writes rows adopted from the earlier scripts, with their original numbers."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, Table, func, select

from webautodash.database.products.bulk import write
from webautodash.database.products.statements import raw
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.rows import Rows, join_rows
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS, Demographics
from webautodash.domain.legacy.sessions import COUNTED
from webautodash.domain.legacy.tables import LEGACY_LISTS
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus
from webautodash.models import DataConflict, ExtractionSession, Patient, PatientExtraction, ProviderBase
from webautodash.repositories.base import Repository
from webautodash.repositories.clinical import MODELS
from webautodash.repositories.rows import insert, insert_rows
from webautodash.repositories.sessions import Tally


class AdoptedSession(NamedTuple):
    """An adopted session."""

    id: int
    criteria_key: str
    extracted_at: datetime | None
    counted: Mapping[str, int]
    """The counts of the earlier scripts, by column."""


class AdoptedPatient(NamedTuple):
    """An adopted patient row."""

    id: int
    demographics: Demographics
    session_id: int


FLAG = "flag"
_ROUNDED = timedelta(seconds=1)
"""The tables of the earlier scripts hold no fractions of a second; servers cut or round them."""


class AdoptedRepository(Repository):
    """Writes and reads the new tables during an adoption."""

    def last(self, model: type[ProviderBase]) -> int:
        """The highest number in a table, 0 if it is empty."""
        return self._number(select(func.max(_id(model))))

    def add(self, model: type[ProviderBase], rows: Sequence[dict[str, Any]]) -> None:
        """Write rows that include their numbers, in one statement."""
        insert_rows(self._session, model, rows)

    def add_lists(self, extractions: Sequence[tuple[int, Mapping[str, tuple[Sequence[int], Rows]]]]) -> None:
        """Write the clinical rows of some extractions: for each list the numbers, and the rows."""
        inserts = []
        for which in LEGACY_LISTS:
            numbers = [number for _, lists in extractions for number in lists[which.name][0]]
            owners = [owner for owner, lists in extractions for _ in lists[which.name][0]]
            if numbers:
                columns = join_rows(which, [lists[which.name][1] for _, lists in extractions])
                names = ("id", "patient_extraction_id", *which.columns)
                inserts.append(insert(MODELS[which.name], names, [numbers, owners, *columns]))
        write(self._session.connection(), inserts)

    def sessions(self) -> dict[int, AdoptedSession]:
        """All sessions, by number."""
        rows = self._session.execute(
            select(
                ExtractionSession.id,
                ExtractionSession.criteria_key,
                ExtractionSession.extracted_at,
                ExtractionSession.extra,
            )
        )
        return {
            number: AdoptedSession(number, key, at, (extra or {}).get(COUNTED, {})) for number, key, at, extra in rows
        }

    def has_adopted_sessions(self) -> bool:
        """Whether the earlier scripts stored the first session: a database is adopted before its first file."""
        first = self._session.scalar(select(ExtractionSession.extra).order_by(ExtractionSession.id).limit(1))
        return COUNTED in (first or {})

    def sessions_of_file(
        self, extracted_at: datetime | None, job_id: int | None, names: Collection[str | None]
    ) -> list[int]:
        """The adopted sessions of a file with this time, this job and one of these names.

        A database that was not adopted costs one look-up by primary key, an adopted one a scan of its sessions.
        """
        if extracted_at is None or not self.has_adopted_sessions():
            return []
        rows = self._session.execute(
            select(ExtractionSession.id, ExtractionSession.job_id, ExtractionSession.results_filename).where(
                ExtractionSession.extracted_at.between(extracted_at - _ROUNDED, extracted_at + _ROUNDED),
                raw(ExtractionSession.__table__.c.extra).contains(f'"{COUNTED}"', autoescape=True),
            )
        )
        return [number for number, job, name in rows if job == job_id and name and name in names]

    def patients(self, prns: Sequence[str]) -> dict[str, AdoptedPatient]:
        """The patient rows with these PRNs."""
        rows = self._session.execute(
            select(
                Patient.id,
                Patient.prn,
                Patient.extraction_session_id,
                *(getattr(Patient, name) for name in DEMOGRAPHIC_COLUMNS),
            ).where(Patient.prn.in_(prns))
        )
        return {
            prn: AdoptedPatient(number, Demographics._make(values), session_id)
            for number, prn, session_id, *values in rows
        }

    def tallies(self) -> dict[int, Tally]:
        """By session, the counts of its rows."""
        session = PatientExtraction.extraction_session_id
        tallies: dict[int, Tally] = {number: Tally() for number in self._session.scalars(select(ExtractionSession.id))}
        for number, count in self._by(select(session, func.count()).group_by(session)):
            tallies[number].patients_stored = count
        firsts = select(func.min(PatientExtraction.id)).group_by(PatientExtraction.patient_id)
        for number, count in self._by(
            select(session, func.count()).where(PatientExtraction.id.in_(firsts)).group_by(session)
        ):
            tallies[number].patients_new = count
        seen = select(PatientExtraction.patient_id)
        source = Patient.extraction_session_id
        for number, count in self._by(select(source, func.count()).where(Patient.id.not_in(seen)).group_by(source)):
            tallies[number].patients_new += count
        newer = DataConflict.extraction_session_id_2
        is_difference = DataConflict.conflict_type != ConflictType.EXTRACTION_DUPLICATE
        for number, count in self._by(select(newer, func.count()).where(is_difference).group_by(newer)):
            tallies[number].conflicts_detected = count
        for which in LISTS:
            owner = MODELS[which.name].patient_extraction_id
            statement = select(session, func.count()).join(MODELS[which.name], owner == PatientExtraction.id)
            for number, count in self._by(statement.group_by(session)):
                tallies[number].rows[which.name] = count
        return tallies

    def flagged(self) -> dict[str, int]:
        """By reason, the number of flagged extractions."""
        extras = self._session.scalars(
            select(PatientExtraction.extra).where(PatientExtraction.processing_status == ProcessingStatus.FAILED)
        )
        found = Counter(extra[FLAG] for extra in extras if extra and FLAG in extra)
        return dict(sorted(found.items()))

    def count_misassigned(self) -> int:
        """Count extractions linked to a patient with another PRN; there must be none."""
        statement = select(func.count()).select_from(PatientExtraction).join(Patient)
        return self._number(statement.where(PatientExtraction.prn != Patient.prn))

    def _by(self, statement: Select[int, int]) -> list[tuple[int, int]]:
        return [(number, count) for number, count in self._session.execute(statement)]


def _id(model: type[ProviderBase]) -> ColumnElement[int]:
    return cast(Table, model.__table__).c.id
