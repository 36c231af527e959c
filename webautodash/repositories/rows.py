"""Many rows into a table, the repositories' way in to the bulk writer."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase, Session

from webautodash.database.dialects.bulk import OnExisting, write_rows
from webautodash.database.dialects.types import JsonText
from webautodash.domain.documents import to_json


def insert_rows(
    session: Session,
    model: type[DeclarativeBase],
    rows: Sequence[dict[str, Any]],
    on_existing: OnExisting | None = None,
) -> None:
    """Write rows that all have the same keys, the names of columns; nothing for no rows."""
    if rows:
        columns = tuple(rows[0])
        json_columns = [name for name in columns if isinstance(model.__table__.c[name].type, JsonText)]
        # The bulk writer takes JSON as the text that its column holds.
        texts = (
            row | {name: None if row[name] is None else to_json(row[name]) for name in json_columns} for row in rows
        )
        insert_tuples(session, model, columns, map(itemgetter(*columns), texts if json_columns else rows), on_existing)


def insert_tuples(
    session: Session,
    model: type[DeclarativeBase],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    on_existing: OnExisting | None = None,
) -> None:
    """Write rows whose values stand in the order of ``columns``."""
    write_rows(session.connection(), cast(Table, model.__table__), columns, rows, on_existing)
