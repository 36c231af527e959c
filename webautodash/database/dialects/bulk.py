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

from sqlalchemy import Connection, Date, Table
from sqlalchemy.exc import DBAPIError

from webautodash.ahead import ahead
from webautodash.database.dialects.types import UtcDateTime
from webautodash.domain.remembered import Remembered
from webautodash.errors import RowTooLarge

_LARGEST_STATEMENT = 4 << 20
_PACKET_HEADER = 1024
_SHORT = 100
_SMALL = 1000
_KEPT_LITERALS = 1 << 14
_SAMPLE = 64
# A sign that no text of a portal has, and between two literals.
_APART = "\x1f"
_BETWEEN = f"'{_APART}'"


@dataclass(frozen=True, slots=True)
class OnExisting:
    """What an insert does with a row whose unique ``key`` is there: set ``columns`` anew, or just lock it."""

    key: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for a table, at least one, held by column: None, numbers, text, dates and aware instants."""

    table: Table
    names: Sequence[str]
    columns: Sequence[Sequence[Any]]
    on_existing: OnExisting | None = None


def write(connection: Connection, inserts: Sequence[Insert]) -> None:
    """Insert rows into some tables, in this order.

    The number of statements depends on the size of the rows alone. Raises DBAPIError without any value in it.
    """
    driver: Any = connection.connection.driver_connection
    try:
        if connection.dialect.name == "sqlite":
            for insert in inserts:
                driver.executemany(_sqlite_insert(connection, insert), _with_plain_times(insert))
        else:
            # Asked here: what is worded ahead must not use the connection.
            largest, literals = largest_packet(connection), _literals(connection)
            packets = (packet for each in inserts for packet in _packets(connection, each, largest, literals))
            # With one insert there is little to do ahead; with several the server works while the next is worded.
            for packet in ahead(packets) if len(inserts) > 1 else packets:
                driver.query(packet)
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, connection.connection, None):
            connection.invalidate()
        tables = ", ".join(insert.table.name for insert in inserts)
        raise DBAPIError(f"INSERT INTO {tables}", None, error, hide_parameters=True) from None
    except Exception:
        raise
    except BaseException:
        # An interrupt may have come between a statement and its answer: nobody may use this connection again, not
        # even to undo. The server undoes what was not committed.
        connection.invalidate()
        raise


def _with_plain_times(insert: Insert) -> Iterator[Sequence[Any]]:
    """Rows whose dates and instants are the texts that SQLite's driver takes."""
    plain = [
        map(_plain_time, values) if isinstance(insert.table.c[name].type, Date | UtcDateTime) else values
        for name, values in zip(insert.names, insert.columns, strict=True)
    ]
    return zip(*plain, strict=True)


def _plain_time(value: date | None) -> str | None:
    if isinstance(value, datetime):
        return _instant(value)
    return value if value is None else value.isoformat()


def _literal(value: Any) -> bytes:
    """An SQL literal in UTF-8, for a connection that is utf8mb4 and takes backslash escapes (``sql_mode`` is ours)."""
    if isinstance(value, str):
        literal = f"'{value.translate(_ESCAPES) if _SPECIAL.search(value) else value}'"
    elif value is None:
        literal = "NULL"
    elif isinstance(value, int):
        literal = str(int(value))
    elif isinstance(value, date):
        literal = f"'{_plain_time(value)}'"
    else:
        raise TypeError(f"a column cannot hold a {type(value).__name__}")
    return literal.encode()


def _literals(connection: Connection) -> Remembered[Any, bytes]:
    """The literals that this connection has written; batches repeat most of their values."""
    known: Remembered[Any, bytes] | None = connection.info.get("literals")
    if known is None:
        known = connection.info["literals"] = Remembered(_literal, _is_worth_keeping, _KEPT_LITERALS)
    return known


def _worded(values: Sequence[Any], literals: Remembered[Any, bytes]) -> Iterable[bytes]:
    """The literals of a column: remembered ones, or for texts that hardly repeat all of them in one go."""
    sample = values[:_SAMPLE]
    if len(sample) == _SAMPLE and isinstance(sample[0], str) and len(set(sample)) > _SAMPLE // 2:
        try:
            texts = _APART.join(values)
        except TypeError:  # NULL among them
            pass
        else:
            if texts.count(_APART) == len(values) - 1:
                escaped = _SPECIAL.sub(lambda found: _ESCAPES[ord(found[0])], texts)
                return f"'{escaped.replace(_APART, _BETWEEN)}'".encode().split(_APART.encode())
    return map(literals.__getitem__, values)


def _is_worth_keeping(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT
    # Numbers of rows do not come again.
    return not isinstance(value, int) or value < _SMALL


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_SPECIAL = re.compile(r"""[\0\\\n\r\x1a"']""")
_ESCAPES = str.maketrans({"\0": "\\0", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", '"': '\\"', "'": "\\'"})


def _sqlite_insert(connection: Connection, insert: Insert) -> str:
    quote, on_existing = connection.dialect.identifier_preparer.quote, insert.on_existing
    listed, places = ", ".join(map(quote, insert.names)), ", ".join("?" * len(insert.names))
    statement = f"INSERT INTO {quote(insert.table.name)} ({listed}) VALUES ({places})"  # noqa: S608
    if on_existing is None:
        return statement
    if not on_existing.columns:
        return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO NOTHING"
    changes = ", ".join(f"{quote(column)} = excluded.{quote(column)}" for column in on_existing.columns)
    return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO UPDATE SET {changes}"


def _packets(connection: Connection, insert: Insert, largest: int, literals: Remembered[Any, bytes]) -> Iterator[bytes]:
    quote = connection.dialect.identifier_preparer.quote
    said = {
        name: values
        for name, values in zip(insert.names, insert.columns, strict=True)
        if not (_can_go_unsaid(insert, name) and _is_all_null(values))
    }
    listed = ", ".join(map(quote, said))
    head = f"INSERT INTO {quote(insert.table.name)} ({listed}) VALUES (".encode()  # noqa: S608  # ours, quoted
    tail = b")" + _on_duplicate_key(connection, insert.on_existing).encode()
    largest -= len(head) + len(tail) + _PACKET_HEADER
    limit = min(_LARGEST_STATEMENT, largest)
    pending: list[bytes] = []
    size = 0
    for text in map(b",".join, zip(*(_worded(values, literals) for values in said.values()), strict=True)):
        if len(text) > largest:
            raise RowTooLarge(str(connection.engine.url.database), insert.table.name)
        if pending and size + len(text) > limit:
            yield head + b"),(".join(pending) + tail
            pending, size = [], 0
        pending.append(text)
        size += len(text) + len(b"),(")
    yield head + b"),(".join(pending) + tail


def _can_go_unsaid(insert: Insert, name: str) -> bool:
    """Whether the column of a row that does not name it is NULL. Portals leave whole fields out."""
    column, changed = insert.table.c[name], insert.on_existing.columns if insert.on_existing else ()
    return bool(column.nullable) and column.server_default is None and name not in changed


def _is_all_null(values: Sequence[Any]) -> bool:
    return values[0] is None and values.count(None) == len(values)


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
