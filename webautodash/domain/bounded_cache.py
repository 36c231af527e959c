"""A bounded cache for functions of texts: portals repeat the same few values."""

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=object)


Value = TypeVar("Value")


class BoundedCache(dict[Key, Value], Generic[Key, Value]):
    """The results of ``compute`` by key; a cached key costs one dictionary access.

    At ``most`` keys, the cache is cleared. Keys that ``keep`` rejects are computed each time, so that hostile or very
    long texts do not displace frequent ones.
    """

    def __init__(self, compute: Callable[[Key], Value], keep: Callable[[Key], bool], most: int = 1 << 15) -> None:
        super().__init__()
        self._compute, self._keep, self._most = compute, keep, most

    def __missing__(self, key: Key) -> Value:
        value = self._compute(key)
        if self._keep(key):
            if len(self) >= self._most:
                self.clear()
            self[key] = value
        return value


def up_to_length(length: int) -> Callable[[str | None], bool]:
    """A ``keep`` for texts up to a length."""
    return lambda text: text is None or len(text) <= length
