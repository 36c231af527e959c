"""Many rows into a table: the one place where batches are written."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import DeclarativeBase, Session


def insert_rows(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that all have the same keys; one statement, none for no rows.

    Into the table, not through the mapper: the mapper leaves nulls out and makes a statement of every other set of
    columns that remains.
    """
    if rows:
        session.execute(insert(cast(Table, model.__table__)), rows)
