"""Rows as they are stored, even where a value does not fit its column's type."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, String, type_coerce

from webautodash.database.products.registry import product_of
from webautodash.database.products.types import Day, JsonText


def raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column whose values are not converted: a conversion would fail at the first invalid value."""
    return type_coerce(column, String) if isinstance(column.type, Day | JsonText) else column


def all_rows(connection: Connection, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
    """The rows of a statement. A text that is not valid UTF-8 is returned as bytes."""
    return product_of(connection).all_rows(connection, statement)


def file_faults(connection: Connection) -> list[str]:
    """Damage of a database file's structure. Empty if it is sound, and for servers, which check their pages."""
    return product_of(connection).file_faults(connection)
