"""What a connection to MySQL or MariaDB may send: how much at once and in a transaction, and whether as a load."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

from webautodash.database.products.mysql.error_numbers import number_of
from webautodash.errors import TransactionTooLarge

_GALERA, _GROUP_REPLICATION = "wsrep_max_ws_size", "group_replication_transaction_size_limit"
_LIMITS = (
    "SHOW VARIABLES WHERE Variable_name IN "
    f"('max_allowed_packet', 'local_infile', 'wsrep_on', '{_GALERA}', '{_GROUP_REPLICATION}')"
)
_OPTION = "loading"
_WRITTEN = "written"
# What each kind of cluster answers to a transaction beyond its limit, among other reasons: Galera to the statement that
# exceeds it (1105) or to COMMIT (1180), group replication to COMMIT.
_TOO_LARGE = {1105: _GALERA, 1180: _GALERA, 3100: _GROUP_REPLICATION}


class Loading:
    """Whether a server's loads may be used. One that was in doubt switches them off for this process."""

    def __init__(self) -> None:
        self.allowed = True

    def option(self) -> dict[str, Any]:
        """For the execution options of the server's engines."""
        return {_OPTION: self}


class TransactionLimit(NamedTuple):
    """The largest transaction that a cluster replicates, in bytes, and the setting that says so."""

    setting: str
    size: int

    def is_exceeded_by(self, written: int) -> bool:
        """Whether rows of so many bytes may be a transaction beyond the limit.

        The nodes exchange the rows in another form, with their keys, so half of the limit counts.
        """
        return 2 * written >= self.size


class Limits(NamedTuple):
    """What a connection may send."""

    largest_packet: int
    """The server's ``max_allowed_packet``."""
    takes_loads: bool
    transaction: TransactionLimit | None
    """None where the server is no member of a cluster that has such a limit."""


def limits_of(connection: Connection) -> Limits:
    """What the server takes, asked once a connection."""
    known: Limits | None = connection.info.get("limits")
    if known is None:
        said = {str(name).lower(): str(value) for name, value in connection.exec_driver_sql(_LIMITS)}
        # A Galera node may commit a load in pieces.
        takes_loads = said.get("local_infile") == "ON" and said.get("wsrep_on", "OFF") == "OFF"
        limit = transaction_limit(said)
        known = connection.info["limits"] = Limits(int(said["max_allowed_packet"]), takes_loads, limit)
    return known._replace(takes_loads=known.takes_loads and loading_of(connection).allowed)


def transaction_limit(variables: Mapping[str, str]) -> TransactionLimit | None:
    """The limit that a server's variables name; 0 stands for none."""
    in_use = [_GALERA] if variables.get("wsrep_on", "OFF") == "ON" else []
    for setting in (*in_use, _GROUP_REPLICATION):
        if size := int(variables.get(setting, 0)):
            return TransactionLimit(setting, size)
    return None


def begin_count(connection: Connection) -> None:
    """Begin to count what a new transaction writes."""
    connection.info[_WRITTEN] = 0


def count_written(connection: Connection, size: int) -> None:
    """Add the bytes of some rows to what the transaction has written."""
    connection.info[_WRITTEN] = connection.info.get(_WRITTEN, 0) + size


def exceeded_limit(context: ExceptionContext) -> TransactionTooLarge | None:
    """A handler of an engine's errors: see ``too_large``."""
    error, connection = context.sqlalchemy_exception, context.connection
    if isinstance(error, DBAPIError) and connection is not None:
        return too_large(connection, number_of(error))
    return None


def too_large(connection: Connection, number: int) -> TransactionTooLarge | None:
    """The error to raise if the server's error of this number means that its cluster does not take the transaction.

    All such numbers have other meanings too: what was written is compared with the server's limit.
    """
    if number not in _TOO_LARGE:
        return None
    known: Limits | None = connection.info.get("limits")
    limit, written = known.transaction if known else None, connection.info.get(_WRITTEN, 0)
    if limit is None or limit.setting != _TOO_LARGE[number] or not limit.is_exceeded_by(written):
        return None
    return TransactionTooLarge(str(connection.engine.url.database), str(number), limit.setting, limit.size, written)


def loading_of(connection: Connection) -> Loading:
    """The switch of the connection's server."""
    switch: Loading = connection.get_execution_options()[_OPTION]
    return switch
