"""Answers that are worth keeping: portals say the same few things of everybody."""

from collections.abc import Callable
from typing import Generic, TypeVar

Asked = TypeVar("Asked", bound=object)


Answer = TypeVar("Answer")


class BoundedCache(dict[Asked, Answer], Generic[Asked, Answer]):
    """What ``read`` says of each key, asked once: ``remembered[key]`` costs a look into a dictionary.

    Bounded: at ``most`` keys it begins anew. Keys that ``keep`` turns down are answered and not kept, so that hostile
    or endless texts do not crowd out the frequent ones.
    """

    def __init__(self, read: Callable[[Asked], Answer], keep: Callable[[Asked], bool], most: int = 1 << 15) -> None:
        super().__init__()
        self._read, self._keep, self._most = read, keep, most

    def __missing__(self, key: Asked) -> Answer:
        answer = self._read(key)
        if self._keep(key):
            if len(self) >= self._most:
                self.clear()
            self[key] = answer
        return answer


def up_to_length(length: int) -> Callable[[str | None], bool]:
    """A ``keep`` for texts."""
    return lambda text: text is None or len(text) <= length
