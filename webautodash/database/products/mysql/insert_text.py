"""An insert as MySQL and MariaDB read it: multi-row INSERTs, or a LOAD DATA and its data; the rows are the same."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from webautodash.database.products.inserts import Insert, OnExisting
from webautodash.database.products.mysql.literals import literals_of, worded
from webautodash.errors import RowTooLarge

_LARGEST_STATEMENT = 4 << 20
_LOAD_PACKET = 1 << 14
_PACKET_HEADER = 1024


class _Worded(NamedTuple):
    """Rows without their parentheses, and the names of their columns in order."""

    names: tuple[str, ...]
    rows: Iterable[bytes]
    behind: bytes
    """What every row ends with: the columns that are the same in all of them are worded once."""


class Load(NamedTuple):
    """A LOAD DATA statement, and the rows for it in packets."""

    statement: bytes
    packets: Iterator[bytes]
    rows: int


class Wording:
    """Words for one connection. Made before any of them: what is worded ahead must not use the connection."""

    def __init__(self, connection: Connection, largest_packet: int) -> None:
        self._quote = connection.dialect.identifier_preparer.quote
        self._is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        self._database = str(connection.engine.url.database)
        self._literals = literals_of(connection)
        self._largest = largest_packet

    def statements(self, insert: Insert) -> Iterator[bytes]:
        """Multi-row INSERTs, each smaller than the server's largest packet. Raises RowTooLarge."""
        said = self._words(insert)
        table, columns = self._quote(insert.table.name), self._listed(said)
        head = f"INSERT INTO {table} ({columns}) VALUES (".encode()  # noqa: S608  # all quoted
        tail = b")" + self._on_duplicate_key(insert.on_existing).encode()
        most = self._largest - len(head) - len(tail) - _PACKET_HEADER
        for packet in self._packets(insert, said, b"),(", most, _LARGEST_STATEMENT):
            yield head + packet + tail

    def load(self, insert: Insert) -> Load:
        """One LOAD DATA LOCAL; the file that it names is none. Its packets raise RowTooLarge."""
        said = self._words(insert)
        statement = (
            f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {self._quote(insert.table.name)} CHARACTER SET utf8mb4 "
            r"FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\'' ESCAPED BY '\\' LINES TERMINATED BY '\n' "
            f"({self._listed(said)})"
        )
        packets = self._packets(insert, said, b"\n", self._largest - _PACKET_HEADER, _LOAD_PACKET)
        return Load(statement.encode(), (packet + b"\n" for packet in packets), insert.number)

    def _words(self, insert: Insert) -> _Worded:
        """The rows, worded as they are asked for; columns that can go unsaid are left out."""
        changed = insert.on_existing.columns if insert.on_existing else ()
        said: dict[str, Sequence[Any]] = {}
        same: dict[str, bytes] = {}
        for name, values in zip(insert.names, insert.columns, strict=True):
            # Portals leave whole fields out, and say the same of every row.
            if not said or not _are_all_equal(values):
                said[name] = values
            elif values[0] is not None or name in changed or not _is_null_by_itself(insert, name):
                same[name] = self._literals[values[0]]
        columns = [worded(values, self._literals) for values in said.values()]
        behind = b"".join(b"," + literal for literal in same.values())
        return _Worded((*said, *same), map(b",".join, zip(*columns, strict=True)), behind)

    def _listed(self, said: _Worded) -> str:
        return ", ".join(map(self._quote, said.names))

    def _packets(self, insert: Insert, said: _Worded, between: bytes, largest: int, usual: int) -> Iterator[bytes]:
        """The rows, joined up to the usual size of a packet; a row may be as large as ``largest``."""
        largest -= len(said.behind)
        limit, between = min(usual, largest), said.behind + between
        pending: list[bytes] = []
        size = 0
        for text in said.rows:
            if len(text) > largest:
                raise RowTooLarge(self._database, insert.table.name)
            if pending and size + len(text) > limit:
                yield between.join(pending) + said.behind
                pending, size = [], 0
            pending.append(text)
            size += len(text) + len(between)
        yield between.join(pending) + said.behind

    def _on_duplicate_key(self, on_existing: OnExisting | None) -> str:
        if on_existing is None:
            return ""
        if not on_existing.columns:
            key = self._quote(on_existing.key)
            return f" ON DUPLICATE KEY UPDATE {key} = {key}"
        columns = list(map(self._quote, on_existing.columns))
        # MySQL is giving up VALUES() for an alias that MariaDB does not know.
        if self._is_mariadb:
            return " ON DUPLICATE KEY UPDATE " + ", ".join(f"{column} = VALUES({column})" for column in columns)
        changes = ", ".join(f"{column} = incoming.{column}" for column in columns)
        return f" AS incoming ON DUPLICATE KEY UPDATE {changes}"


def _is_null_by_itself(insert: Insert, name: str) -> bool:
    column = insert.table.c[name]
    return bool(column.nullable) and column.server_default is None


def _are_all_equal(values: Sequence[Any]) -> bool:
    first = values[0]
    return values[-1] == first and values.count(first) == len(values)
