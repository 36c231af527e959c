"""What a database product has to provide, apart from a server (see ``product_server.py``)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import URL, ColumnElement, Connection, Row, Select, String
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import DateTime

from webautodash.config import Settings
from webautodash.database.connections import Connections
from webautodash.database.products.inserts import Insert
from webautodash.database.products.product_server import ProductServer


class Product(Protocol):
    """One database product. Its folder has it as ``PRODUCT`` in ``product.py``.

    Functions that take a connection are about the database behind it; expressions are for statements of that database.
    """

    dialects: tuple[str, ...]
    """SQLAlchemy's names of the product's dialects."""
    schemes: tuple[str, ...]
    """Schemes of the URLs that name the product."""
    url_example: str
    """Beginning of a URL, for messages."""
    is_at_db_host: bool
    """Whether the setting ``db_host`` names a server of this product; exactly one product has it."""

    def server(
        self, url: URL, settings: Settings, connections: Connections, *, unattended: bool, schema: bool
    ) -> ProductServer:
        """The server that a URL names. Raises ConfigurationError for a URL or settings that it cannot use."""

    def write(self, connection: Connection, inserts: Sequence[Insert]) -> None:
        """Insert rows, see ``bulk.write``."""

    def all_rows(self, connection: Connection, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a statement. A text that is not valid UTF-8 is returned as bytes."""
        return connection.execute(statement).all()

    def file_faults(self, connection: Connection) -> list[str]:
        """Damage of a database file's structure. Empty if it is sound, and for servers, which check their pages."""
        del connection
        return []

    def triggers(self, connection: Connection) -> list[str]:
        """The names of the triggers in the database."""

    def rename_tables(self, connection: Connection, names: Mapping[str, str]) -> None:
        """Rename tables, all or none."""

    def in_any_case(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text column as its index in any case compares it; at least the case of ASCII letters does not count."""

    def different_texts(self, column: ColumnElement[Any]) -> Select[Any]:
        """The different texts of a column with an index in any case, read from one to the next by that index."""

    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Whether a column starts with a text, in any case; accents count. Uses the column's index in any case."""

    def moment(self, seconds_ahead: int) -> ColumnElement[Any]:
        """The time of the database's clock, some seconds ahead."""

    def exact(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text that is equal only if all its bytes are, trailing white space included."""


class ByBytes(FunctionElement[str]):
    """A text that is equal only if its bytes are equal, whatever the collation of its column."""

    name = "by_bytes"
    type: Any = String()
    inherit_cache = True


class InServerTimeZone(FunctionElement[Any]):
    """A timestamp in the server's own time zone, in which programs that set no zone of their own wrote it."""

    name = "in_server_time_zone"
    type: Any = DateTime()
    inherit_cache = True
