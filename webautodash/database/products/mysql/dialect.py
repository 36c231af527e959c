"""MySQL and MariaDB, through PyMySQL."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from webautodash.config import ENV_PREFIX, Settings, Tls
from webautodash.config.hosts import is_loopback
from webautodash.database.compiled import CompiledStatements
from webautodash.database.connections import Connections, SharingPool
from webautodash.database.products.dialect import Trouble, discreet, lock_wait
from webautodash.database.products.health import Health
from webautodash.database.products.mysql.accounts import OwnAccount, ServerAccounts
from webautodash.database.products.mysql.error_numbers import number_of
from webautodash.database.products.mysql.grants import Grant
from webautodash.database.products.mysql.health import grants_of, health_of, properties_of
from webautodash.database.products.mysql.limits import Loading, begin_count, exceeded_limit
from webautodash.domain.naming import account_name, migrations_account_name
from webautodash.errors import (
    AccountRefused,
    ConfigurationError,
    DatabaseBusy,
    DatabaseMissing,
    WrongConnection,
    without_context,
)

_URL_KEY = ENV_PREFIX + "DATABASE_URL"
# A server's own default may cut long text silently; these raise instead.
_SQL_MODE = "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# 1684: a look at a table that another connection is changing.
_TRANSIENT = frozenset({1020, 1047, 1180, 1205, 1213, 1684, 2014})
_LOST_CONNECTIONS = frozenset({2006, 2013, 4031})
_UNREACHABLE = frozenset({1040, 1045, 1129, 1130, 1203, 1226, 2002, 2003, 2005, 2026, 2061, 2068})
_NO_DATABASE = 1049
_LOST, _SILENT, _REFUSED, _NO_TLS = 2013, 2003, 1045, 2026
_DUPLICATE_KEY = 1062
_NO_TABLE = "1146"
# Shorter than the read timeout: the wait for a lock is an answer that comes late.
_ANSWER_MARGIN_SECONDS = 5
# A busy machine may leave a process without its turn for that long.
_SHORTEST_SILENCE_SECONDS = 5


class MySQLDialect:
    """One server; its databases are reached by an engine each, never by ``USE``."""

    def __init__(
        self, url: URL, settings: Settings, connections: Connections, *, unattended: bool, schema: bool
    ) -> None:
        if url.database:
            raise ConfigurationError(_URL_KEY, "must not name a database; each provider has one of its own")
        unknown = set(url.query) - {"unix_socket"}
        if unknown:
            raise ConfigurationError(
                _URL_KEY,
                f"has unknown options: {', '.join(sorted(unknown))} (TLS: {ENV_PREFIX}TLS, {ENV_PREFIX}TLS_CA)",
            )
        self._url, self._connections = url, connections
        self._compiled, self._loading = CompiledStatements(), Loading()
        self._connect_args = _connect_args(url, settings, unattended=unattended)
        self._lock_seconds = max(1, settings.read_timeout - _ANSWER_MARGIN_SECONDS)
        self._accounts = settings.accounts
        # The account that may change tables is one for all databases.
        self._shared_account = migrations_account_name(settings.database_prefix) if schema else None
        self._server_account = self._account_for(settings.system_database_name)
        self._server = self._engine(url, "AUTOCOMMIT", account=self._server_account)

    @property
    def product(self) -> str:
        return "mysql"

    @property
    def where(self) -> str:
        socket = self._url.query.get("unix_socket")
        return str(socket) if socket else f"{self._url.host or 'localhost'}:{self._url.port or 3306}"

    @property
    def folder(self) -> Path | None:
        return None

    def engine(self, database: str) -> Engine:
        # What another worker committed while we waited for its lock must be seen.
        account = self._account_for(database)
        engine = self._engine(self._url.set(database=database), "READ COMMITTED", account=account)
        event.listen(engine, "begin", partial(_on_begin, database))
        event.listen(engine, "handle_error", exceeded_limit)
        return engine

    def reader(self, engine: Engine) -> Engine:
        return engine.execution_options(reading=True)

    def exists(self, database: str) -> bool:
        with self._beside(database) as connection:
            found = connection.execute(
                # The first condition finds it without a look at every other, the second minds the case of letters.
                text(
                    "SELECT 1 FROM information_schema.schemata WHERE schema_name = :name AND BINARY schema_name = :name"
                ),
                {"name": database},
            )
            return found.first() is not None

    def names(self, prefix: str) -> list[str]:
        with self._server.connect() as connection:
            found = connection.execute(text("SELECT schema_name FROM information_schema.schemata")).scalars()
            return sorted(name for name in found if name.startswith(prefix))

    def look(self, database: str, table: str, column: str) -> Any:
        with self._beside(database) as connection:
            quote = connection.dialect.identifier_preparer.quote_identifier
            try:
                statement = f"SELECT {quote(column)} FROM {quote(database)}.{quote(table)}"  # noqa: S608  # all quoted
                return connection.exec_driver_sql(statement).scalar()
            except DBAPIError as error:
                _, code = self.trouble(error)
                if code != _NO_TABLE:
                    raise
        # MariaDB says the same of a database that is not there.
        if not self.exists(database):
            raise DatabaseMissing(database)
        return None

    def create(self, database: str) -> None:
        # Asked first: an account may work with a database that it may not make.
        if self.exists(database):
            return
        with self._server.connect() as connection:
            quoted = connection.dialect.identifier_preparer.quote_identifier(database)
            connection.exec_driver_sql(
                f"CREATE DATABASE IF NOT EXISTS {quoted} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
            )

    def drop(self, database: str) -> None:
        with self._server.connect() as connection:
            quoted = connection.dialect.identifier_preparer.quote_identifier(database)
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted}")

    @contextmanager
    def migrating(self, engine: Engine) -> Iterator[Connection]:
        # DDL commits by itself here, so the lock is the server's named one: it dies with its connection.
        with engine.connect() as connection:
            name = f"webautodash_migrate_{sha256(str(engine.url.database).encode()).hexdigest()[:32]}"
            got = connection.execute(
                text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": self._lock_seconds}
            ).scalar()
            if got != 1:
                raise DatabaseBusy(str(engine.url.database), "migration lock")
            connection.commit()
            try:
                with connection.begin():
                    yield connection
            finally:
                if not connection.closed and not connection.invalidated:
                    connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
                    connection.commit()

    def health(self) -> Health:
        with self._server.connect() as connection:
            return health_of(connection, network=not _on_this_machine(self._url))

    def grants(self) -> list[Grant]:
        with self._server.connect() as connection:
            return grants_of(connection)

    def properties(self, database: str) -> dict[str, str]:
        with self._beside(database) as connection:
            return properties_of(connection, database)

    @contextmanager
    def accounts(self) -> Iterator[ServerAccounts]:
        with self._server.connect() as connection:
            yield ServerAccounts(connection)

    @contextmanager
    def account(self, name: str) -> Iterator[OwnAccount]:
        with self._by(name) as connection:
            yield OwnAccount(connection)

    def trouble(self, error: DBAPIError) -> tuple[Trouble, str]:
        code = number_of(error)
        if code in _LOST_CONNECTIONS:
            return Trouble.LOST, str(code)
        if code in _TRANSIENT:
            return Trouble.TRANSIENT, str(code)
        if code in _UNREACHABLE:
            return Trouble.UNREACHABLE, str(code)
        if code == _NO_DATABASE:
            return Trouble.NO_DATABASE, str(code)
        if code == _DUPLICATE_KEY:
            return Trouble.DUPLICATE_KEY, str(code)
        if code == 0 and error.connection_invalidated:
            return Trouble.LOST, "connection lost"
        return Trouble.REFUSED, str(code)

    def close(self) -> None:
        self._server.dispose()

    def _account_for(self, database: str) -> str | None:
        """Who works in a database; None for the account of the settings."""
        return None if self._accounts is None else self._shared_account or account_name(database)

    @contextmanager
    def _beside(self, database: str) -> Iterator[Connection]:
        """A connection that is in no database, by whoever works in this one."""
        account = self._account_for(database)
        with self._server.connect() if account == self._server_account else self._by(account) as connection:
            yield connection

    @contextmanager
    def _by(self, account: str | None) -> Iterator[Connection]:
        engine = self._engine(self._url, "AUTOCOMMIT", account=account)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def _engine(self, url: URL, isolation_level: Any, *, account: str | None) -> Engine:
        engine = create_engine(
            url,
            connect_args=self._connect_args,
            isolation_level=isolation_level,
            poolclass=SharingPool,
            connections=self._connections,
            execution_options={"compiled_cache": self._compiled, **self._loading.option()},
            pool_pre_ping=True,
            pool_recycle=1800,
            **discreet(),
        )
        event.listen(engine, "do_connect", partial(self._connect, account))
        return engine

    @without_context
    def _connect(
        self, account: str | None, dialect: Any, _record: object, args: Sequence[Any], options: dict[str, Any]
    ) -> Any:
        """Connect, the handshake within the time for connecting; a server that says nothing is none."""
        if account is not None and self._accounts is not None:
            # Read each time: it may have been changed since the last connection.
            password = self._accounts.account(account).password.get_secret_value()
            options = {**options, "user": account, "password": password.encode()}
        connect_timeout, read_timeout = options["connect_timeout"], options["read_timeout"]
        try:
            connection = dialect.connect(*args, **{**options, "read_timeout": connect_timeout})
        except dialect.loaded_dbapi.OperationalError as error:
            code = error.args[0] if error.args else None
            if isinstance(getattr(error, "original_exception", None), ssl.SSLError):
                # The driver says that nobody listens there.
                raise dialect.loaded_dbapi.OperationalError(_NO_TLS, "TLS failed") from None
            if account is not None and code == _REFUSED:
                # Of one database; the others are in reach.
                raise AccountRefused(account) from None
            if code == _LOST:
                raise dialect.loaded_dbapi.OperationalError(_SILENT, "no answer in time") from None
            raise
        connection._read_timeout = read_timeout
        return connection


def _on_begin(database: str, connection: Connection) -> None:
    begin_count(connection)
    # For this one transaction: a session's own level would have to be set before each and set back after it.
    if connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    # A pooled connection stays where somebody's USE has taken it. The server may keep names in small letters.
    found = connection.exec_driver_sql("SELECT DATABASE()").scalar()
    if str(found).lower() != database.lower():
        connection.invalidate()
        raise WrongConnection(database)


@without_context
def _connect_args(url: URL, settings: Settings, *, unattended: bool) -> dict[str, Any]:
    from pymysql.constants import CLIENT  # not for stores of SQLite files

    variables = {"time_zone": "'+00:00'", "innodb_lock_wait_timeout": lock_wait(settings)}
    if unattended:
        # Its rows stay locked while a process that was stopped, or whose network is gone, is still connected.
        variables["wait_timeout"] = max(_SHORTEST_SILENCE_SECONDS, settings.lease_seconds * 2 // 3)
    args: dict[str, Any] = {
        "charset": "utf8mb4",
        # For rows from memory; ``local_infile`` stays off, so the driver itself sends no file to any server.
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
    if _on_this_machine(url) or settings.tls is Tls.OFF:
        args["ssl_disabled"] = True
        return args
    try:
        args["ssl"] = ssl.create_default_context(cafile=settings.tls_ca)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(ENV_PREFIX + "TLS_CA", "is not a readable file of PEM certificates") from None
    return args


def _on_this_machine(url: URL) -> bool:
    return "unix_socket" in url.query or not url.host or is_loopback(url.host)
