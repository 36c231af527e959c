"""LOAD DATA LOCAL from memory: the fastest way in, with the checks that its leniency would leave out.

``LOCAL`` turns errors into warnings and skips or cuts the row. So a load counts only where the server took every row
without one warning; else all is undone, and done by INSERT, which says what is wrong. No file is ever sent: the
driver's own answer to a server that asks for one stays off, and ``load`` answers with the rows at hand, whatever name
the server says. What is loaded stands in no process list and no log of statements.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from pymysql.connections import Connection as Driver
from pymysql.constants import COMMAND
from pymysql.err import MySQLError, OperationalError
from pymysql.protocol import OKPacketWrapper
from sqlalchemy import Connection

from webautodash.database.products.mysql.insert_text import Load
from webautodash.database.products.mysql.limits import count_written, loading_of
from webautodash.errors import LoadInDoubt

# "Disabled" as each product and the driver say it; 1148 also by older servers, and by proxies.
_SWITCHED_OFF = frozenset({1148, 2068, 3948, 3950, 4166})


def load(connection: Connection, ready: Load) -> None:
    """Have the server load rows.

    Raises LoadInDoubt unless the server took all of them without a warning; the connection is then given up, so that
    nothing of the transaction can stay. Raises the driver's errors.
    """
    driver: Any = connection.connection.driver_connection
    try:
        taken, warnings = _sent(driver, ready, partial(count_written, connection))
    except OperationalError as error:
        if error.args[0] not in _SWITCHED_OFF:
            raise
        taken, warnings = -1, 0
    except MySQLError:
        raise
    except BaseException:
        # The server waits for the rest of the rows, and nobody will send it.
        connection.invalidate()
        raise
    if (taken, warnings) != (ready.rows, 0):
        connection.invalidate()
        loading_of(connection).allowed = False
        raise LoadInDoubt(str(connection.engine.url.database))


def _sent(driver: Driver, ready: Load, on_packet: Callable[[int], None]) -> tuple[int, int]:
    """The rows that the server took, and its warnings."""
    driver._execute_command(COMMAND.COM_QUERY, ready.statement)
    answer = driver._read_packet()
    if answer.is_load_local_packet():
        for packet in ready.packets:
            driver.write_packet(packet)
            on_packet(len(packet))
        driver.write_packet(b"")
        answer = driver._read_packet()
    said = OKPacketWrapper(answer)
    driver.server_status = said.server_status
    return said.affected_rows, said.warning_count
