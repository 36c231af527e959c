"""Everything that depends on PyMySQL's internals; pyproject.toml has the upper bound, and a test notices changes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pymysql.connections import Connection as Driver
from pymysql.constants import COMMAND
from pymysql.protocol import OKPacketWrapper


class LoadAnswer(NamedTuple):
    """The server's answer to LOAD DATA."""

    rows: int
    warnings: int


def set_read_timeout(driver: Any, seconds: float) -> None:
    """Change the read timeout of an open connection: the handshake has a shorter one."""
    driver._read_timeout = seconds


def send_load(driver: Driver, statement: bytes, packets: Iterator[bytes]) -> LoadAnswer:
    """Send LOAD DATA LOCAL with data from memory; the driver itself only sends files."""
    driver._execute_command(COMMAND.COM_QUERY, statement)
    answer = driver._read_packet()
    if answer.is_load_local_packet():
        for packet in packets:
            driver.write_packet(packet)
        driver.write_packet(b"")
        answer = driver._read_packet()
    ok = OKPacketWrapper(answer)
    driver.server_status = ok.server_status
    return LoadAnswer(ok.affected_rows, ok.warning_count)
