"""Inserts many rows through the bulk writer."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase, Session

from webautodash.database.products.bulk import write
from webautodash.database.products.inserts import Insert, OnExisting
from webautodash.database.products.types import JsonText
from webautodash.domain.json_document import sorted_json


def insert_rows(
    session: Session,
    model: type[DeclarativeBase],
    rows: Sequence[dict[str, Any]],
    on_existing: OnExisting | None = None,
) -> None:
    """Insert rows that all have the same columns as keys; does nothing without rows."""
    if rows:
        names = tuple(rows[0])
        insert_tuples(session, model, names, list(map(itemgetter(*names), rows)), on_existing)


def insert_tuples(
    session: Session,
    model: type[DeclarativeBase],
    names: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    on_existing: OnExisting | None = None,
) -> None:
    """Insert rows whose values are in the order of ``names``; does nothing without rows."""
    if rows:
        write(session.connection(), [insert(model, names, list(zip(*rows, strict=True)), on_existing)])


def insert(
    model: type[DeclarativeBase],
    names: Sequence[str],
    columns: Sequence[Sequence[Any]],
    on_existing: OnExisting | None = None,
) -> Insert:
    """Rows for the bulk writer, by column; JSON values become text."""
    table = cast(Table, model.__table__)
    texts = [
        [None if value is None else sorted_json(value) for value in values]
        if isinstance(table.c[name].type, JsonText)
        else values
        for name, values in zip(names, columns, strict=True)
    ]
    return Insert(table, names, texts, on_existing)
