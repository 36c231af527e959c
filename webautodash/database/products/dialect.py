"""What every database product has to answer."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import Enum, auto
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from webautodash.config import Settings
from webautodash.database.products.health import Health
from webautodash.database.products.mysql.accounts import OwnAccount, ServerAccounts
from webautodash.database.products.mysql.grants import Grant


class Trouble(Enum):
    """What a driver's error means for the caller."""

    TRANSIENT = auto()
    LOST = auto()
    UNREACHABLE = auto()
    NO_DATABASE = auto()
    DUPLICATE_KEY = auto()
    REFUSED = auto()


TRIES = 6
"""How often a transaction that was interrupted is begun at the most."""


def lock_wait(settings: Settings) -> int:
    """For how many seconds one try waits for rows that another transaction has locked; all together, lock_seconds."""
    return max(1, settings.lock_seconds // TRIES)


def discreet() -> dict[str, Any]:
    """Options of every engine: SQL may be logged, the values in it and the rows that come back never.

    SQLAlchemy prints rows at level DEBUG; its logger for our engines drops those whatever the application sets.
    """
    name = "webautodash"
    logging.getLogger(f"sqlalchemy.engine.Engine.{name}").addFilter(_without_rows)
    return {"hide_parameters": True, "logging_name": name}


def _without_rows(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


class Dialect(Protocol):
    """A server of one product. Names of databases are plain text; quoting happens inside."""

    @property
    def product(self) -> str:
        """What SQLAlchemy calls the product."""

    @property
    def where(self) -> str:
        """The server as a person knows it, without user or password."""

    @property
    def folder(self) -> Path | None:
        """Where the databases are files of this machine, the folder that they are in."""

    def engine(self, database: str) -> Engine:
        """An engine on one database. Opening a database that is not there fails; it is never made by it."""

    def reader(self, engine: Engine) -> Engine:
        """The same engine and pool for transactions that only read, and see one moment of the database."""

    def exists(self, database: str) -> bool:
        """Whether the server has the database."""

    def names(self, prefix: str) -> list[str]:
        """The databases whose names begin with ``prefix``, sorted."""

    def look(self, database: str, table: str, column: str) -> Any:
        """What the one row of a table says, None where table or row is missing. Without an engine of its own."""

    def create(self, database: str) -> None:
        """Make an empty database; no harm where it is there already, also when two do it at once."""

    def drop(self, database: str) -> None:
        """Delete the database and all in it."""

    def migrating(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A connection that alone may change the schema, in a transaction that commits at the end.

        A second caller, in whatever process, waits until the first is done. The wait ends with the holder's life.
        """

    def health(self) -> Health:
        """What the server says of itself."""

    def grants(self) -> list[Grant]:
        """What the account may do; nothing where a product has no accounts."""

    def properties(self, database: str) -> Mapping[str, str]:
        """How a database was made, in the product's words."""

    def accounts(self) -> AbstractContextManager[ServerAccounts]:
        """The server's accounts, for whoever may make them. Raises UsageError where a product has none."""

    def account(self, name: str) -> AbstractContextManager[OwnAccount]:
        """A connection by one account, its password from the folder of accounts."""

    def trouble(self, error: DBAPIError) -> tuple[Trouble, str]:
        """What an error means, and its code. Never its text: servers quote values in it."""

    def close(self) -> None:
        """Close the connections that belong to no database."""
