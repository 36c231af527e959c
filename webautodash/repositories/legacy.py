"""The tables of the earlier scripts, put aside and read; their rows are never changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    TIMESTAMP,
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    String,
    TableClause,
    column,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy import table as table_of
from sqlalchemy.orm import Session

from webautodash.domain.legacy import COMPREHENSIVE, KEPT_ASIDE, LEGACY_TABLES, OURS, kept_as
from webautodash.domain.lists import LISTS

LegacyRow = Mapping[str, Any]

# When a row was written, as an instant; every other time is what a file said, by the clock on the wall.
_INSTANTS = frozenset({"created_at", "updated_at", "detected_at", "reviewed_at"})
_AT_ONCE = 10_000
_BYTEWISE = "utf8mb4_bin"
_WALL_CLOCK = ("extraction_sessions", "patient_extractions", *(which.name for which in LISTS))

REFERENCES = (
    ("patient_extractions", "patient_id", "patients"),
    ("patient_extractions", "extraction_session_id", "extraction_sessions"),
    *((which.name, "patient_extraction_id", "patient_extractions") for which in LISTS),
    ("data_conflicts", "patient_id", "patients"),
    ("data_conflicts", "extraction_session_id_1", "extraction_sessions"),
    ("data_conflicts", "extraction_session_id_2", "extraction_sessions"),
)


class Shape(NamedTuple):
    """Which of the earlier scripts' tables a database has, and under which names."""

    here: frozenset[str]
    """Under their own."""
    aside: frozenset[str]
    """Put aside."""
    missing: tuple[str, ...]
    """Tables, and columns as ``table.column``, that are expected and not there."""
    unknown: tuple[str, ...]
    """Columns that the scripts did not make."""
    ours: bool
    """Whether this program's own tables are there."""


class LegacyRepository:
    """Reads of one database; ``put_aside`` alone changes it, and no row with it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[TableClause, tuple[ColumnElement[Any], ...]]] = {}

    def shape(self) -> Shape:
        """What is there."""
        looked = inspect(self._session.connection())
        tables = set(looked.get_table_names())
        columns = {name: {one["name"] for one in looked.get_columns(name)} for name in tables & _NAMES}
        aside = frozenset(name for name in LEGACY_TABLES if kept_as(name) in tables)
        own = {name for name, sign in OURS.items() if sign in columns.get(name, ())}
        conflicts = {"data_conflicts"} if "extraction_sessions" in own else set()
        here = frozenset(name for name in LEGACY_TABLES if name in tables and name not in own | conflicts)
        missing, unknown = [], []
        for name, expected in LEGACY_TABLES.items():
            place = kept_as(name) if name in aside else name
            if name not in aside | here:
                if name != COMPREHENSIVE:
                    missing.append(name)
                continue
            missing += [f"{name}.{each}" for each in expected if each not in columns[place]]
            if name != COMPREHENSIVE:
                unknown += [f"{name}.{each}" for each in sorted(columns[place] - {*expected, "created_at"})]
        return Shape(here, aside, tuple(missing), tuple(unknown), bool(own))

    def is_aside(self) -> bool:
        """Whether an adoption has begun."""
        return inspect(self._session.connection()).has_table(kept_as("patients"))

    def put_aside(self, tables: Sequence[str]) -> None:
        """Rename tables, all or none."""
        quote = self._session.connection().dialect.identifier_preparer.quote_identifier
        renamed = ", ".join(f"{quote(name)} TO {quote(kept_as(name))}" for name in tables)
        self._session.connection().exec_driver_sql(f"RENAME TABLE {renamed}")

    def counts(self, aside: frozenset[str], here: frozenset[str]) -> dict[str, int]:
        """How many rows each table has, wherever it is."""
        places = {name: kept_as(name) if name in aside else name for name in LEGACY_TABLES if name in aside | here}
        return {name: self._count(select(func.count()).select_from(table_of(at))) for name, at in places.items()}

    def in_place(self, name: str) -> int:
        """Of the rows of a table put aside, how many are in the new table with the number and owner they had."""
        old, new = _table(kept_as(name), "id"), _table(name, "id")
        statement = select(func.count()).select_from(old.join(new, old.c.id == new.c.id))
        owner = {which.name: "patient_extraction_id" for which in LISTS} | {
            "patient_extractions": "extraction_session_id"
        }
        if name in owner:
            pair = _table(kept_as(name), "id", owner[name]), _table(name, "id", owner[name])
            statement = select(func.count()).select_from(pair[0].join(pair[1], pair[0].c.id == pair[1].c.id))
            statement = statement.where(pair[0].c[owner[name]] == pair[1].c[owner[name]])
        return self._count(statement)

    def orphans(self, aside: bool) -> Iterator[tuple[str, str, str, int]]:
        """References to rows that are not there: table, column, what it refers to, how many."""
        for name, owner, parent in REFERENCES:
            child = _table(_place(name, aside), owner)
            above = _table(_place(parent, aside), "id").alias("above")
            statement = (
                select(func.count())
                .select_from(child.outerjoin(above, child.c[owner] == above.c.id))
                .where(child.c[owner].is_not(None), above.c.id.is_(None))
            )
            if number := self._count(statement):
                yield name, owner, parent, number

    def prns(self, aside: bool) -> Iterator[tuple[int, str | None]]:
        """Number and PRN of every patient."""
        patients = _table(_place("patients", aside), "id", "prn")
        yield from self._stream(select(patients.c.id, patients.c.prn))

    def extraction_prns(self, aside: bool) -> Iterator[tuple[int, str | None]]:
        """Session and PRN of every extraction, by session."""
        rows = _table(_place("patient_extractions", aside), "extraction_session_id", "prn")
        yield from self._stream(select(rows.c.extraction_session_id, rows.c.prn).order_by(rows.c.extraction_session_id))

    def apart(self, aside: bool) -> list[tuple[int, str]]:
        """Patients, and another PRN than theirs that extractions or conflicts linked to them have."""
        patients = _table(_place("patients", aside), "id", "prn")
        own = patients.c.prn.collate(_BYTEWISE)
        found: set[tuple[int, str]] = set()
        for name in ("patient_extractions", "data_conflicts"):
            rows = _table(_place(name, aside), "patient_id", "prn")
            other = rows.c.prn.collate(_BYTEWISE)
            joined = rows.join(patients, rows.c.patient_id == patients.c.id)
            statement = select(patients.c.id, patients.c.prn, other).select_from(joined).where(own != other).distinct()
            # White space around a PRN is no part of it.
            found |= {
                (number, prn.strip())
                for number, of, prn in self._session.execute(statement)
                if of.strip() != prn.strip()
            }
        return sorted(found)

    def prns_of(self, patient_ids: Sequence[int]) -> dict[int, str]:
        """The PRNs of some patients, by number."""
        patients = _table(kept_as("patients"), "id", "prn").c
        found = self._session.execute(select(patients.id, patients.prn).where(patients.id.in_(patient_ids)))
        return {number: prn.strip() for number, prn in found}

    def highest(self, name: str) -> int:
        """The highest number in a table put aside, 0 where it is empty."""
        return self._count(select(func.max(_table(kept_as(name), "id").c.id)))

    def distinct(self, name: str, of: str, aside: bool) -> list[str]:
        """The different texts of a column, without the empty ones."""
        rows = _table(_place(name, aside), of)
        statement = select(rows.c[of]).where(rows.c[of].is_not(None), rows.c[of] != "").distinct()
        return sorted(self._session.scalars(statement))

    def batch(self, name: str, after: int, most: int) -> list[LegacyRow]:
        """The next rows of a table put aside, by number."""
        rows, said = self._read(name)
        return self._rows(select(*said).where(rows.c.id > after).order_by(rows.c.id).limit(most))

    def clinical(self, name: str, extraction_ids: Sequence[int]) -> dict[int, list[LegacyRow]]:
        """The rows of one list of some extractions, in the order in which they were written."""
        rows, said = self._read(name)
        found: dict[int, list[LegacyRow]] = {}
        statement = select(*said).where(rows.c.patient_extraction_id.in_(extraction_ids))
        for row in self._rows(statement.order_by(rows.c.id)):
            found.setdefault(row["patient_extraction_id"], []).append(row)
        return found

    def comprehensive(self, session_ids: Sequence[int], prns: Sequence[str]) -> list[LegacyRow]:
        """What these sessions made of people with these PRNs, or with some like them; the lists as their lengths."""
        if not inspect(self._session.connection()).has_table(kept_as(COMPREHENSIVE)):
            return []
        rows = _table(kept_as(COMPREHENSIVE), *LEGACY_TABLES[COMPREHENSIVE])
        said = [func.json_length(each).label(each.name) if each.name.startswith("all_") else each for each in rows.c]
        statement = select(*said).where(rows.c.prn.in_(prns), rows.c.extraction_session_id.in_(session_ids))
        return self._rows(statement.order_by(rows.c.id))

    def extractions_of(self, patient_ids: Sequence[int]) -> dict[int, list[LegacyRow]]:
        """What was extracted of some patients, first to last: number, PRN, session and UUID."""
        rows = _table(
            kept_as("patient_extractions"), "id", "patient_id", "prn", "extraction_session_id", "patient_uuid"
        )
        found: dict[int, list[LegacyRow]] = {}
        statement = select(rows).where(rows.c.patient_id.in_(patient_ids)).order_by(rows.c.id)
        for row in self._session.execute(statement).mappings():
            found.setdefault(row["patient_id"], []).append(dict(row))
        return found

    def places(self, session_ids: Sequence[int], before_id: int) -> dict[int, int]:
        """By session, how many extractions it has before a number."""
        rows = _table(kept_as("patient_extractions"), "id", "extraction_session_id").c
        statement = select(rows.extraction_session_id, func.count()).where(
            rows.extraction_session_id.in_(session_ids), rows.id < before_id
        )
        statement = statement.group_by(rows.extraction_session_id)
        return dict(map(tuple, self._session.execute(statement)))

    def without_session(self) -> bool:
        """Whether there are patients of whom nothing was extracted, or conflicts that name no session."""
        patients = _table(kept_as("patients"), "id", "prn")
        rows = _table(kept_as("patient_extractions"), "id", "patient_id", "prn")
        own = (rows.c.patient_id == patients.c.id) & (
            rows.c.prn.collate(_BYTEWISE) == patients.c.prn.collate(_BYTEWISE)
        )
        alone = select(patients.c.id).select_from(patients.outerjoin(rows, own)).where(rows.c.id.is_(None)).limit(1)
        conflicts = _table(kept_as("data_conflicts"), "id", "extraction_session_id_1", "extraction_session_id_2").c
        unnamed = select(conflicts.id).where(
            conflicts.extraction_session_id_1.is_(None), conflicts.extraction_session_id_2.is_(None)
        )
        return any(self._session.execute(each).first() is not None for each in (alone, unnamed.limit(1)))

    def without_rows(self, aside: bool) -> int:
        """How many extractions have a checksum and no clinical row."""
        found = _table(_place("patient_extractions", aside), "id", "data_checksum")
        joined: FromClause = found
        empty = [found.c.data_checksum != ""]
        for which in LISTS:
            rows = _table(_place(which.name, aside), "patient_extraction_id")
            joined = joined.outerjoin(rows, rows.c.patient_extraction_id == found.c.id)
            empty.append(rows.c.patient_extraction_id.is_(None))
        return self._count(select(func.count()).select_from(joined).where(*empty))

    def provider_name(self, database: str) -> str | None:
        """In the earlier scripts' system database, whose a database is; None where that says nothing."""
        if not self.is_earlier_registry():
            return None
        rows = _table("providers", "provider_name", "database_name")
        return self._session.scalar(select(rows.c.provider_name).where(rows.c.database_name == database))

    def is_earlier_registry(self) -> bool:
        """Whether this is the earlier scripts' system database."""
        looked = inspect(self._session.connection())
        if not looked.has_table("providers"):
            return False
        return "sanitized_name" in {one["name"] for one in looked.get_columns("providers")}

    def _count(self, statement: Select[Any]) -> int:
        return int(self._session.scalar(statement) or 0)

    def _stream(self, statement: Select[Any]) -> Iterator[Any]:
        result = self._session.execute(statement.execution_options(yield_per=_AT_ONCE))
        for row in result:
            yield tuple(row)

    def _rows(self, statement: Select[Any]) -> list[LegacyRow]:
        return [
            {key: _instant(value) if key in _INSTANTS else value for key, value in row.items()}
            for row in self._session.execute(statement).mappings()
        ]

    def _read(self, name: str) -> tuple[TableClause, tuple[ColumnElement[Any], ...]]:
        """A table put aside, and how its columns are read."""
        if name not in self._known:
            types = {one["name"]: one["type"] for one in inspect(self._session.connection()).get_columns(kept_as(name))}
            rows = _table(kept_as(name), *LEGACY_TABLES[name])
            self._known[name] = (
                rows,
                tuple(
                    _on_the_wall(each)
                    if name in _WALL_CLOCK and each.name not in _INSTANTS and isinstance(types[each.name], TIMESTAMP)
                    else each
                    for each in rows.c
                ),
            )
        return self._known[name]


_NAMES = frozenset(LEGACY_TABLES) | KEPT_ASIDE


def _table(name: str, *columns: str) -> TableClause:
    return table_of(name, *map(column, columns))


def _place(name: str, aside: bool) -> str:
    return kept_as(name) if aside else name


def _on_the_wall(stamp: ColumnClause[Any]) -> ColumnElement[Any]:
    """A TIMESTAMP as it was written: the scripts left the zone of their sessions to the server."""
    zones = [literal_column(f"@@{scope}.time_zone", String) for scope in ("session", "global")]
    return func.convert_tz(stamp, *zones).label(stamp.name)


def _instant(value: Any) -> datetime | None:
    # A date that is none comes as text.
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
