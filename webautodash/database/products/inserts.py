"""What the bulk writer is asked to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class OnExisting:
    """What an insert does with a row whose unique ``key`` is there: set ``columns`` anew, or just lock it."""

    key: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for a table, at least one, held by column: None, numbers, text, dates and aware instants."""

    table: Table
    names: Sequence[str]
    columns: Sequence[Sequence[Any]]
    on_existing: OnExisting | None = None

    @property
    def number(self) -> int:
        """How many rows."""
        return len(self.columns[0])
