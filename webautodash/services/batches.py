"""Splits many items into batches."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TypeVar

from webautodash.database import Database
from webautodash.repositories.unit_of_work import SystemWork

T = TypeVar("T")


def in_parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in their order, ``size`` at a time."""
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part


def run_in_parts(
    system: Database[SystemWork], items: Iterable[T], size: int, change: Callable[[list[T], SystemWork], object]
) -> None:
    """Call ``change`` with the items in their order, ``size`` at a time, each time in a transaction of its own."""
    for part in in_parts(items, size):
        system.run(partial(change, part))
