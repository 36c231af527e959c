"""Prefetching: the next item of an iterator is computed while the current one is in use."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetched(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; each is computed in a thread while the caller works with the item before it.

    This is faster if the caller waits for a server. An error of the iterator is raised at its place.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="webautodash-ahead") as pool:
        end = object()
        following = pool.submit(next, items, end)
        while (item := following.result()) is not end:
            following = pool.submit(next, items, end)
            yield item  # type: ignore[misc]  # not the end
