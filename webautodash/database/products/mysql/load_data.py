"""LOAD DATA LOCAL from memory: the fastest way to insert rows.

``LOCAL`` turns errors into warnings and skips or truncates rows. A load therefore counts only if the server stored
every row without a warning. Otherwise the transaction is rolled back and repeated with INSERT, whose errors are exact.
No file is ever sent: the driver's own answer to a server's request for a file is disabled, and ``load`` answers with
the prepared rows, whatever file name the server asks for. The rows appear in no process list and no statement log.
"""

from collections.abc import Iterator
from typing import Any

from pymysql.err import MySQLError, OperationalError
from sqlalchemy import Connection

from webautodash.database.products.mysql.limits import count_written, loading_of
from webautodash.database.products.mysql.private_apis import LoadAnswer, send_load
from webautodash.database.products.mysql.writer import Load
from webautodash.errors import LoadInDoubt

# "LOAD DATA is disabled", from each product and the driver; 1148 also from older servers, and from proxies.
_SWITCHED_OFF = frozenset({1148, 2068, 3948, 3950, 4166})


def load(connection: Connection, ready: Load) -> None:
    """Load rows. Raises the driver's errors.

    Raises LoadInDoubt unless the server stored all rows without a warning. The connection is closed then, so that
    nothing of the transaction remains.
    """
    driver: Any = connection.connection.driver_connection
    answer: LoadAnswer | None = None
    try:
        answer = send_load(driver, ready.statement, _counted(connection, ready.packets))
    except OperationalError as error:
        if error.args[0] not in _SWITCHED_OFF:
            raise
    except MySQLError:
        raise
    except BaseException:
        # The server is still waiting for the rest of the rows.
        connection.invalidate()
        raise
    if answer != LoadAnswer(ready.rows, warnings=0):
        connection.invalidate()
        loading_of(connection).allowed = False
        raise LoadInDoubt(str(connection.engine.url.database))


def _counted(connection: Connection, packets: Iterator[bytes]) -> Iterator[bytes]:
    for packet in packets:
        yield packet
        count_written(connection, len(packet))
