"""A bounded cache for functions of texts: portals repeat the same few values."""

from collections.abc import Callable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=object)


_Value = TypeVar("_Value")


class BoundedCache(dict[_Key, _Value], Generic[_Key, _Value]):
    """The results of ``compute`` by key; a cached key costs one dictionary access.

    At ``most`` keys, the cache is cleared. Keys that ``keep`` rejects are computed each time, so that hostile or very
    long texts do not displace frequent ones.
    """

    def __init__(self, compute: Callable[[_Key], _Value], keep: Callable[[_Key], bool], most: int = 1 << 15) -> None:
        super().__init__()
        self._compute, self._keep, self._most = compute, keep, most

    def __missing__(self, key: _Key) -> _Value:
        value = self._compute(key)
        if self._keep(key):
            if len(self) >= self._most:
                self.clear()
            self[key] = value
        return value


def up_to_length(length: int) -> Callable[[str | None], bool]:
    """A ``keep`` for texts up to a length."""
    return lambda text: text is None or len(text) <= length
