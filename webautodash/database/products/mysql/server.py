"""A MySQL or MariaDB server, through PyMySQL."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from webautodash.config import ENV_PREFIX, Settings
from webautodash.database.connections import Connections, SharingPool
from webautodash.database.private_apis import CompiledStatements
from webautodash.database.products.mysql.accounts import MySQLAccounts, MySQLOwnAccount
from webautodash.database.products.mysql.connect_args import connect_args, is_on_this_machine
from webautodash.database.products.mysql.failures import (
    LOGIN_REFUSED,
    LOST,
    NO_TABLE,
    NO_TLS,
    SCHEMA_MISMATCH,
    SILENT,
    failure_of,
    number_of,
)
from webautodash.database.products.mysql.limits import Loading, begin_count, exceeded_limit
from webautodash.database.products.mysql.rights_report import OwnGrants, rights_report
from webautodash.database.products.mysql.status import (
    authenticated,
    charset_problems,
    grants_of,
    is_literal,
    quoted,
    status_of,
)
from webautodash.database.products.product_server import (
    Failure,
    ProductServer,
    RightsReport,
    ServerProblem,
    ServerStatus,
    discreet,
    refuse_unstorable_values,
)
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
# A wait for a lock is an answer that comes late: it has to be shorter than the read timeout.
_ANSWER_MARGIN_SECONDS = 5


class MySQLServer(ProductServer):
    """One server. Each database has an engine of its own; ``USE`` is never sent."""

    product = "mysql"
    folder = None
    may_hold_legacy_databases = True
    schema_mismatch_codes = SCHEMA_MISMATCH

    def __init__(
        self, url: URL, settings: Settings, connections: Connections, *, unattended: bool, schema: bool
    ) -> None:
        if url.database:
            raise ConfigurationError(_URL_KEY, "must not name a database: each provider has its own")
        unknown = set(url.query) - {"unix_socket"}
        if unknown:
            raise ConfigurationError(
                _URL_KEY,
                f"has unknown options: {', '.join(sorted(unknown))} (TLS: {ENV_PREFIX}TLS, {ENV_PREFIX}TLS_CA)",
            )
        socket = url.query.get("unix_socket")
        self.where = str(socket) if socket else f"{url.host or 'localhost'}:{url.port or 3306}"
        self._url, self._connections = url, connections
        self._compiled, self._loading = CompiledStatements(), Loading()
        self._connect_args = connect_args(url, settings, unattended=unattended)
        self._lock_seconds = max(1, settings.read_timeout - _ANSWER_MARGIN_SECONDS)
        self._accounts = settings.accounts
        # One account may change the tables of all databases.
        self._shared_account = migrations_account_name(settings.database_prefix) if schema else None
        self._server_account = self._account_for(settings.system_database_name)
        self._server_engine = self._engine(url, "AUTOCOMMIT", account=self._server_account)

    def engine(self, database: str) -> Engine:
        # Rows that another worker committed while this one waited for its lock must be visible.
        account = self._account_for(database)
        engine = self._engine(self._url.set(database=database), "READ COMMITTED", account=account)
        event.listen(engine, "begin", partial(_on_begin, database))
        event.listen(engine, "handle_error", exceeded_limit)
        return engine

    def prepare_for_lending(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        close = connection.close
        # The pool closes it too, and the driver takes a second time for an error.
        connection.close = lambda: close() if connection.open else None

    def exists(self, database: str) -> bool:
        with self._without_database(database) as connection:
            found = connection.execute(
                # The first condition finds it without listing all databases, the second compares case.
                text(
                    "SELECT 1 FROM information_schema.schemata WHERE schema_name = :name AND BINARY schema_name = :name"
                ),
                {"name": database},
            )
            return found.first() is not None

    def names(self, prefix: str) -> list[str]:
        with self._server_engine.connect() as connection:
            found = connection.execute(text("SELECT schema_name FROM information_schema.schemata")).scalars()
            return sorted(name for name in found if name.startswith(prefix))

    def read_value(self, database: str, table: str, column: str) -> Any:
        with self._without_database(database) as connection:
            quote = connection.dialect.identifier_preparer.quote_identifier
            try:
                statement = f"SELECT {quote(column)} FROM {quote(database)}.{quote(table)}"  # noqa: S608  # all quoted
                return connection.exec_driver_sql(statement).scalar()
            except DBAPIError as error:
                if number_of(error) != NO_TABLE:
                    raise
        # MariaDB gives the same error for a missing database.
        if not self.exists(database):
            raise DatabaseMissing(database)
        return None

    def create(self, database: str) -> None:
        # Checked first: an account may use a database that it may not create.
        if self.exists(database):
            return
        with self._server_engine.connect() as connection:
            quoted = connection.dialect.identifier_preparer.quote_identifier(database)
            connection.exec_driver_sql(
                f"CREATE DATABASE IF NOT EXISTS {quoted} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
            )

    def drop(self, database: str) -> None:
        with self._server_engine.connect() as connection:
            quoted = connection.dialect.identifier_preparer.quote_identifier(database)
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted}")

    @contextmanager
    def migrating(self, engine: Engine) -> Iterator[Connection]:
        # DDL commits implicitly, so the lock is a named lock of the server, which ends with its connection.
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

    def status(self) -> ServerStatus:
        with self._server_engine.connect() as connection:
            return status_of(connection, network=not is_on_this_machine(self._url))

    def rights_report(self, prefix: str, databases: Sequence[str]) -> RightsReport:
        with self._server_engine.connect() as connection:
            own = OwnGrants(quoted(*authenticated(connection)), grants_of(connection), is_literal(connection))
        return rights_report(own, prefix, databases)

    def database_problems(self, database: str) -> list[ServerProblem]:
        with self._without_database(database) as connection:
            return charset_problems(connection, database)

    @contextmanager
    def accounts(self) -> Iterator[MySQLAccounts]:
        with self._server_engine.connect() as connection:
            yield MySQLAccounts(connection)

    @contextmanager
    def account(self, name: str) -> Iterator[MySQLOwnAccount]:
        with self._connected_as(name) as connection:
            yield MySQLOwnAccount(connection)

    def failure(self, error: DBAPIError) -> Failure:
        return failure_of(error)

    def close(self) -> None:
        self._server_engine.dispose()

    def _account_for(self, database: str) -> str | None:
        """The account for a database; None for the account of the settings."""
        return None if self._accounts is None else self._shared_account or account_name(database)

    @contextmanager
    def _without_database(self, database: str) -> Iterator[Connection]:
        """A connection that is in no database, by the account for this one."""
        account = self._account_for(database)
        with (
            self._server_engine.connect()
            if account == self._server_account
            else self._connected_as(account) as connection
        ):
            yield connection

    @contextmanager
    def _connected_as(self, account: str | None) -> Iterator[Connection]:
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
        refuse_unstorable_values(engine)
        return engine

    @without_context
    def _connect(
        self, account: str | None, dialect: Any, _record: object, args: Sequence[Any], options: dict[str, Any]
    ) -> Any:
        """Connect; the handshake has to end within the connect timeout, else the server counts as unreachable."""
        if account is not None and self._accounts is not None:
            # Read each time: the password may have changed since the last connection.
            password = self._accounts.account(account).password.get_secret_value()
            options = {**options, "user": account, "password": password.encode()}
        from webautodash.database.products.mysql.private_apis import set_read_timeout  # imports the driver

        connect_timeout, read_timeout = options["connect_timeout"], options["read_timeout"]
        try:
            connection = dialect.connect(*args, **{**options, "read_timeout": connect_timeout})
        except dialect.loaded_dbapi.OperationalError as error:
            code = error.args[0] if error.args else None
            if isinstance(getattr(error, "original_exception", None), ssl.SSLError):
                # The driver reports that there is no server.
                raise dialect.loaded_dbapi.OperationalError(NO_TLS, "TLS failed") from None
            if account is not None and code == LOGIN_REFUSED:
                # This concerns one database; the others are reachable.
                raise AccountRefused(account) from None
            if code == LOST:
                raise dialect.loaded_dbapi.OperationalError(SILENT, "no answer in time") from None
            raise
        set_read_timeout(connection, read_timeout)
        return connection


def _on_begin(database: str, connection: Connection) -> None:
    begin_count(connection)
    # For this transaction only: the level of a session would have to be set before and reset after each one.
    if connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    # A pooled connection stays in the database of an earlier USE. The server may store names in lower case.
    found = connection.exec_driver_sql("SELECT DATABASE()").scalar()
    if str(found).lower() != database.lower():
        connection.invalidate()
        raise WrongConnection(database)
