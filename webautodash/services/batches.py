"""Splits many items into batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in their order, ``size`` at a time."""
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part
