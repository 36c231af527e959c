"""The tables of the earlier scripts: which ones a database has; renaming and dropping them. No row is changed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import MetaData, Table, TableClause, column, func, inspect, select, table as table_of

from webautodash.database.products.statements import rename_tables
from webautodash.domain.legacy.tables import (
    COMPREHENSIVE,
    LEGACY_LISTS,
    LEGACY_NAMES,
    LEGACY_TABLES,
    OWN_COLUMNS,
    legacy_name,
)
from webautodash.repositories.base import Repository

_NAMES = frozenset(LEGACY_TABLES) | LEGACY_NAMES
_OWNERS = {
    "patient_extractions": "extraction_session_id",
    **{which.name: "patient_extraction_id" for which in LEGACY_LISTS},
}


def table(name: str, *columns: str) -> TableClause:
    """A table construct with some columns."""
    return table_of(name, *map(column, columns))


def current_name(name: str, aside: bool) -> str:
    """The present name of a table of the earlier scripts: its own, or the one it has after it is put aside."""
    return legacy_name(name) if aside else name


class LegacyShape(NamedTuple):
    """Which tables of the earlier scripts a database has, and under which names."""

    here: frozenset[str]
    """Under their own names."""
    aside: frozenset[str]
    """Renamed, see ``legacy_name``."""
    missing: tuple[str, ...]
    """Expected tables, and columns as ``table.column``, that do not exist."""
    unknown: tuple[str, ...]
    """Columns that the scripts did not create."""
    ours: bool
    """Whether the tables of this program exist."""


class LegacyTables(Repository):
    """Inspects, renames and drops the tables."""

    def shape(self) -> LegacyShape:
        """Inspect the tables."""
        inspector = inspect(self._session.connection())
        tables = set(inspector.get_table_names())
        columns = {name: {one["name"] for one in inspector.get_columns(name)} for name in tables & _NAMES}
        aside = frozenset(name for name in LEGACY_TABLES if legacy_name(name) in tables)
        own = {name for name, sign in OWN_COLUMNS.items() if sign in columns.get(name, ())}
        conflicts = {"data_conflicts"} if "extraction_sessions" in own else set()
        here = frozenset(name for name in LEGACY_TABLES if name in tables and name not in own | conflicts)
        missing, unknown = [], []
        for name, expected in LEGACY_TABLES.items():
            if name not in aside | here:
                if name != COMPREHENSIVE:
                    missing.append(name)
                continue
            found = columns[current_name(name, name in aside)]
            missing += [f"{name}.{each}" for each in expected if each not in found]
            if name != COMPREHENSIVE:
                unknown += [f"{name}.{each}" for each in sorted(found - {*expected, "created_at"})]
        return LegacyShape(here, aside, tuple(missing), tuple(unknown), bool(own))

    def exist(self) -> bool:
        """Whether the database has tables of the earlier scripts, under either name."""
        shape = self.shape()
        return bool(shape.here or shape.aside)

    def is_aside(self) -> bool:
        """Whether the tables were put aside: an adoption has begun."""
        return inspect(self._session.connection()).has_table(legacy_name("patients"))

    def put_aside(self, tables: Sequence[str]) -> None:
        """Rename tables, all or none of them."""
        rename_tables(self._session.connection(), {name: legacy_name(name) for name in tables})

    def drop(self, name: str) -> None:
        """Drop a table that was put aside, if it is there."""
        Table(name, MetaData()).drop(self._session.connection(), checkfirst=True)

    def counts(self, shape: LegacyShape) -> dict[str, int]:
        """Count the rows of each table, under either name."""
        return {
            name: self._count(current_name(name, name in shape.aside))
            for name in LEGACY_TABLES
            if name in shape.aside | shape.here
        }

    def count_copied(self, name: str) -> int:
        """Count the rows of a table put aside that the new table has with the same number and owner."""
        same = ("id", _OWNERS[name]) if name in _OWNERS else ("id",)
        old, new = table(legacy_name(name), *same), table(name, *same)
        joined = old.join(new, old.c.id == new.c.id)
        both = [old.c[each] == new.c[each] for each in same]
        return self._number(select(func.count()).select_from(joined).where(*both))

    def is_legacy_registry(self) -> bool:
        """Whether this is the system database of the earlier scripts."""
        inspector = inspect(self._session.connection())
        if not inspector.has_table("providers"):
            return False
        return "sanitized_name" in {one["name"] for one in inspector.get_columns("providers")}

    def provider_name(self, database: str) -> str | None:
        """Find the provider of a database in the earlier scripts' system database; None if there is none."""
        if not self.is_legacy_registry():
            return None
        rows = table("providers", "provider_name", "database_name")
        return self._session.scalar(select(rows.c.provider_name).where(rows.c.database_name == database))

    def _count(self, name: str) -> int:
        return self._number(select(func.count()).select_from(table(name)))
