"""The one place where a database product has a name.

``types`` and ``statements`` are written once for all products; ``mysql`` (MySQL and MariaDB) and ``sqlite`` know how
to connect, create, list, drop, lock, and what an error number means.
"""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from webautodash.config import DEFAULT_DATABASE_URL, ENV_PREFIX, Settings, setting_key
from webautodash.database.connections import Connections
from webautodash.database.products.dialect import TRIES, Dialect, Trouble
from webautodash.database.products.health import Health
from webautodash.database.products.mysql.accounts import OwnAccount, ServerAccounts
from webautodash.database.products.mysql.dialect import MySQLDialect
from webautodash.database.products.mysql.grants import Grant
from webautodash.database.products.sqlite.dialect import SQLiteDialect
from webautodash.errors import ConfigurationError, without_context

__all__ = ["TRIES", "Dialect", "Grant", "Health", "OwnAccount", "ServerAccounts", "Trouble", "dialect_for"]

_URL_KEY = ENV_PREFIX + "DATABASE_URL"
_MYSQL_NAMES = frozenset({"mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"})


def dialect_for(settings: Settings, connections: Connections, *, unattended: bool, schema: bool) -> Dialect:
    """The product behind the settings' URL, or behind its parts.

    Raises ConfigurationError for a URL that is none, names another product, a database, or unknown options.
    """
    url = _server_url(settings)
    if url.drivername in _MYSQL_NAMES:
        url = url.set(drivername="mysql+pymysql")
        return MySQLDialect(url, settings, connections, unattended=unattended, schema=schema)
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if settings.accounts is not None:
            raise ConfigurationError(setting_key("accounts_dir"), "is set, and SQLite files have no accounts")
        return SQLiteDialect(url, settings, connections)
    raise ConfigurationError(_URL_KEY, "must begin with mysql+pymysql:// or sqlite:///")


@without_context
def _server_url(settings: Settings) -> URL:
    if settings.db_host is not None:
        url = URL.create("mysql+pymysql", username=settings.db_user, host=settings.db_host, port=settings.db_port)
    else:
        text = settings.database_url.get_secret_value() if settings.database_url else DEFAULT_DATABASE_URL
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise ConfigurationError(
                _URL_KEY, "is not a URL such as mysql+pymysql://user:password@host:3306/ or sqlite:///folder"
            ) from None
    if settings.password is not None:
        url = url.set(password=settings.password.get_secret_value())
    return url
