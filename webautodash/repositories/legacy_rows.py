"""Reads the rows of the earlier scripts, mostly from the tables put aside."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import TIMESTAMP, ColumnElement, Select, TableClause, func, inspect, select
from sqlalchemy.orm import Session

from webautodash.database.products.product import ByBytes, InServerTimeZone
from webautodash.domain.legacy.tables import COMPREHENSIVE, LEGACY_LISTS, LEGACY_TABLES, LegacyRow, legacy_name
from webautodash.repositories.base import Repository
from webautodash.repositories.legacy_tables import LegacyTables, current_name, table

# Times at which a row was written, in UTC. All other times come from files, in the local time of the portal.
_INSTANTS = frozenset({"created_at", "updated_at", "detected_at", "reviewed_at"})
_WITH_LOCAL_TIMES = ("extraction_sessions", "patient_extractions", *(which.name for which in LEGACY_LISTS))


class LegacyRows(Repository):
    """Reads rows a batch at a time."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._readers: dict[str, tuple[TableClause, tuple[ColumnElement[Any], ...]]] = {}

    def batch(self, name: str, after: int, most: int) -> list[LegacyRow]:
        """The next rows of a table, by number."""
        rows, columns = self._read(name)
        return self._rows(select(*columns).where(rows.c.id > after).order_by(rows.c.id).limit(most))

    def clinical(self, name: str, extraction_ids: Sequence[int]) -> dict[int, list[LegacyRow]]:
        """The rows of one list of some extractions, in the order in which they were written."""
        rows, columns = self._read(name)
        found: dict[int, list[LegacyRow]] = {}
        statement = select(*columns).where(rows.c.patient_extraction_id.in_(extraction_ids))
        for row in self._rows(statement.order_by(rows.c.id)):
            found.setdefault(row["patient_extraction_id"], []).append(row)
        return found

    def comprehensive(self, session_ids: Sequence[int], prns: Sequence[str]) -> list[LegacyRow]:
        """Comprehensive records of these sessions and PRNs, or PRNs the server takes for equal; the lists are JSON."""
        return self._comprehensive(legacy_name(COMPREHENSIVE), session_ids, prns)

    def _comprehensive(self, name: str, session_ids: Sequence[int], prns: Sequence[str]) -> list[LegacyRow]:
        if not inspect(self._session.connection()).has_table(name):
            return []
        rows = table(name, *LEGACY_TABLES[COMPREHENSIVE])
        statement = select(rows).where(rows.c.prn.in_(prns), rows.c.extraction_session_id.in_(session_ids))
        return self._rows(statement.order_by(rows.c.id))

    def completeness(self, after: int, most: int) -> list[tuple[LegacyRow, dict[str, int], LegacyRow | None]]:
        """The next extractions by number, each with its rows by list and its comprehensive record.

        Under the tables' own names or, once an adoption has begun, the names put aside.
        """
        aside = LegacyTables(self._session).is_aside()
        extractions = table(current_name("patient_extractions", aside), *LEGACY_TABLES["patient_extractions"])
        rows = self._rows(select(extractions).where(extractions.c.id > after).order_by(extractions.c.id).limit(most))
        counts: dict[int, dict[str, int]] = {row["id"]: {} for row in rows}
        for which in LEGACY_LISTS:
            owner = table(current_name(which.name, aside), "patient_extraction_id").c.patient_extraction_id
            numbers = select(owner, func.count()).where(owner.in_(list(counts))).group_by(owner)
            for number, count in self._session.execute(numbers):
                counts[number][which.name] = count
        prns = sorted({row["prn"] for row in rows})
        found = self._comprehensive(
            current_name(COMPREHENSIVE, aside), sorted({row["extraction_session_id"] for row in rows}), prns
        )
        records = {(each["extraction_session_id"], each["prn"].strip()): each for each in found}
        return [
            (row, counts[row["id"]], records.get((row["extraction_session_id"], row["prn"].strip()))) for row in rows
        ]

    def persons(self, after: int, most: int) -> list[LegacyRow]:
        """Who the next comprehensive records are about, by number, without the lists."""
        if not inspect(self._session.connection()).has_table(legacy_name(COMPREHENSIVE)):
            return []
        rows = table(
            legacy_name(COMPREHENSIVE),
            *("id", "prn", "extraction_session_id", "patient_name", "date_of_birth", "gender"),
        )
        return self._rows(select(rows).where(rows.c.id > after).order_by(rows.c.id).limit(most))

    def extractions_of(self, patient_ids: Sequence[int]) -> dict[int, list[LegacyRow]]:
        """The extractions of some patients, first to last: number, PRN, session and UUID."""
        rows = table(
            legacy_name("patient_extractions"), "id", "patient_id", "prn", "extraction_session_id", "patient_uuid"
        )
        found: dict[int, list[LegacyRow]] = {}
        statement = select(rows).where(rows.c.patient_id.in_(patient_ids)).order_by(rows.c.id)
        for row in self._session.execute(statement).mappings():
            found.setdefault(row["patient_id"], []).append(dict(row))
        return found

    def places(self, session_ids: Sequence[int], before_id: int) -> dict[int, int]:
        """By session, the number of extractions with a smaller number than ``before_id``."""
        rows = table(legacy_name("patient_extractions"), "id", "extraction_session_id").c
        statement = select(rows.extraction_session_id, func.count()).where(
            rows.extraction_session_id.in_(session_ids), rows.id < before_id
        )
        statement = statement.group_by(rows.extraction_session_id)
        return dict(map(tuple, self._session.execute(statement)))

    def prns_of(self, patient_ids: Sequence[int]) -> dict[int, str]:
        """The PRNs of some patients, by number."""
        patients = table(legacy_name("patients"), "id", "prn").c
        found = self._session.execute(select(patients.id, patients.prn).where(patients.id.in_(patient_ids)))
        return {number: prn.strip() for number, prn in found}

    def highest(self, name: str) -> int:
        """The highest number in a table, 0 if it is empty."""
        return self._number(select(func.max(table(legacy_name(name), "id").c.id)))

    def without_session(self) -> bool:
        """Whether there are patients without an extraction, or conflicts without a session."""
        patients = table(legacy_name("patients"), "id", "prn")
        rows = table(legacy_name("patient_extractions"), "id", "patient_id", "prn")
        own = (rows.c.patient_id == patients.c.id) & (ByBytes(rows.c.prn) == ByBytes(patients.c.prn))
        without_extraction = (
            select(patients.c.id).select_from(patients.outerjoin(rows, own)).where(rows.c.id.is_(None)).limit(1)
        )
        conflicts = table(legacy_name("data_conflicts"), "id", "extraction_session_id_1", "extraction_session_id_2").c
        unnamed = select(conflicts.id).where(
            conflicts.extraction_session_id_1.is_(None), conflicts.extraction_session_id_2.is_(None)
        )
        return any(self._session.execute(each).first() is not None for each in (without_extraction, unnamed.limit(1)))

    def _rows(self, statement: Select[Any]) -> list[LegacyRow]:
        return [
            {key: _instant(value) if key in _INSTANTS else value for key, value in row.items()}
            for row in self._session.execute(statement).mappings()
        ]

    def _read(self, name: str) -> tuple[TableClause, tuple[ColumnElement[Any], ...]]:
        """A table put aside, and the expressions that read its columns."""
        if name not in self._readers:
            found = inspect(self._session.connection()).get_columns(legacy_name(name))
            timestamps = {one["name"] for one in found if isinstance(one["type"], TIMESTAMP)} - _INSTANTS
            as_text = timestamps if name in _WITH_LOCAL_TIMES else frozenset()
            rows = table(legacy_name(name), *LEGACY_TABLES[name])
            columns = (InServerTimeZone(each).label(each.name) if each.name in as_text else each for each in rows.c)
            self._readers[name] = rows, tuple(columns)
        return self._readers[name]


def _instant(value: Any) -> datetime | None:
    # An invalid date is read as text.
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
