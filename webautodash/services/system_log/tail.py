"""The system log as it grows."""

import time
from collections import deque

from webautodash.repositories.system_log import LogEntry, LogFilter
from webautodash.services.store import Store

__all__ = ["LogFilter", "LogTail"]

# How much later an event may be seen than another with a higher number: numbers are given out before the commit.
_LATE_SECONDS = 30.0
# The same for what happened before the beginning, when nobody saw which numbers there were.
_LATE_IDS = 1000


class LogTail:
    """Events that fit, each once, in the order in which they are seen."""

    def __init__(self, store: Store, wanted: LogFilter) -> None:
        self._system, self._wanted = store.system, wanted
        self._seen: set[int] = set()
        self._last = 0
        # When the log was looked at, and the highest number at that time; the first is as far back as is looked again.
        self._looks: deque[tuple[float, int]] = deque()

    def begin(self, limit: int) -> list[LogEntry]:
        """The latest events, so many, the oldest of them first. What comes after them is for ``news``."""
        wanted = self._wanted
        with self._system.reading() as work:
            repository = work.system_log
            entries = repository.search(
                level=wanted.level,
                component=wanted.component,
                provider=wanted.provider,
                since=wanted.since,
                limit=limit,
            )
            self._last = repository.last_id()
            far_back = max(0, self._last - _LATE_IDS)
            self._seen = set(repository.ids_above(far_back, wanted))
        self._looks = deque([(time.monotonic(), far_back)])
        return entries

    def news(self) -> list[LogEntry]:
        """What was not seen before."""
        with self._system.reading() as work:
            repository = work.system_log
            last = repository.last_id()
            if last < self._last:
                # The log was emptied or made anew, and its numbers begin again.
                self._seen, self._looks = set(), deque([(time.monotonic(), 0)])
            again = repository.ids_above(self._looks[0][1], self._wanted)
            new = [number for number in again if number not in self._seen]
            entries = repository.entries(new)
        self._seen.update(new)
        self._look(last)
        return entries

    def _look(self, last: int) -> None:
        self._last, now = last, time.monotonic()
        self._looks.append((now, last))
        while len(self._looks) > 1 and self._looks[1][0] <= now - _LATE_SECONDS:
            self._looks.popleft()
        self._seen = {number for number in self._seen if number > self._looks[0][1]}
