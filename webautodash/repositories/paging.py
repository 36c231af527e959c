"""Pages of long results."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in a fixed order; rows added or deleted between two pages neither repeat nor hide others."""

    items: tuple[T, ...]
    next: str | int | None
    """Where the next page begins, after this key; None on the last page."""
