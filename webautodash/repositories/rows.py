"""Many rows into a table, the repositories' way in to the bulk writer."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase, Session

from webautodash.database.dialects.bulk import OnExisting, write_rows
from webautodash.domain.documents import to_json


def insert_rows(
    session: Session,
    model: type[DeclarativeBase],
    rows: Sequence[Mapping[str, Any]],
    on_existing: OnExisting | None = None,
) -> None:
    """Write rows that all have the same keys, the names of columns; nothing for no rows."""
    if rows:
        columns = tuple(rows[0])
        insert_tuples(session, model, columns, map(itemgetter(*columns), map(_as_text, rows)), on_existing)


def _as_text(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """JSON goes into its column as text, for the bulk writer takes no other."""
    return {**row, "extra": to_json(row["extra"])} if row.get("extra") is not None else row


def insert_tuples(
    session: Session,
    model: type[DeclarativeBase],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    on_existing: OnExisting | None = None,
) -> None:
    """Write rows whose values stand in the order of ``columns``."""
    write_rows(session.connection(), cast(Table, model.__table__), columns, rows, on_existing)
