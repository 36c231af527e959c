"""The arguments of a connection: character set, SQL mode, timeouts and TLS."""

import ssl
from typing import Any

from sqlalchemy import URL

from webautodash.config import ENV_PREFIX, Settings, Tls
from webautodash.config.hosts import is_loopback
from webautodash.database.products.product_server import lock_wait
from webautodash.errors import ConfigurationError, without_context

# A server's own default may truncate long text silently; these modes raise an error instead.
_SQL_MODE = "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# A busy machine may not schedule a process for that long.
_SHORTEST_SILENCE_SECONDS = 5


@without_context
def connect_args(url: URL, settings: Settings, *, unattended: bool) -> dict[str, Any]:
    """PyMySQL's arguments for every connection. Raises ConfigurationError for an unreadable certificate file."""
    from pymysql.constants import CLIENT  # stores on another product do not load the driver

    variables = {"time_zone": "'+00:00'", "innodb_lock_wait_timeout": lock_wait(settings)}
    if unattended:
        # The rows of a process that is stopped, or has lost its network, stay locked while it is connected.
        variables["wait_timeout"] = max(_SHORTEST_SILENCE_SECONDS, settings.lease_seconds * 2 // 3)
    args: dict[str, Any] = {
        "charset": "utf8mb4",
        # For rows from memory; ``local_infile`` stays off, so the driver never sends a file.
        "client_flag": CLIENT.LOCAL_FILES,
        "sql_mode": _SQL_MODE,
        "init_command": "SET " + ", ".join(f"{name} = {value}" for name, value in variables.items()),
        "connect_timeout": settings.connect_timeout,
        "read_timeout": settings.read_timeout,
        "write_timeout": settings.read_timeout,
    }
    if url.password is not None:
        # The driver would encode it as latin-1.
        args["password"] = str(url.password).encode()
    if is_on_this_machine(url) or settings.tls is Tls.OFF:
        args["ssl_disabled"] = True
        return args
    try:
        args["ssl"] = ssl.create_default_context(cafile=settings.tls_ca)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(ENV_PREFIX + "TLS_CA", "is not a readable file of PEM certificates") from None
    return args


def is_on_this_machine(url: URL) -> bool:
    """Whether the connection stays on this machine."""
    return "unix_socket" in url.query or not url.host or is_loopback(url.host)
