"""How long the system log is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from webautodash.domain.vocabulary import Level
from webautodash.errors import UsageError
from webautodash.models.base import utc_now
from webautodash.repositories import LogRepository
from webautodash.services.log import SystemLog
from webautodash.services.store import Store

_SHORTEST = timedelta(days=1)
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many events from before a moment are no longer in the log, or would not be."""

    before: datetime
    entries: int
    dry_run: bool


def prunable(store: Store, before: datetime) -> Pruned:
    """What ``prune`` would delete. Raises UsageError for a moment that is less than a day ago."""
    _require_old(before)
    with store.system.reading() as session:
        return Pruned(before, LogRepository(session).count_before(before), dry_run=True)


def prune(store: Store, before: datetime) -> Pruned:
    """Delete older events, some at a time: nobody who writes to the log waits for long.

    May be stopped anywhere; what is deleted by then is said in the log. Raises UsageError as ``prunable``.
    """
    _require_old(before)
    deleted = 0
    try:
        while number := store.system.run(lambda session: LogRepository(session).delete_before(before, _AT_ONCE)):
            deleted += number
    finally:
        if deleted:
            message = f"{deleted} entries from before {before:%Y-%m-%dT%H:%M:%S%z} deleted"
            SystemLog(store.system).record(Level.INFO, "log", "log_pruned", message, entries=deleted)
    return Pruned(before, deleted, dry_run=False)


def _require_old(before: datetime) -> None:
    if before > utc_now() - _SHORTEST:
        raise UsageError("the entries of the last day are kept: only what is older than 1d can be pruned")
