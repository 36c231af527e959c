"""What a connection to MySQL or MariaDB may send: how much at once, and whether as a load."""

from typing import Any, NamedTuple

from sqlalchemy import Connection

_LIMITS = "SHOW VARIABLES WHERE Variable_name IN ('max_allowed_packet', 'local_infile', 'wsrep_on')"
_OPTION = "loading"


class Loading:
    """Whether a server's loads may be used. One that was in doubt switches them off for this process."""

    def __init__(self) -> None:
        self.allowed = True

    def option(self) -> dict[str, Any]:
        """For the execution options of the server's engines."""
        return {_OPTION: self}


class Limits(NamedTuple):
    """What a connection may send."""

    largest_packet: int
    """The server's ``max_allowed_packet``."""
    takes_loads: bool


def limits_of(connection: Connection) -> Limits:
    """What the server takes, asked once a connection."""
    known: Limits | None = connection.info.get("limits")
    if known is None:
        said = {str(name).lower(): str(value) for name, value in connection.exec_driver_sql(_LIMITS)}
        # A Galera node may commit a load in pieces.
        takes_loads = said.get("local_infile") == "ON" and said.get("wsrep_on", "OFF") == "OFF"
        known = connection.info["limits"] = Limits(int(said["max_allowed_packet"]), takes_loads)
    return known._replace(takes_loads=known.takes_loads and loading_of(connection).allowed)


def loading_of(connection: Connection) -> Loading:
    """The switch of the connection's server."""
    switch: Loading = connection.get_execution_options()[_OPTION]
    return switch
