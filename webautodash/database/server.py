"""A server, and the databases on it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from threading import Lock
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session

from webautodash.config import Settings
from webautodash.database.connections import Connections
from webautodash.database.error_translation import translated
from webautodash.database.products import (
    OwnAccount,
    ProductServer,
    RightsReport,
    ServerAccounts,
    ServerProblem,
    ServerStatus,
    server_for,
)
from webautodash.database.session import retrying, session_on
from webautodash.errors import DuplicateKey

T = TypeVar("T")
W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)

# Engines of the most recently used databases: each costs memory, and a fleet may have hundreds.
_KEPT_DATABASES = 32


class Database(Generic[W_co]):
    """One database, with its own engine and pool. ``W_co`` is the class of its units of work."""

    def __init__(
        self, name: str, server: ProductServer, engine: Engine, work: Callable[[Session], W_co], lock_seconds: float
    ) -> None:
        """``engine`` is for callers that need SQLAlchemy itself."""
        self.name, self.engine = name, engine
        self._server, self._work, self._lock_seconds = server, work, lock_seconds

    @property
    def schema_mismatch_codes(self) -> frozenset[str]:
        """Error codes of a statement that does not fit the schema."""
        return self._server.schema_mismatch_codes

    @cached_property
    def _reader(self) -> Engine:
        return self._server.reader(self.engine)

    def session(self) -> AbstractContextManager[Session]:
        """A SQLAlchemy session that may write. What is not committed is undone when the block ends."""
        return session_on(self.engine, self._server, self.name)

    @contextmanager
    def unit_of_work(self) -> Iterator[W_co]:
        """A unit of work that may write. What is not committed is undone when the block ends."""
        with self.session() as session:
            yield self._work(session)

    @contextmanager
    def reading(self) -> Iterator[W_co]:
        """A unit of work that sees one snapshot of the database, and blocks no writer."""
        with session_on(self._reader, self._server, self.name) as session:
            yield self._work(session)

    @contextmanager
    def dbapi_connection(self) -> Iterator[DBAPIConnection]:
        """A connection of the driver that refuses to write. It is closed at the end, whatever its user has set."""
        with ExitStack() as stack:
            # Not the block of the user, whose own errors stay as they are.
            with translated(self._server, self.name):
                connection = stack.enter_context(self._reader.connect())
                with connection.begin():
                    driver = connection.connection.dbapi_connection
                assert driver is not None  # noqa: S101  # just connected
                self._server.prepare_for_lending(driver)
            stack.callback(connection.invalidate)
            yield driver

    def run(self, transaction: Callable[[W_co], T]) -> T:
        """Call ``transaction`` with a unit of work, then commit. An interrupted transaction is repeated as a whole."""

        def once() -> T:
            with self.session() as session:
                result = transaction(self._work(session))
                session.commit()
                return result

        return self.retrying(once)

    def retrying(self, work: Callable[[], T]) -> T:
        """Call ``work``, a whole transaction, again while it is interrupted, for about as long as locks may last."""
        return retrying(work, self._lock_seconds)

    def run_raced(self, transaction: Callable[[W_co], T]) -> T:
        """Like ``run``, and once more after DuplicateKey: another worker was first, and its row is found now."""
        try:
            return self.run(transaction)
        except DuplicateKey:
            return self.run(transaction)

    @contextmanager
    def migrating(self) -> Iterator[W_co]:
        """A unit of work with the exclusive right to change the schema; others wait for it. Committed at the end."""
        with (
            translated(self._server, self.name),
            self._server.migrating(self.engine) as connection,
            Session(connection, autoflush=False, expire_on_commit=False) as session,
        ):
            yield self._work(session)

    def close(self) -> None:
        """Close the connections that are not in use. The database can be used again."""
        self.engine.dispose()


class Server:
    """Where the databases are: a database server, or a folder of database files."""

    def __init__(self, settings: Settings, *, unattended: bool = False, schema: bool = False) -> None:
        """``unattended``: no person waits between two statements, so the server may close a silent connection.

        It does so before a lease of the settings expires, and rolls back what was not committed.
        ``schema``: databases are created or their tables changed. If the settings have an account for each database,
        the account for migrations is used for all of them.
        """
        self._most, self._lock_seconds = settings.max_connections, settings.lock_seconds
        self._connections = Connections(self._most, settings.connect_timeout)
        self._server = server_for(settings, self._connections, unattended=unattended, schema=schema)
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._lock = Lock()
        self.product = self._server.product
        """SQLAlchemy's name of the database product."""
        self.where = self._server.where
        """The server's address for people, without user and password."""
        self.folder = self._server.folder
        """The folder of the databases, if they are files on this machine."""
        self.may_hold_legacy_databases = self._server.may_hold_legacy_databases
        """Whether databases of the earlier scripts can be on this server."""

    def status(self) -> ServerStatus:
        """What the server reports about itself. Raises DatabaseUnreachable."""
        with translated(self._server, self.where):
            return self._server.status()

    def rights_report(self, prefix: str, databases: Sequence[str]) -> RightsReport | None:
        """What the account may do in these databases, and in new ones with the prefix; None without accounts."""
        with translated(self._server, self.where):
            return self._server.rights_report(prefix, databases)

    @contextmanager
    def accounts(self) -> Iterator[ServerAccounts]:
        """The server's accounts, for an account that may manage them. Raises UsageError if the product has none."""
        with translated(self._server, self.where), self._server.accounts() as accounts:
            yield accounts

    @contextmanager
    def account(self, name: str) -> Iterator[OwnAccount]:
        """A connection by one account, its password from the folder of accounts. Raises AccountMissing."""
        with translated(self._server, name), self._server.account(name) as account:
            yield account

    def database_problems(self, name: str) -> list[ServerProblem]:
        """Properties of a database that cause problems. Raises DatabaseMissing."""
        with translated(self._server, name):
            return self._server.database_problems(name)

    def database(self, name: str, work: Callable[[Session], W]) -> Database[W]:
        """The database of this name; ``work`` makes its units of work out of sessions.

        Connects to nothing and creates nothing.
        """
        unused = None
        with self._lock:
            if name not in self._engines:
                self._engines[name] = self._server.engine(name)
            self._engines.move_to_end(name)
            engine = self._engines[name]
            if len(self._engines) > _KEPT_DATABASES:
                _, unused = self._engines.popitem(last=False)
        if unused is not None:
            # Connections in use stay open; only idle ones are closed.
            unused.dispose()
        return Database(name, self._server, engine, work, self._lock_seconds)

    @contextmanager
    def sharing(self, connections: int) -> Iterator[None]:
        """Limit the number of connections within the block: other processes use the rest."""
        self._connections.limit(connections)
        try:
            yield
        finally:
            self._connections.limit(self._most)

    def exists(self, name: str) -> bool:
        """Whether the server has this database."""
        with translated(self._server, name):
            return self._server.exists(name)

    def names(self, prefix: str) -> list[str]:
        """The databases whose names begin with ``prefix``."""
        with translated(self._server, prefix):
            return self._server.names(prefix)

    def read_value(self, name: str, table: str, column: str) -> Any:
        """The value in a table of one row, None if table or row is missing. Cheap for many databases.

        Raises DatabaseMissing.
        """
        with translated(self._server, name):
            return self._server.read_value(name, table, column)

    def create(self, name: str) -> None:
        """Create the database if it does not exist. Idempotent and safe to run concurrently."""
        with translated(self._server, name):
            self._server.create(name)

    def drop(self, name: str) -> None:
        """Delete the database and everything in it."""
        with self._lock:
            dropped = self._engines.pop(name, None)
        if dropped is not None:
            dropped.dispose()
        with translated(self._server, name):
            self._server.drop(name)

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            closed, self._engines = list(self._engines.values()), OrderedDict()
        for engine in closed:
            engine.dispose()
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()
