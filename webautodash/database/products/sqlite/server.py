"""A folder of SQLite files."""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from webautodash.config import ENV_PREFIX, Settings
from webautodash.database.connections import Connections, SharingPool
from webautodash.database.private_apis import CompiledStatements
from webautodash.database.products.product_server import (
    Failure,
    ProductServer,
    ServerProblem,
    ServerStatus,
    discreet,
    lock_wait,
    refuse_unstorable_values,
)
from webautodash.database.products.sqlite.failures import failure_of
from webautodash.database.products.sqlite.trusted_files import (
    file_identity,
    require_trusted,
    require_trusted_folder,
)
from webautodash.errors import (
    ConfigurationError,
    DatabaseMissing,
    FileReplaced,
    LogLeftBehind,
    TerminalError,
    UsageError,
    without_context,
)

_SUFFIX = ".db"
_FILE = "webautodash_file"
# The first version with upserts.
_OLDEST = (3, 24)


class SQLiteServer(ProductServer):
    """The embedded default. Only the owner may read the folder and its files."""

    product = "sqlite"
    may_hold_legacy_databases = False
    schema_mismatch_codes = frozenset({"SQLITE_ERROR"})

    def __init__(self, url: URL, settings: Settings, connections: Connections) -> None:
        if not url.database or url.database == ":memory:":
            raise ConfigurationError(ENV_PREFIX + "DATABASE_URL", "needs a folder: sqlite:///folder")
        if url.query:
            raise ConfigurationError(ENV_PREFIX + "DATABASE_URL", "takes no options after ? for SQLite")
        # Resolved once: a later change of the working folder must not lead to a second store.
        self.folder: Path = Path(url.database).expanduser().absolute()
        self.where = f"the SQLite folder {self.folder}"
        if self.folder.exists() and not self.folder.is_dir():
            raise ConfigurationError(ENV_PREFIX + "DATABASE_URL", f"{url.database} is a file; SQLite needs a folder")
        self._connections = connections
        self._lock_seconds = lock_wait(settings)
        self._compiled = CompiledStatements()

    def engine(self, database: str) -> Engine:
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=lambda: self._connect(database),
            poolclass=SharingPool,
            connections=self._connections,
            execution_options={"compiled_cache": self._compiled},
            **discreet(),
        )
        refuse_unstorable_values(engine)
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
        # Rows written to a file that was removed would be lost without an error.
        event.listen(engine, "connect", partial(_note_file, self._path(database)))
        event.listen(engine, "checkout", partial(_require_file, self._path(database)))
        event.listen(engine, "commit", partial(_require_file_at_commit, self._path(database)))
        return engine

    def prepare_for_lending(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only=ON")

    def exists(self, database: str) -> bool:
        with _os_errors_translated(self.folder):
            return self._path(database).is_file()

    def names(self, prefix: str) -> list[str]:
        with _os_errors_translated(self.folder):
            if not self.folder.is_dir():
                return []
            files = [entry.name for entry in os.scandir(self.folder) if entry.name.endswith(_SUFFIX)]
        return sorted(name.removesuffix(_SUFFIX) for name in files if name.startswith(prefix))

    def read_value(self, database: str, table: str, column: str) -> Any:
        statement = f"SELECT {_quoted(column)} FROM {_quoted(table)}"  # noqa: S608  # all quoted
        try:
            with closing(self._connect(database)) as connection:
                found = connection.execute(statement).fetchone()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # no such table
                return None
            raise DBAPIError("SELECT", None, error, hide_parameters=True) from None
        return found and found[0]

    def create(self, database: str) -> None:
        path = self._path(database)
        if self.exists(database):
            return
        with _os_errors_translated(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            require_trusted_folder(self.folder)
            # Created under another name and then linked: WAL mode cannot be set while others use the file.
            draft = self.folder / f".{database}.{secrets.token_hex(4)}.new"
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            try:
                connection = sqlite3.connect(draft)
                connection.execute("PRAGMA journal_mode=WAL")
                connection.close()
                self._refuse_log(database)
                with suppress(FileExistsError):
                    os.link(draft, path)
            finally:
                draft.unlink()

    def drop(self, database: str) -> None:
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                self._path(database).with_name(f"{database}{_SUFFIX}{suffix}").unlink()

    @contextmanager
    def migrating(self, engine: Engine) -> Iterator[Connection]:
        # BEGIN IMMEDIATE is the lock. Foreign keys are off: a table rebuild would delete the child rows.
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101  # the engine's creator returns one
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if orphans is not None:
                        raise TerminalError(f"the migration leaves rows of {orphans[0]} without a parent; rolled back")
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def status(self) -> ServerStatus:
        return ServerStatus(
            product="SQLite",
            version=sqlite3.sqlite_version,
            oldest=".".join(map(str, _OLDEST)),
            too_old=sqlite3.sqlite_version_info < _OLDEST,
            account=None,
            network=False,
            cipher=None,
            seconds_ahead=0.0,
        )

    def rights_report(self, prefix: str, databases: Sequence[str]) -> None:
        del prefix, databases

    def database_problems(self, database: str) -> list[ServerProblem]:
        try:
            with closing(self._connect(database)) as connection:
                mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
        except sqlite3.Error as error:
            raise DBAPIError("PRAGMA journal_mode", None, error, hide_parameters=True) from None
        if mode == "wal":
            return []
        message = f"has the journal mode {mode}: readers block writers"
        return [ServerProblem("warning", "database.journal", database, message, "PRAGMA journal_mode = WAL;")]

    def accounts(self) -> NoReturn:
        raise _no_accounts()

    def account(self, name: str) -> NoReturn:
        del name
        raise _no_accounts()

    def failure(self, error: DBAPIError) -> Failure:
        return failure_of(error)

    def close(self) -> None:
        """Every connection belongs to a database."""

    @without_context
    def _connect(self, database: str) -> sqlite3.Connection:
        path = self._path(database)
        with _os_errors_translated(self.folder):
            require_trusted(self.folder, path)
            checked = file_identity(path)
        # mode=rw opens and never creates. isolation_level=None leaves BEGIN to the event below: the driver's own
        # transactions never roll back DDL, and savepoints outlive them.
        try:
            connection = sqlite3.connect(
                f"{path.as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=self._lock_seconds,
                check_same_thread=False,
            )
        except sqlite3.OperationalError:
            if path.exists():
                raise
            raise DatabaseMissing(database) from None
        if file_identity(path) != checked:
            # SQLite opens by path, and Python's module has no flag against links: the path was changed meanwhile.
            connection.close()
            raise FileReplaced(database)
        return connection

    def _refuse_log(self, database: str) -> None:
        """Raise LogLeftBehind if a log exists: SQLite would write the rows of a moved file into the new one."""
        log = self.folder / f"{database}{_SUFFIX}-wal"
        # Another process may have created and opened the file since the last check.
        if log.exists() and not self.exists(database):
            raise LogLeftBehind(database, log.name)

    def _path(self, database: str) -> Path:
        return self.folder / f"{database}{_SUFFIX}"


def _no_accounts() -> UsageError:
    return UsageError("SQLite files have no accounts: the user who owns the files can read all of them")


def _quoted(name: str) -> str:
    return sqlite.dialect().identifier_preparer.quote_identifier(name)


@contextmanager
def _os_errors_translated(folder: Path) -> Iterator[None]:
    """Turn errors of the file system into TerminalError."""
    with without_context:
        try:
            yield
        except OSError as error:
            raise TerminalError(f"the SQLite folder {folder} cannot be used: {error.strerror}") from None


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA soft_heap_limit=8388608")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # The built-in function knows ASCII letters only.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: str | bytes | float | None) -> str | bytes | float | None:
    return value.lower() if isinstance(value, str) else value


def _note_file(path: Path, _connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    record.info[_FILE] = file_identity(path)


def _require_file(path: Path, _connection: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: object) -> None:
    if record.info.get(_FILE) != file_identity(path):
        # The pool opens the file that is there now, or gets the error that there is none.
        raise DisconnectionError("the file was replaced or removed")


def _require_file_at_commit(path: Path, connection: Connection) -> None:
    if connection.info.get(_FILE) != file_identity(path):
        connection.invalidate()
        raise FileReplaced(path.stem)


def _on_begin(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a read transaction fails without waiting for the lock.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
