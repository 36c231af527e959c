"""Every text in the system database, to search for values that must not be there."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import String, select

from webautodash.database.products.types import JsonText
from webautodash.domain.json_document import sorted_json
from webautodash.models.base import SystemBase
from webautodash.repositories.base import Repository

_AT_ONCE = 1000


class StoredText(NamedTuple):
    """One value of a row."""

    table: str
    row: str
    """The primary key."""
    column: str
    text: str


class SystemTexts(Repository):
    """Texts of all tables."""

    def all(self) -> Iterator[StoredText]:
        """Each text, read in small batches of rows."""
        for table in SystemBase.metadata.sorted_tables:
            texts = [column for column in table.columns if isinstance(column.type, String | JsonText)]
            keys = list(table.primary_key.columns)
            rows = self._session.execute(select(*keys, *texts).execution_options(yield_per=_AT_ONCE))
            for row in rows:
                number = ", ".join(str(value) for value in row[: len(keys)])
                for column, value in zip(texts, row[len(keys) :], strict=True):
                    if value is not None:
                        text = value if isinstance(value, str) else sorted_json(value)
                        yield StoredText(table.name, number, column.name, text)
