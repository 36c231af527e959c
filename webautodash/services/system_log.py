"""Entries of the system log: events of ingestion, registration and migration, without any value of a patient."""

import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from webautodash.database import Database
from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import Level
from webautodash.errors import WebAutoDashError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.system_log import LogEntry, LogFilter, LogRecord
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.store import Store


class SystemLogWriter:
    """Writes events to the system database and to the standard logging."""

    def __init__(self, system: Database[SystemWork]) -> None:
        self._system = system

    def record(
        self,
        level: Level,
        component: str,
        event: str,
        message: str,
        *,
        provider: str | None = None,
        database_name: str | None = None,
        **details: Any,
    ) -> None:
        """Record an event in its own transaction. Never fails: what happened is valid without a log entry."""
        values = details or None
        self.record_all([LogRecord(utc_now(), level, component, event, message, provider, database_name, values)])

    def record_about(
        self, provider: RegisteredProvider, level: Level, component: str, event: str, message: str, **details: Any
    ) -> None:
        """Record an event of one provider, as ``record`` does."""
        of = {"provider": provider.slug, "database_name": provider.database_name}
        self.record(level, component, event, message, **of, **details)

    def record_all(self, records: Sequence[LogRecord]) -> None:
        """Record events in one transaction. Never fails."""
        for record in records:
            logger = logging.getLogger(f"webautodash.{record.component}")
            extra = {"event": record.event, "provider": record.provider}
            logger.log(getattr(logging, record.level), "%s", record.message, extra=extra)
        if not records:
            return
        try:
            self._system.run(lambda work: work.system_log.add(records))
        except WebAutoDashError as error:
            logging.getLogger("webautodash.log").warning(
                "the system log has no entry for the event %s: %s", records[0].event, error
            )


def search_log(store: Store, wanted: LogFilter, *, limit: int = 100, before_id: int | None = None) -> list[LogEntry]:
    """The latest ``limit`` entries that match, oldest first, or those before ``before_id``."""
    with store.system.reading() as work:
        return work.system_log.search(wanted, limit=limit, before_id=before_id)


# An id is assigned before the commit: an entry may become visible so much later than one with a higher id.
_LATE_SECONDS = 30.0
# The same for entries before the first read, when it is unknown which ids were visible.
_LATE_IDS = 1000


class LogTail:
    """Entries that match a filter, each once, in the order in which they become visible."""

    def __init__(self, store: Store, wanted: LogFilter) -> None:
        self._system, self._wanted = store.system, wanted
        self._seen: set[int] = set()
        self._last = 0
        # Times of reads with the highest id then; the next read begins after the first of them.
        self._reads: deque[tuple[float, int]] = deque()

    def begin(self, limit: int) -> list[LogEntry]:
        """The latest ``limit`` entries, oldest first. Later ones are returned by ``news``."""
        wanted = self._wanted
        with self._system.reading() as work:
            repository = work.system_log
            entries = repository.search(wanted, limit=limit)
            self._last = repository.last_id()
            first = max(0, self._last - _LATE_IDS)
            self._seen = set(repository.ids_above(first, wanted))
        self._reads = deque([(time.monotonic(), first)])
        return entries

    def news(self) -> list[LogEntry]:
        """The entries that have become visible since the last call."""
        with self._system.reading() as work:
            repository = work.system_log
            last = repository.last_id()
            if last < self._last:
                # The table was emptied or recreated, and its ids begin again.
                self._seen, self._reads = set(), deque([(time.monotonic(), 0)])
            visible = repository.ids_above(self._reads[0][1], self._wanted)
            new = [number for number in visible if number not in self._seen]
            entries = repository.entries(new)
        self._seen.update(new)
        self._note_read(last)
        return entries

    def _note_read(self, last: int) -> None:
        self._last, now = last, time.monotonic()
        self._reads.append((now, last))
        while len(self._reads) > 1 and self._reads[1][0] <= now - _LATE_SECONDS:
            self._reads.popleft()
        self._seen = {number for number in self._seen if number > self._reads[0][1]}
