"""Many rows in few statements: the one place where batches are written, and the fast one.

On MySQL and MariaDB the statements are built here, as bytes just under the server's ``max_allowed_packet``: a driver
spends half of a batch on escaping values one by one, while a batch repeats most of its values. They go to the driver
itself, past SQLAlchemy, whose log would show them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from webautodash.errors import RowTooLarge

_LARGEST_STATEMENT = 4 << 20
_PACKET_HEADER = 1024


@dataclass(frozen=True, slots=True)
class OnExisting:
    """What an insert does with a row whose unique ``key`` is there: set ``columns`` anew, or just lock it."""

    key: str
    columns: tuple[str, ...] = ()


def write_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    on_existing: OnExisting | None = None,
) -> None:
    """Insert rows; None, numbers, text, dates and aware instants, in the order of ``columns``.

    The number of statements depends on the size of the rows alone. Raises DBAPIError without any value in it.
    """
    driver: Any = connection.connection.driver_connection
    try:
        if connection.dialect.name == "sqlite":
            statement = _sqlite_insert(connection, table, columns, on_existing)
            plain = _Plain().__getitem__
            driver.executemany(statement, (list(map(plain, row)) for row in rows))
        else:
            for packet in _packets(connection, table, columns, rows, on_existing):
                driver.query(packet)
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, connection.connection, None):
            connection.invalidate()
        raise DBAPIError(f"INSERT INTO {table.name}", None, error, hide_parameters=True) from None


class _Plain(dict[Any, Any]):
    """What SQLite's driver takes for a value; a batch repeats most of its values, so each is turned once."""

    def __missing__(self, value: Any) -> Any:
        plain = value
        if isinstance(value, datetime):
            plain = _instant(value)
        elif isinstance(value, date):
            plain = value.isoformat()
        self[value] = plain
        return plain


class _Literals(dict[Any, bytes]):
    """SQL literals in UTF-8, for a connection that is utf8mb4 and takes backslash escapes (``sql_mode`` is ours)."""

    def __missing__(self, value: Any) -> bytes:
        if isinstance(value, str):
            literal = f"'{value.translate(_ESCAPES) if _SPECIAL.search(value) else value}'"
        elif value is None:
            literal = "NULL"
        elif isinstance(value, int):
            literal = str(int(value))
        elif isinstance(value, datetime):
            literal = f"'{_instant(value)}'"
        elif isinstance(value, date):
            literal = f"'{value.isoformat()}'"
        else:
            raise TypeError(f"a column cannot hold a {type(value).__name__}")
        self[value] = encoded = literal.encode()
        return encoded


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_SPECIAL = re.compile(r"""[\0\\\n\r\x1a"']""")
_ESCAPES = str.maketrans({"\0": "\\0", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", '"': '\\"', "'": "\\'"})


def _sqlite_insert(connection: Connection, table: Table, columns: Sequence[str], on_existing: OnExisting | None) -> str:
    quote = connection.dialect.identifier_preparer.quote
    listed = ", ".join(quote(column) for column in columns)
    statement = f"INSERT INTO {quote(table.name)} ({listed}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    if on_existing is None:
        return statement
    if not on_existing.columns:
        return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO NOTHING"
    changes = ", ".join(f"{quote(column)} = excluded.{quote(column)}" for column in on_existing.columns)
    return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO UPDATE SET {changes}"


def _packets(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    on_existing: OnExisting | None,
) -> Iterator[bytes]:
    quote = connection.dialect.identifier_preparer.quote
    listed = ", ".join(quote(column) for column in columns)
    head = f"INSERT INTO {quote(table.name)} ({listed}) VALUES ".encode()  # noqa: S608  # names of ours, quoted
    tail = _on_duplicate_key(connection, on_existing).encode()
    largest = largest_packet(connection)
    limit = min(_LARGEST_STATEMENT, largest) - len(head) - len(tail) - _PACKET_HEADER
    literal = _Literals().__getitem__
    pending: list[bytes] = []
    size = 0
    for row in rows:
        text = b"(" + b",".join(map(literal, row)) + b")"
        if len(head) + len(text) + len(tail) + _PACKET_HEADER > largest:
            raise RowTooLarge(str(connection.engine.url.database), table.name)
        if pending and size + len(text) > limit:
            yield head + b",".join(pending) + tail
            pending, size = [], 0
        pending.append(text)
        size += len(text) + 1
    if pending:
        yield head + b",".join(pending) + tail


def _on_duplicate_key(connection: Connection, on_existing: OnExisting | None) -> str:
    if on_existing is None:
        return ""
    quote = connection.dialect.identifier_preparer.quote
    if not on_existing.columns:
        return f" ON DUPLICATE KEY UPDATE {quote(on_existing.key)} = {quote(on_existing.key)}"
    # MySQL is giving up VALUES() for an alias that MariaDB does not know.
    if getattr(connection.dialect, "is_mariadb", False):
        changes = ", ".join(f"{quote(column)} = VALUES({quote(column)})" for column in on_existing.columns)
        return f" ON DUPLICATE KEY UPDATE {changes}"
    changes = ", ".join(f"{quote(column)} = incoming.{quote(column)}" for column in on_existing.columns)
    return f" AS incoming ON DUPLICATE KEY UPDATE {changes}"


def largest_packet(connection: Connection) -> int:
    """The server's ``max_allowed_packet``, asked once a connection."""
    known: int | None = connection.info.get("max_allowed_packet")
    if known is None:
        known = int(connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one())
        connection.info["max_allowed_packet"] = known
    return known
