"""Limits of a connection: the size of a packet and of a transaction, and whether LOAD DATA may be used."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

from webautodash.database.products.mysql.failures import number_of
from webautodash.errors import TransactionTooLarge

_GALERA, _GROUP_REPLICATION = "wsrep_max_ws_size", "group_replication_transaction_size_limit"
_LIMITS = (
    "SHOW VARIABLES WHERE Variable_name IN "
    f"('max_allowed_packet', 'local_infile', 'wsrep_on', '{_GALERA}', '{_GROUP_REPLICATION}')"
)
_OPTION = "loading"
_WRITTEN = "written"
# The errors for a transaction beyond the limit; they have other causes too. Galera refuses the statement that exceeds
# it (1105) or the COMMIT (1180), group replication the COMMIT.
_TOO_LARGE = {1105: _GALERA, 1180: _GALERA, 3100: _GROUP_REPLICATION}


class Loading:
    """Whether LOAD DATA may be used on a server. A load in doubt switches it off for this process."""

    def __init__(self) -> None:
        self.allowed = True

    def option(self) -> dict[str, Any]:
        """Execution option for the server's engines."""
        return {_OPTION: self}


class TransactionLimit(NamedTuple):
    """The largest transaction that a cluster replicates, in bytes, and the setting that limits it."""

    setting: str
    size: int

    def is_exceeded_by(self, written: int) -> bool:
        """Whether a transaction with this many bytes of rows may exceed the limit.

        The nodes exchange the rows in another form, with their keys: half of the limit is taken for the limit.
        """
        return 2 * written >= self.size


class Limits(NamedTuple):
    """Limits of a connection."""

    largest_packet: int
    """The server's ``max_allowed_packet``."""
    takes_loads: bool
    transaction: TransactionLimit | None
    """None if the server is not a member of a cluster with such a limit."""


def limits_of(connection: Connection) -> Limits:
    """The server's limits, read once for each connection."""
    limits: Limits | None = connection.info.get("limits")
    if limits is None:
        variables = {str(name).lower(): str(value) for name, value in connection.exec_driver_sql(_LIMITS)}
        # A Galera node may commit a load in pieces.
        takes_loads = variables.get("local_infile") == "ON" and variables.get("wsrep_on", "OFF") == "OFF"
        limit = transaction_limit(variables)
        limits = connection.info["limits"] = Limits(int(variables["max_allowed_packet"]), takes_loads, limit)
    return limits._replace(takes_loads=limits.takes_loads and loading_of(connection).allowed)


def transaction_limit(variables: Mapping[str, str]) -> TransactionLimit | None:
    """The limit that a server's variables set; 0 means none."""
    in_use = [_GALERA] if variables.get("wsrep_on", "OFF") == "ON" else []
    for setting in (*in_use, _GROUP_REPLICATION):
        if size := int(variables.get(setting, 0)):
            return TransactionLimit(setting, size)
    return None


def begin_count(connection: Connection) -> None:
    """Start counting the bytes that a transaction writes."""
    connection.info[_WRITTEN] = 0


def count_written(connection: Connection, size: int) -> None:
    """Add the size of some rows to what the transaction has written."""
    connection.info[_WRITTEN] = connection.info.get(_WRITTEN, 0) + size


def exceeded_limit(context: ExceptionContext) -> TransactionTooLarge | None:
    """Error handler of an engine, see ``transaction_too_large``."""
    error, connection = context.sqlalchemy_exception, context.connection
    if isinstance(error, DBAPIError) and connection is not None:
        return transaction_too_large(connection, number_of(error))
    return None


def transaction_too_large(connection: Connection, number: int) -> TransactionTooLarge | None:
    """TransactionTooLarge if that is what the server's error of this number means.

    These numbers have other meanings too: what was written is compared with the server's limit.
    """
    if number not in _TOO_LARGE:
        return None
    limits: Limits | None = connection.info.get("limits")
    limit, written = limits.transaction if limits else None, connection.info.get(_WRITTEN, 0)
    if limit is None or limit.setting != _TOO_LARGE[number] or not limit.is_exceeded_by(written):
        return None
    return TransactionTooLarge(str(connection.engine.url.database), str(number), limit.setting, limit.size, written)


def loading_of(connection: Connection) -> Loading:
    """The switch for the connection's server."""
    switch: Loading = connection.get_execution_options()[_OPTION]
    return switch
