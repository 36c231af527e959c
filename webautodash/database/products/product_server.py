"""What a server of each database product has to provide, and what it reports about itself."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

from webautodash.config import Settings
from webautodash.database.products.accounts import OwnAccount, ServerAccounts
from webautodash.errors import Remedy, UsageError


@dataclass(frozen=True, slots=True)
class ServerProblem:
    """Something about a server, an account or a database that a person should look at, with advice."""

    severity: Literal["error", "warning", "info"]
    code: str
    """Stable, for programs."""
    subject: str
    message: str
    advice: str
    """A statement, or what to change."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server as the connecting account sees it."""

    product: str
    """The product's name, for people."""
    version: str
    oldest: str
    """The oldest supported version of this product."""
    too_old: bool
    account: str | None
    """The account, quoted as in a statement; None if the product has no accounts."""
    network: bool
    """Whether the connection leaves this machine."""
    cipher: str | None
    """The connection's TLS cipher."""
    seconds_ahead: float
    """How far the server's clock is ahead of this machine's."""
    durability: tuple[ServerProblem, ...] = ()
    """Settings with which a crash loses committed data."""
    settings: tuple[ServerProblem, ...] = ()
    """Other settings that cause problems."""


@dataclass(frozen=True, slots=True)
class RightsReport:
    """What the connecting account may do, compared with what the program needs."""

    account: str
    needed: str
    """The databases that the account needs all rights on, as a statement names them."""
    problems: tuple[ServerProblem, ...]


class Trouble(Enum):
    """What a driver's error means for the caller."""

    TRANSIENT = auto()
    LOST = auto()
    UNREACHABLE = auto()
    NO_DATABASE = auto()
    DUPLICATE_KEY = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Failure:
    """A driver's error without its text: servers quote values in it."""

    trouble: Trouble
    code: str
    advice: str | None = None
    """What a person can do; None if nothing special is known about the code."""
    remedy: Remedy | None = None


TRIES = 6
"""The maximum number of attempts for an interrupted transaction."""


def lock_wait(settings: Settings) -> int:
    """Seconds that one attempt waits for rows locked by another transaction; all attempts together: lock_seconds."""
    return max(1, settings.lock_seconds // TRIES)


def discreet() -> dict[str, Any]:
    """Options of every engine: SQL may be logged, its values and the rows that come back never.

    SQLAlchemy logs rows at level DEBUG; the filter drops those records whatever level the application sets.
    """
    name = "webautodash"
    logging.getLogger(f"sqlalchemy.engine.Engine.{name}").addFilter(_without_rows)
    return {"hide_parameters": True, "logging_name": name}


def _without_rows(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def refuse_unstorable_values(engine: Engine) -> None:
    """Raise UsageError for parameters that no database can take; a driver would raise Python's own errors."""
    event.listen(engine, "handle_error", _unstorable)


def _unstorable(context: ExceptionContext) -> UsageError | None:
    if isinstance(context.original_exception, UnicodeEncodeError | OverflowError):
        return UsageError("invalid value: a lone surrogate, or a number that is too large")
    return None


class ProductServer(Protocol):
    """A server of one product. Names of databases are plain text; quoting happens inside."""

    product: str
    """SQLAlchemy's name of the product."""
    where: str
    """The server's address for people, without user and password."""
    folder: Path | None
    """The folder of the databases, if they are files on this machine."""
    may_hold_legacy_databases: bool
    """Whether databases of the earlier scripts can be on this server."""
    schema_mismatch_codes: frozenset[str]
    """Error codes of a statement that does not fit the schema."""

    def engine(self, database: str) -> Engine:
        """An engine for one database. Connecting to a missing database fails and never creates it."""

    def reader(self, engine: Engine) -> Engine:
        """The same engine and pool for transactions that only read, and that see one snapshot of the database."""
        return engine.execution_options(reading=True)

    def prepare_for_lending(self, connection: Any) -> None:
        """Prepare a driver's connection for another program, which may close it: it refuses to write.

        The program can turn this off; it is no permission.
        """

    def exists(self, database: str) -> bool:
        """Whether the server has the database."""

    def names(self, prefix: str) -> list[str]:
        """The databases whose names begin with ``prefix``, sorted."""

    def read_value(self, database: str, table: str, column: str) -> Any:
        """The value in a table of one row, None if table or row is missing. Needs no engine."""

    def create(self, database: str) -> None:
        """Create an empty database. Idempotent and safe to run concurrently."""

    def drop(self, database: str) -> None:
        """Delete the database and everything in it."""

    def migrating(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A connection with the exclusive right to change the schema, in a transaction that commits at the end.

        A second caller, in any process, waits until the first has ended or died.
        """

    def status(self) -> ServerStatus:
        """What the server reports about itself."""

    def rights_report(self, prefix: str, databases: Sequence[str]) -> RightsReport | None:
        """What the account may do in these databases, and in new ones with the prefix; None without accounts."""

    def database_problems(self, database: str) -> list[ServerProblem]:
        """Properties of a database that cause problems."""

    def accounts(self) -> AbstractContextManager[ServerAccounts]:
        """The server's accounts, for an account that may manage them. Raises UsageError if the product has none."""

    def account(self, name: str) -> AbstractContextManager[OwnAccount]:
        """A connection by one account, its password from the folder of accounts."""

    def failure(self, error: DBAPIError) -> Failure:
        """The meaning of a driver's error."""

    def close(self) -> None:
        """Close the connections that belong to no database."""
