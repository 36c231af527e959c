"""Inserts many rows in few statements. All batches are written here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from webautodash.database.products.inserts import Insert
from webautodash.database.products.registry import product_of
from webautodash.errors import without_context


def write(connection: Connection, inserts: Sequence[Insert]) -> None:
    """Insert rows into some tables, in this order, past SQLAlchemy, whose log would show them.

    The number of statements depends only on the size of the rows.
    Raises DBAPIError without any value in it; LoadInDoubt, after which the whole transaction has to be repeated; and
    TransactionTooLarge.
    """
    with _without_values(connection, inserts):
        product_of(connection).write(connection, inserts)


@contextmanager
def _without_values(connection: Connection, inserts: Sequence[Insert]) -> Iterator[None]:
    with without_context:
        try:
            yield
        except connection.dialect.loaded_dbapi.Error as error:
            tables = ", ".join(insert.table.name for insert in inserts)
            if connection.dialect.is_disconnect(error, connection.connection, None):
                connection.invalidate()
            raise DBAPIError(f"INSERT INTO {tables}", None, error, hide_parameters=True) from None
        except Exception:
            raise
        except BaseException:
            # An interrupt may have come between a statement and its answer: the connection cannot be used any more,
            # not even for a rollback. The server rolls back what was not committed.
            connection.invalidate()
            raise
