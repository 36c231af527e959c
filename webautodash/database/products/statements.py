"""Expressions and statements that differ between products, and rows as they are stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, String, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from webautodash.database.products.registry import product_of
from webautodash.database.products.types import Day, JsonText, UtcDateTime


def in_any_case(connection: Connection, column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """A text column as its index in any case compares it; at least the case of ASCII letters does not count."""
    return product_of(connection).in_any_case(column.expression)


def different_texts(connection: Connection, column: InstrumentedAttribute[Any]) -> Select[Any]:
    """The different texts of a column with an index in any case, read from one to the next by that index."""
    return product_of(connection).different_texts(column.expression)


def starts_with(connection: Connection, column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Whether a column starts with a text, in any case; accents count. Uses the column's index in any case."""
    return product_of(connection).starts_with(column.expression, text)


def moment(connection: Connection, seconds_ahead: int = 0) -> ColumnElement[datetime]:
    """The current time of the database's clock, which all its users share, plus some seconds."""
    return type_coerce(product_of(connection).moment(seconds_ahead), UtcDateTime)


def triggers(connection: Connection) -> list[str]:
    """The names of the triggers in the database."""
    return product_of(connection).triggers(connection)


def exactly(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text that is equal only if all its bytes are, trailing white space included."""
    return product_of(connection).exact(column)


def rename_tables(connection: Connection, names: Mapping[str, str]) -> None:
    """Rename tables, all or none."""
    product_of(connection).rename_tables(connection, names)


def raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column whose values are not converted: a conversion would fail at the first invalid value."""
    return type_coerce(column, String) if isinstance(column.type, Day | JsonText) else column


def all_rows(connection: Connection, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
    """The rows of a statement. A text that is not valid UTF-8 is returned as bytes."""
    return product_of(connection).all_rows(connection, statement)


def file_faults(connection: Connection) -> list[str]:
    """Damage of a database file's structure. Empty if it is sound, and for servers, which check their pages."""
    return product_of(connection).file_faults(connection)
