"""A server, and the databases on it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from webautodash.config import Settings
from webautodash.database.connections import Connections
from webautodash.database.products import Dialect, Grant, Health, OwnAccount, ServerAccounts, dialect_for
from webautodash.database.session import retrying, session_on, translated
from webautodash.errors import DuplicateKey

T = TypeVar("T")
W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)

# Engines of the databases used last; one more costs little, five hundred would be a burden.
_KEPT_DATABASES = 32


def _plain(session: Session) -> Session:
    return session


class Database(Generic[W_co]):
    """One database, with its own engine and pool. ``W_co`` is the class of its units of work."""

    def __init__(self, name: str, dialect: Dialect, work: Callable[[Session], W_co]) -> None:
        self.name = name
        self._work = work
        self._dialect = dialect
        self._engine: Engine = dialect.engine(name)
        self._reader = dialect.reader(self._engine)

    @property
    def engine(self) -> Engine:
        """The engine, for whoever needs SQLAlchemy itself."""
        return self._engine

    def session(self) -> AbstractContextManager[Session]:
        """A SQLAlchemy session that may write. What is not committed is undone when the block ends."""
        return session_on(self._engine, self._dialect, self.name)

    @contextmanager
    def unit_of_work(self) -> Iterator[W_co]:
        """A unit of work that may write. What is not committed is undone when the block ends."""
        with self.session() as session:
            yield self._work(session)

    @contextmanager
    def reading(self) -> Iterator[W_co]:
        """A unit of work that sees the database as it is at one moment, and holds up no writer."""
        with session_on(self._reader, self._dialect, self.name) as session:
            yield self._work(session)

    def run(self, transaction: Callable[[W_co], T]) -> T:
        """Call ``transaction`` with a unit of work, then commit. An interrupted transaction is repeated as a whole."""

        def once() -> T:
            with self.session() as session:
                result = transaction(self._work(session))
                session.commit()
                return result

        return retrying(once)

    def run_raced(self, transaction: Callable[[W_co], T]) -> T:
        """Like ``run``, and once more after DuplicateKey: another worker was first, and its row is found now."""
        try:
            return self.run(transaction)
        except DuplicateKey:
            return self.run(transaction)

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection that alone may change the schema; others wait for it."""
        with translated(self._dialect, self.name), self._dialect.migrating(self._engine) as connection:
            yield connection

    def close(self) -> None:
        """Close the connections that are not in use. The database can be used again."""
        self._engine.dispose()


class Server:
    """Where the databases live: a MySQL or MariaDB server, or a folder of SQLite files."""

    def __init__(self, settings: Settings, *, unattended: bool = False, schema: bool = False) -> None:
        """``unattended``: nobody thinks between two statements, so a server may end a connection that says nothing.

        It does so before a lease of the settings runs out, and undoes what was not committed.
        ``schema``: databases are to be made or their tables changed. Where the settings have an account for each
        database, the one for migrations is used then, and for all of them.
        """
        self._most = settings.max_connections
        self._connections = Connections(self._most, settings.connect_timeout)
        self._dialect = dialect_for(settings, self._connections, unattended=unattended, schema=schema)
        self._kept: OrderedDict[tuple[str, Callable[[Session], Any]], Database[Any]] = OrderedDict()
        self._lock = Lock()

    @property
    def where(self) -> str:
        """The server as a person knows it, without user or password."""
        return self._dialect.where

    @property
    def folder(self) -> Path | None:
        """Where the databases are files of this machine, the folder that they are in."""
        return self._dialect.folder

    def health(self) -> Health:
        """What the server says of itself. Raises DatabaseUnreachable."""
        with translated(self._dialect, self.where):
            return self._dialect.health()

    def grants(self) -> list[Grant]:
        """What the account may do; nothing where the product has no accounts."""
        with translated(self._dialect, self.where):
            return self._dialect.grants()

    @contextmanager
    def accounts(self) -> Iterator[ServerAccounts]:
        """The server's accounts, for whoever may make them. Raises UsageError where the product has none."""
        with translated(self._dialect, self.where), self._dialect.accounts() as accounts:
            yield accounts

    @contextmanager
    def account(self, name: str) -> Iterator[OwnAccount]:
        """A connection by one account, its password from the folder of accounts. Raises AccountMissing."""
        with translated(self._dialect, name), self._dialect.account(name) as account:
            yield account

    def properties(self, name: str) -> Mapping[str, str]:
        """How a database was made, in the product's words. Raises DatabaseMissing where it is a file, and not there."""
        with translated(self._dialect, name):
            return self._dialect.properties(name)

    @overload
    def database(self, name: str) -> Database[Session]: ...
    @overload
    def database(self, name: str, work: Callable[[Session], W]) -> Database[W]: ...
    def database(self, name: str, work: Callable[[Session], Any] = _plain) -> Database[Any]:
        """The database of this name. Connects to nothing and creates nothing.

        ``work`` makes its units of work out of a session; without it they are plain sessions.
        """
        forgotten = None
        with self._lock:
            if (name, work) not in self._kept:
                self._kept[name, work] = Database(name, self._dialect, work)
            self._kept.move_to_end((name, work))
            if len(self._kept) > _KEPT_DATABASES:
                _, forgotten = self._kept.popitem(last=False)
            database = self._kept[name, work]
        if forgotten is not None:
            # Whoever is at work in it goes on; only what is idle is closed.
            forgotten.close()
        return database

    @contextmanager
    def sharing(self, connections: int) -> Iterator[None]:
        """Have no more than so many connections for a while: others have the rest."""
        self._connections.limit(connections)
        try:
            yield
        finally:
            self._connections.limit(self._most)

    def exists(self, name: str) -> bool:
        """Whether the server has this database."""
        with translated(self._dialect, name):
            return self._dialect.exists(name)

    def names(self, prefix: str) -> list[str]:
        """The databases whose names begin with ``prefix``."""
        with translated(self._dialect, prefix):
            return self._dialect.names(prefix)

    def look(self, name: str, table: str, column: str) -> Any:
        """What the one row of a database's table says, None where table or row is missing; cheap for many databases.

        Raises DatabaseMissing.
        """
        with translated(self._dialect, name):
            return self._dialect.look(name, table, column)

    @property
    def product(self) -> str:
        """What SQLAlchemy calls the database product."""
        return self._dialect.product

    @overload
    def create(self, name: str) -> Database[Session]: ...
    @overload
    def create(self, name: str, work: Callable[[Session], W]) -> Database[W]: ...
    def create(self, name: str, work: Callable[[Session], Any] = _plain) -> Database[Any]:
        """Create the database if it does not exist. Idempotent and safe to run concurrently."""
        with translated(self._dialect, name):
            self._dialect.create(name)
        return self.database(name, work)

    def drop(self, name: str) -> None:
        """Delete the database and all in it."""
        with self._lock:
            dropped = [self._kept.pop(key) for key in list(self._kept) if key[0] == name]
        for database in dropped:
            database.close()
        with translated(self._dialect, name):
            self._dialect.drop(name)

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            closed, self._kept = list(self._kept.values()), OrderedDict()
        for database in closed:
            database.close()
        self._dialect.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()
