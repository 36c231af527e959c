"""Many rows in few statements: the one place where batches are written, and the fast one.

On MySQL and MariaDB the rows are worded here, as bytes: a driver spends half of a batch on escaping values one by one,
while a batch repeats most of its values. They go to the driver itself, past SQLAlchemy, whose log would show them: as
the data of a load where the server takes one (``loading.py``), else as statements just under its
``max_allowed_packet``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Date
from sqlalchemy.exc import DBAPIError

from webautodash.database.products.inserts import Insert
from webautodash.database.products.mysql.error_numbers import number_of
from webautodash.database.products.mysql.insert_text import Wording
from webautodash.database.products.mysql.limits import count_written, limits_of, too_large
from webautodash.database.products.mysql.literals import plain_time
from webautodash.database.products.types import UtcDateTime
from webautodash.errors import without_context
from webautodash.prefetch import prefetched


def write(connection: Connection, inserts: Sequence[Insert]) -> None:
    """Insert rows into some tables, in this order.

    The number of statements depends on the size of the rows alone. Raises DBAPIError without any value in it, and
    LoadInDoubt, after which the whole transaction is to be done again.
    """
    with _translated(connection, inserts):
        if connection.dialect.name == "sqlite":
            _write_to_sqlite(connection, inserts)
        else:
            _write(connection, inserts)


def _write(connection: Connection, inserts: Sequence[Insert]) -> None:
    from webautodash.database.products.mysql.load_data import load  # brings the driver with it

    driver: Any = connection.connection.driver_connection
    limits = limits_of(connection)
    wording = Wording(connection, limits.largest_packet)
    if limits.takes_loads and all(insert.on_existing is None for insert in inserts):
        for insert in inserts:
            # The server takes rows in while the next are worded.
            load(connection, wording.load(insert))
    else:
        statements = (statement for insert in inserts for statement in wording.statements(insert))
        # With one insert there is little to do ahead; with several the server works while the next is worded.
        for statement in prefetched(statements) if len(inserts) > 1 else statements:
            count_written(connection, len(statement))
            driver.query(statement)


@contextmanager
def _translated(connection: Connection, inserts: Sequence[Insert]) -> Iterator[None]:
    with without_context:
        try:
            yield
        except connection.dialect.loaded_dbapi.Error as error:
            tables = ", ".join(insert.table.name for insert in inserts)
            told = DBAPIError(f"INSERT INTO {tables}", None, error, hide_parameters=True)
            exceeded = too_large(connection, number_of(told))
            if connection.dialect.is_disconnect(error, connection.connection, None):
                connection.invalidate()
            raise exceeded or told from None
        except Exception:
            raise
        except BaseException:
            # An interrupt may have come between a statement and its answer: nobody may use this connection again, not
            # even to undo. The server undoes what was not committed.
            connection.invalidate()
            raise


def _write_to_sqlite(connection: Connection, inserts: Sequence[Insert]) -> None:
    driver: Any = connection.connection.driver_connection
    for insert in inserts:
        driver.executemany(_sqlite_insert(connection, insert), _with_plain_times(insert))


def _with_plain_times(insert: Insert) -> Iterator[Sequence[Any]]:
    """Rows whose dates and instants are the texts that SQLite's driver takes."""
    plain = [
        map(plain_time, values) if isinstance(insert.table.c[name].type, Date | UtcDateTime) else values
        for name, values in zip(insert.names, insert.columns, strict=True)
    ]
    return zip(*plain, strict=True)


def _sqlite_insert(connection: Connection, insert: Insert) -> str:
    quote, on_existing = connection.dialect.identifier_preparer.quote, insert.on_existing
    listed, places = ", ".join(map(quote, insert.names)), ", ".join("?" * len(insert.names))
    statement = f"INSERT INTO {quote(insert.table.name)} ({listed}) VALUES ({places})"  # noqa: S608  # all quoted
    if on_existing is None:
        return statement
    if not on_existing.columns:
        return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO NOTHING"
    changes = ", ".join(f"{quote(column)} = excluded.{quote(column)}" for column in on_existing.columns)
    return f"{statement} ON CONFLICT ({quote(on_existing.key)}) DO UPDATE SET {changes}"
