"""Many things, a few at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_parts(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """The things in their order, so many together."""
    coming = iter(things)
    while some := list(islice(coming, size)):
        yield some
