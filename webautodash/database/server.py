"""A server, and the databases on it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from webautodash.config import Settings
from webautodash.database.connections import Connections
from webautodash.database.products import Dialect, Grant, Health, OwnAccount, ServerAccounts, dialect_for
from webautodash.database.unit_of_work import retrying, translated, unit_of_work
from webautodash.errors import DuplicateKey

T = TypeVar("T")

# Engines of the databases used last; one more costs little, five hundred would be a burden.
_KEPT_DATABASES = 32


class Database:
    """One database, with an engine and a pool of its own: a pooled connection never serves two."""

    def __init__(self, name: str, dialect: Dialect) -> None:
        self.name = name
        self._dialect = dialect
        self._engine: Engine = dialect.engine(name)
        self._reader = dialect.reader(self._engine)

    @property
    def engine(self) -> Engine:
        """The engine, for whoever needs SQLAlchemy itself."""
        return self._engine

    def session(self) -> AbstractContextManager[Session]:
        """A unit of work that may write; leaving it without ``commit()`` undoes all."""
        return unit_of_work(self._engine, self._dialect, self.name)

    def reading(self) -> AbstractContextManager[Session]:
        """A session that sees one moment of the database, and holds up no writer."""
        return unit_of_work(self._reader, self._dialect, self.name)

    def run(self, work: Callable[[Session], T]) -> T:
        """``work`` in one transaction, committed at its end, the whole repeated when it was interrupted."""

        def once() -> T:
            with self.session() as session:
                result = work(session)
                session.commit()
                return result

        return retrying(once)

    def run_raced(self, work: Callable[[Session], T]) -> T:
        """``run``, once more where a unique key says that another worker was first: ``work`` then finds its row."""
        try:
            return self.run(work)
        except DuplicateKey:
            return self.run(work)

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
        self._kept: OrderedDict[str, Database] = OrderedDict()
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

    def database(self, name: str) -> Database:
        """The database of this name. Nothing is connected yet and nothing is made."""
        forgotten = None
        with self._lock:
            if name not in self._kept:
                self._kept[name] = Database(name, self._dialect)
            self._kept.move_to_end(name)
            if len(self._kept) > _KEPT_DATABASES:
                _, forgotten = self._kept.popitem(last=False)
            database = self._kept[name]
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

    def create(self, name: str) -> Database:
        """Make the database where it is missing. Safe to repeat, and for two at once."""
        with translated(self._dialect, name):
            self._dialect.create(name)
        return self.database(name)

    def drop(self, name: str) -> None:
        """Delete the database and all in it."""
        with self._lock:
            dropped = self._kept.pop(name, None)
        if dropped is not None:
            dropped.close()
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
