"""Many rows into a table, the repositories' way in to the bulk writer."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase, Session

from webautodash.database.dialects.bulk import Insert, OnExisting, write
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
        values = map(itemgetter(*columns), texts if json_columns else rows)
        write(session.connection(), [insert(model, columns, list(zip(*values, strict=True)), on_existing)])


def insert(
    model: type[DeclarativeBase],
    names: Sequence[str],
    columns: Sequence[Sequence[Any]],
    on_existing: OnExisting | None = None,
) -> Insert:
    """Rows for the bulk writer, held by column."""
    return Insert(cast(Table, model.__table__), names, columns, on_existing)
