"""What a database product has to provide, apart from a server (see ``dialect.py``)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import URL, ColumnElement, Connection, Row, Select

from webautodash.config import Settings
from webautodash.database.connections import Connections
from webautodash.database.products.dialect import Dialect
from webautodash.database.products.inserts import Insert


class Product(Protocol):
    """One database product. Its folder has it as ``PRODUCT`` in ``product.py``.

    Functions that take a connection are about the database behind it; expressions are for statements of that database.
    """

    @property
    def dialects(self) -> tuple[str, ...]:
        """SQLAlchemy's names of the product's dialects."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes of the URLs that name the product."""

    @property
    def url_example(self) -> str:
        """Beginning of a URL, for messages."""

    @property
    def is_network_server(self) -> bool:
        """Whether it is reached by host and port."""

    def dialect(
        self, url: URL, settings: Settings, connections: Connections, *, unattended: bool, schema: bool
    ) -> Dialect:
        """The server that a URL names. Raises ConfigurationError for a URL or settings that it cannot use."""

    def write(self, connection: Connection, inserts: Sequence[Insert]) -> None:
        """Insert rows, see ``bulk.write``."""

    def all_rows(self, connection: Connection, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a statement, see ``raw.all_rows``."""

    def file_faults(self, connection: Connection) -> list[str]:
        """Damage of a database file's structure, see ``raw.file_faults``."""

    def triggers(self, connection: Connection) -> list[str]:
        """The names of the triggers in the database."""

    def rename_tables(self, connection: Connection, names: Mapping[str, str]) -> None:
        """Rename tables, all or none."""

    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Whether a column contains a text, in any case; accents count."""

    def moment(self, seconds_ahead: int) -> ColumnElement[Any]:
        """The time of the database's clock, some seconds ahead."""

    def exact(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text that is equal only if all its bytes are, trailing white space included."""
