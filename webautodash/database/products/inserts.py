"""Rows for the batch writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class OnExisting:
    """What to do if a row with the same unique ``key`` exists: set ``columns`` anew, or, without any, lock the row.

    The new values of ``added`` are added to those of the row, so that no concurrent writer's addition is lost.
    """

    key: str
    columns: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for a table, at least one, column by column: None, numbers, text, dates and timezone-aware instants."""

    table: Table
    names: Sequence[str]
    columns: Sequence[Sequence[Any]]
    on_existing: OnExisting | None = None

    @property
    def number(self) -> int:
        """The number of rows."""
        return len(self.columns[0])


def plain_time(value: date | None) -> str | None:
    """A date in ISO format, or an instant as UTC text, as the columns of every product take them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value if value is None else value.isoformat()
