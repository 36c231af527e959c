"""Rows as they lie in the database, also where a value is not what its column should hold."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Date, Row, Select, String, type_coerce
from sqlalchemy.exc import OperationalError

from webautodash.database.products.types import JsonText


def raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column whose values come as the driver has them: what reads them would end at the first one that is wrong."""
    return type_coerce(column, String) if isinstance(column.type, Date | JsonText) else column


def all_rows(connection: Connection, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
    """What a statement finds; a text whose bytes are no UTF-8 comes as these bytes."""
    try:
        return connection.execute(statement).all()
    except OperationalError:
        # SQLite stores any bytes as text, and has no number for its driver's refusal to read them.
        if connection.dialect.name != "sqlite":
            raise
    with _any_bytes(connection):
        return connection.execute(statement).all()


def file_faults(connection: Connection) -> list[str]:
    """What a database that is a file says of its own structure; nothing where it is whole, or where it is no file.

    A server checks its pages as it reads them.
    """
    if connection.dialect.name != "sqlite":
        return []
    found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return [] if found == ["ok"] else [str(line) for line in found]


@contextmanager
def _any_bytes(connection: Connection) -> Iterator[None]:
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    before = driver.text_factory
    driver.text_factory = _decoded
    try:
        yield
    finally:
        driver.text_factory = before


def _decoded(stored: bytes) -> str | bytes:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored
