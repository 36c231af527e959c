"""Checks of the earlier scripts' rows before they are adopted; results are counts, never values of patients."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import Select, func, select

from webautodash.database.products.product import ByBytes
from webautodash.domain.legacy.tables import LEGACY_LISTS
from webautodash.repositories.base import Repository
from webautodash.repositories.legacy_tables import LegacyTables, current_name, table

_AT_ONCE = 10_000
_REFERENCES = (
    ("patient_extractions", "patient_id", "patients"),
    ("patient_extractions", "extraction_session_id", "extraction_sessions"),
    *((which.name, "patient_extraction_id", "patient_extractions") for which in LEGACY_LISTS),
    ("data_conflicts", "patient_id", "patients"),
    ("data_conflicts", "extraction_session_id_1", "extraction_sessions"),
    ("data_conflicts", "extraction_session_id_2", "extraction_sessions"),
)


class LegacyChecks(Repository):
    """Queries over all rows, under the tables' own names or, once an adoption has begun, the names put aside."""

    @cached_property
    def _aside(self) -> bool:
        return LegacyTables(self._session).is_aside()

    def orphans(self) -> Iterator[tuple[str, str, str, int]]:
        """References to missing rows: table, column, referenced table, number of rows."""
        for name, owner, parent in _REFERENCES:
            child = table(current_name(name, self._aside), owner)
            parents = table(current_name(parent, self._aside), "id").alias("parents")
            statement = (
                select(func.count())
                .select_from(child.outerjoin(parents, child.c[owner] == parents.c.id))
                .where(child.c[owner].is_not(None), parents.c.id.is_(None))
            )
            if number := self._number(statement):
                yield name, owner, parent, number

    def prns(self, name: str) -> Iterator[str | None]:
        """The PRN of every row of a table."""
        for (prn,) in self._stream(select(table(current_name(name, self._aside), "prn").c.prn)):
            yield prn

    def extraction_prns(self) -> Iterator[tuple[int, str | None]]:
        """Session and PRN of every extraction, ordered by session."""
        rows = table(current_name("patient_extractions", self._aside), "extraction_session_id", "prn")
        yield from self._stream(select(rows.c.extraction_session_id, rows.c.prn).order_by(rows.c.extraction_session_id))

    def mixed_prns(self) -> list[tuple[int, str]]:
        """Patients, and each different PRN that extractions or conflicts linked to them have."""
        patients = table(current_name("patients", self._aside), "id", "prn")
        own = ByBytes(patients.c.prn)
        found: set[tuple[int, str]] = set()
        for name in ("patient_extractions", "data_conflicts"):
            rows = table(current_name(name, self._aside), "patient_id", "prn")
            other = ByBytes(rows.c.prn)
            joined = rows.join(patients, rows.c.patient_id == patients.c.id)
            statement = select(patients.c.id, patients.c.prn, other).select_from(joined).where(own != other).distinct()
            # White space around a PRN is not part of it.
            found |= {
                (number, prn.strip())
                for number, of, prn in self._session.execute(statement)
                if of.strip() != prn.strip()
            }
        return sorted(found)

    def distinct(self, name: str, of: str) -> list[str]:
        """The distinct texts of a column, without empty ones."""
        rows = table(current_name(name, self._aside), of)
        statement = select(rows.c[of]).where(rows.c[of].is_not(None), rows.c[of] != "").distinct()
        return sorted(self._session.scalars(statement))

    def _stream(self, statement: Select[Any]) -> Iterator[Any]:
        yield from self._session.execute(statement.execution_options(yield_per=_AT_ONCE))
