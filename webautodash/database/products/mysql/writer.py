"""Writes batches of rows.

The rows are formatted here, as bytes: a driver would spend half of a batch's time on escaping values one by one,
although a batch repeats most of its values. They are sent as the data of a LOAD DATA statement if the server accepts
one, else as INSERT statements just under the server's ``max_allowed_packet``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from webautodash.database.products.inserts import Insert, OnExisting
from webautodash.database.products.mysql.failures import ROW_TOO_LARGE
from webautodash.database.products.mysql.limits import count_written, limits_of, transaction_too_large
from webautodash.database.products.mysql.literals import column_literals, literals_of
from webautodash.errors import RowTooLarge, without_context
from webautodash.prefetch import prefetched

_LARGEST_STATEMENT = 4 << 20
_LOAD_PACKET = 1 << 14
_PACKET_HEADER = 1024


@without_context
def write(connection: Connection, inserts: Sequence[Insert]) -> None:
    """Insert rows. Raises the driver's errors, LoadInDoubt, RowTooLarge and TransactionTooLarge."""
    try:
        _write(connection, inserts)
    except connection.dialect.loaded_dbapi.Error as error:
        number = error.args[0] if error.args else 0
        if (exceeded := transaction_too_large(connection, number)) is not None:
            raise exceeded from None
        raise


def _write(connection: Connection, inserts: Sequence[Insert]) -> None:
    from webautodash.database.products.mysql.load_data import load  # imports the driver

    driver: Any = connection.connection.driver_connection
    limits = limits_of(connection)
    text = InsertText(connection, limits.largest_packet)
    if limits.takes_loads and all(insert.on_existing is None for insert in inserts):
        for insert in inserts:
            # The server stores rows while the next are formatted.
            load(connection, text.load(insert))
    else:
        statements = (statement for insert in inserts for statement in text.statements(insert))
        # A single insert leaves little to prepare; with several, the server works while the next one is formatted.
        for statement in prefetched(statements) if len(inserts) > 1 else statements:
            count_written(connection, len(statement))
            driver.query(statement)


class _Rows(NamedTuple):
    """Formatted rows without parentheses, and the names of their columns in order."""

    names: tuple[str, ...]
    rows: Iterable[bytes]
    suffix: bytes
    """The end of every row: columns with the same value in all rows are formatted once."""


class Load(NamedTuple):
    """A LOAD DATA statement, and its rows in packets."""

    statement: bytes
    packets: Iterator[bytes]
    rows: int


class InsertText:
    """Formats rows for one connection, without using the connection: rows are formatted ahead in another thread."""

    def __init__(self, connection: Connection, largest_packet: int) -> None:
        self._quote = connection.dialect.identifier_preparer.quote
        self._is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        self._database = str(connection.engine.url.database)
        self._literals = literals_of(connection)
        self._largest = largest_packet

    def statements(self, insert: Insert) -> Iterator[bytes]:
        """Multi-row INSERT statements, each smaller than the server's largest packet. Raises RowTooLarge."""
        rows = self._format(insert)
        table, columns = self._quote(insert.table.name), self._listed(rows)
        head = f"INSERT INTO {table} ({columns}) VALUES (".encode()  # noqa: S608  # all quoted
        tail = b")" + self._on_duplicate_key(table, insert.on_existing).encode()
        most = self._largest - len(head) - len(tail) - _PACKET_HEADER
        for packet in self._packets(insert, rows, b"),(", most, _LARGEST_STATEMENT):
            yield head + packet + tail

    def load(self, insert: Insert) -> Load:
        """One LOAD DATA LOCAL statement, whose file name refers to no file. Its packets raise RowTooLarge."""
        rows = self._format(insert)
        statement = (
            f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {self._quote(insert.table.name)} CHARACTER SET utf8mb4 "
            r"FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\'' ESCAPED BY '\\' LINES TERMINATED BY '\n' "
            f"({self._listed(rows)})"
        )
        packets = self._packets(insert, rows, b"\n", self._largest - _PACKET_HEADER, _LOAD_PACKET)
        return Load(statement.encode(), (packet + b"\n" for packet in packets), insert.number)

    def _format(self, insert: Insert) -> _Rows:
        """The rows, formatted lazily, without the columns that are NULL in all rows and by default."""
        changed = insert.on_existing.columns if insert.on_existing else ()
        varying: dict[str, Sequence[Any]] = {}
        same: dict[str, bytes] = {}
        for name, values in zip(insert.names, insert.columns, strict=True):
            # Portals leave whole fields out, or repeat the same value in every row.
            if not varying or not _are_all_equal(values):
                varying[name] = values
            elif values[0] is not None or name in changed or not _is_null_by_default(insert, name):
                same[name] = self._literals[values[0]]
        columns = [column_literals(values, self._literals) for values in varying.values()]
        suffix = b"".join(b"," + literal for literal in same.values())
        return _Rows((*varying, *same), map(b",".join, zip(*columns, strict=True)), suffix)

    def _listed(self, rows: _Rows) -> str:
        return ", ".join(map(self._quote, rows.names))

    def _packets(self, insert: Insert, rows: _Rows, separator: bytes, largest: int, usual: int) -> Iterator[bytes]:
        """The rows, joined to packets of the usual size; a single row may be as large as ``largest``."""
        largest -= len(rows.suffix)
        limit, separator = min(usual, largest), rows.suffix + separator
        pending: list[bytes] = []
        size = 0
        for text in rows.rows:
            if len(text) > largest:
                raise RowTooLarge(self._database, str(ROW_TOO_LARGE), insert.table.name, "max_allowed_packet")
            if pending and size + len(text) > limit:
                yield separator.join(pending) + rows.suffix
                pending, size = [], 0
            pending.append(text)
            size += len(text) + len(separator)
        yield separator.join(pending) + rows.suffix

    def _on_duplicate_key(self, table: str, on_existing: OnExisting | None) -> str:
        if on_existing is None:
            return ""
        if not on_existing.columns:
            key = self._quote(on_existing.key)
            return f" ON DUPLICATE KEY UPDATE {key} = {key}"
        # MySQL deprecates VALUES() in favour of an alias that MariaDB does not know.
        alias, new = ("", "VALUES({})") if self._is_mariadb else (" AS incoming", "incoming.{}")
        columns, added = map(self._quote, on_existing.columns), map(self._quote, on_existing.added)
        changes = [f"{column} = {new.format(column)}" for column in columns]
        changes += [f"{column} = {table}.{column} + {new.format(column)}" for column in added]
        return f"{alias} ON DUPLICATE KEY UPDATE {', '.join(changes)}"


def _is_null_by_default(insert: Insert, name: str) -> bool:
    column = insert.table.c[name]
    return bool(column.nullable) and column.server_default is None


def _are_all_equal(values: Sequence[Any]) -> bool:
    first = values[0]
    return values[-1] == first and values.count(first) == len(values)
