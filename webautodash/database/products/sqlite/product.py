"""SQLite as a product: batch inserts, expressions, and reading damaged rows."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import URL, ColumnElement, Connection, Row, Select, and_, func, select
from sqlalchemy.exc import OperationalError

from webautodash.config import Settings, setting_key
from webautodash.database.connections import Connections
from webautodash.database.products.inserts import Insert, plain_time
from webautodash.database.products.product import Product
from webautodash.database.products.product_server import ProductServer
from webautodash.database.products.sqlite.column_types import COLUMN_TYPES
from webautodash.database.products.sqlite.server import SQLiteServer
from webautodash.database.products.types import Day, UtcDateTime
from webautodash.errors import ConfigurationError

_LAST_CHARACTER = chr(0x10FFFF)


class SQLite(Product):
    """The embedded default product."""

    dialects = COLUMN_TYPES.dialects
    schemes = ("sqlite", "sqlite+pysqlite")
    url_example = "sqlite:///folder"
    is_at_db_host = False

    def server(
        self, url: URL, settings: Settings, connections: Connections, *, unattended: bool, schema: bool
    ) -> ProductServer:
        del unattended, schema
        if settings.accounts is not None:
            raise ConfigurationError(setting_key("accounts_dir"), "is set, but SQLite files have no accounts")
        return SQLiteServer(url, settings, connections)

    def write(self, connection: Connection, inserts: Sequence[Insert]) -> None:
        driver: Any = connection.connection.driver_connection
        for insert in inserts:
            driver.executemany(_statement(connection, insert), _rows(insert))

    def all_rows(self, connection: Connection, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        try:
            return connection.execute(statement).all()
        except OperationalError:
            # Text columns may hold any bytes, and the driver's error for invalid UTF-8 has no code of its own.
            with _any_bytes(connection):
                return connection.execute(statement).all()

    def file_faults(self, connection: Connection) -> list[str]:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return [] if found == ["ok"] else [str(line) for line in found]

    def triggers(self, connection: Connection) -> list[str]:
        return list(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars())

    def rename_tables(self, connection: Connection, names: Mapping[str, str]) -> None:
        quote = connection.dialect.identifier_preparer.quote_identifier
        for old, new in names.items():
            connection.exec_driver_sql(f"ALTER TABLE {quote(old)} RENAME TO {quote(new)}")

    def in_any_case(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return column.collate("NOCASE")

    def different_texts(self, column: ColumnElement[Any]) -> Select[Any]:
        # DISTINCT reads the whole index.
        indexed = self.in_any_case(column)
        first = select(column).where(indexed > "").order_by(indexed).limit(1).scalar_subquery()
        texts = select(first.label("text")).cte(recursive=True)
        later = select(column).where(indexed > texts.c.text).order_by(indexed).limit(1).correlate(texts)
        texts = texts.union_all(select(later.scalar_subquery()).where(texts.c.text.is_not(None)))
        return select(texts.c.text)

    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        wanted = text.lower()
        # The index ignores the case of ASCII letters only. ``lower`` is Python's, see ``server.py``.
        begin = next((wanted[:place] for place, letter in enumerate(wanted) if not letter.isascii()), wanted)
        indexed = self.in_any_case(column)
        return and_(
            indexed >= begin,
            indexed < begin + _LAST_CHARACTER,
            func.substr(func.lower(column), 1, len(wanted)) == wanted,
        )

    def moment(self, seconds_ahead: int) -> ColumnElement[Any]:
        ahead = func.strftime("%Y-%m-%d %H:%M:%f", "now", f"{seconds_ahead:+d} seconds")
        return ahead.concat("000")  # SQLite's clock has milliseconds, the columns microseconds

    def exact(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return column


PRODUCT = SQLite()


def _rows(insert: Insert) -> Iterator[Sequence[Any]]:
    """The rows, with dates and instants as text: SQLite has no type for them."""
    columns = [
        map(plain_time, values) if isinstance(insert.table.c[name].type, Day | UtcDateTime) else values
        for name, values in zip(insert.names, insert.columns, strict=True)
    ]
    return zip(*columns, strict=True)


def _statement(connection: Connection, insert: Insert) -> str:
    quote, on_existing = connection.dialect.identifier_preparer.quote, insert.on_existing
    columns, places = ", ".join(map(quote, insert.names)), ", ".join("?" * len(insert.names))
    statement = f"INSERT INTO {quote(insert.table.name)} ({columns}) VALUES ({places})"  # noqa: S608  # all quoted
    if on_existing is None:
        return statement
    if not on_existing.columns:
        return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO NOTHING"
    changes = [f"{quote(column)} = excluded.{quote(column)}" for column in on_existing.columns]
    changes += [f"{quote(column)} = {quote(column)} + excluded.{quote(column)}" for column in on_existing.added]
    return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO UPDATE SET {', '.join(changes)}"


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
