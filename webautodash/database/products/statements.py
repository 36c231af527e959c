"""Expressions and statements that differ between products."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from webautodash.database.products.expressions import ByBytes, InServerTimeZone
from webautodash.database.products.registry import product_of
from webautodash.database.products.types import UtcDateTime


def contains(connection: Connection, column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Whether a column contains a text, in any case; accents count."""
    return product_of(connection).contains(column.expression, text)


def moment(connection: Connection, seconds_ahead: int = 0) -> ColumnElement[datetime]:
    """The current time of the database's clock, which all its users share, plus some seconds."""
    return type_coerce(product_of(connection).moment(seconds_ahead), UtcDateTime)


def triggers(connection: Connection) -> list[str]:
    """The names of the triggers in the database."""
    return product_of(connection).triggers(connection)


def exactly(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text that is equal only if all its bytes are, trailing white space included."""
    return product_of(connection).exact(column)


def by_bytes(column: ColumnElement[str]) -> ColumnElement[str]:
    """A text of the earlier scripts' database that is equal only if its bytes are equal."""
    return ByBytes(column)


def as_written(stamp: ColumnElement[Any]) -> ColumnElement[Any]:
    """A timestamp of the earlier scripts' database, in the time zone in which they wrote it."""
    return InServerTimeZone(stamp)


def rename_tables(connection: Connection, names: Mapping[str, str]) -> None:
    """Rename tables, all or none."""
    product_of(connection).rename_tables(connection, names)
