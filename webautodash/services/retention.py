"""How long the system log is kept, and with it what is done with: delivered alerts, monitors that are no more."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from webautodash.domain.vocabulary import Level
from webautodash.errors import UsageError
from webautodash.models.base import utc_now
from webautodash.repositories import AlertRepository, DigestRepository, LogRepository, MonitorRepository
from webautodash.services.log import SystemLog
from webautodash.services.store import Store

_SHORTEST = timedelta(days=1)
_AT_ONCE = 10_000
# By their numbers, of which a statement does not take any number.
_ALERTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much from before a moment is no longer there, or would not be."""

    before: datetime
    entries: int
    """Of the log."""
    alerts: int
    """That were delivered to all their channels by then."""
    monitors: int
    """That were last heard of by then: an alert about one that is silent stays known for as long as its row."""
    dry_run: bool


def prunable(store: Store, before: datetime) -> Pruned:
    """What ``prune`` would delete. Raises UsageError for a moment that is less than a day ago."""
    _require_old(before)
    with store.system.reading() as session:
        return Pruned(
            before,
            LogRepository(session).count_before(before),
            AlertRepository(session).count_delivered(before),
            MonitorRepository(session).count_silent(before),
            dry_run=True,
        )


def prune(store: Store, before: datetime) -> Pruned:
    """Delete what is older, some at a time: nobody who writes meanwhile waits for long.

    An alert that is still due, or was given up and not forgotten since, stays however old it is.
    May be stopped anywhere; what is deleted by then is said in the log. Raises UsageError as ``prunable``.
    """
    _require_old(before)
    # Monitors first: the alert about one that is still there would be raised anew.
    steps: dict[str, Callable[[Session], int]] = {
        "entries": lambda session: LogRepository(session).delete_before(before, _AT_ONCE),
        "monitors": lambda session: MonitorRepository(session).forget_silent(before),
        "alerts": lambda session: AlertRepository(session).delete_delivered(before, _ALERTS_AT_ONCE),
        "digests": lambda session: DigestRepository(session).delete_empty(before, _ALERTS_AT_ONCE),
    }
    deleted = Counter(dict.fromkeys(steps, 0))
    try:
        for what, step in steps.items():
            while number := store.system.run(step):
                deleted[what] += number
    finally:
        del deleted["digests"]
        if deleted.total():
            told = ", ".join(f"{number} {what}" for what, number in deleted.items() if number)
            message = f"{told} from before {before:%Y-%m-%dT%H:%M:%S%z} deleted"
            details: dict[str, Any] = dict(deleted)
            SystemLog(store.system).record(Level.INFO, "log", "log_pruned", message, **details)
    return Pruned(before, **deleted, dry_run=False)


def _require_old(before: datetime) -> None:
    if before > utc_now() - _SHORTEST:
        raise UsageError("the entries of the last day are kept: only what is older than 1d can be pruned")
