"""Pages of long results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in a fixed order; rows added or deleted between two pages neither repeat nor hide others."""

    items: tuple[T, ...]
    next: str | int | None
    """Where the next page begins, after this key; None on the last page."""


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], str | int]) -> Page[T]:
    """The first ``limit`` rows of a query for one row more; ``key`` gives the key of a row."""
    return Page(tuple(rows[:limit]), key(rows[limit - 1]) if len(rows) > limit else None)
