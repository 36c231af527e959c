"""A part of a long answer."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items in a fixed order; rows that come or go between two pages neither repeat nor hide others."""

    items: tuple[T, ...]
    next: str | int | None
    """What to continue after; None on the last page."""
