"""Writes batches of rows.

The rows are formatted here, as bytes: a driver would spend half of a batch's time on escaping values one by one,
although a batch repeats most of its values. They are sent as the data of a LOAD DATA statement if the server accepts
one, else as INSERT statements just under the server's ``max_allowed_packet``.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from webautodash.database.products.inserts import Insert
from webautodash.database.products.mysql.insert_text import InsertText
from webautodash.database.products.mysql.limits import count_written, limits_of, transaction_too_large
from webautodash.errors import without_context
from webautodash.prefetch import prefetched


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
