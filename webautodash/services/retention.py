"""Deletes old entries of the system log, and old alerts, monitors, runs, rows of files and JSON with them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from webautodash.domain.dates import utc_now
from webautodash.domain.file_paths import is_watched, place_of
from webautodash.domain.vocabulary import Level
from webautodash.errors import AmbiguousRoot, NoAnswer, UnknownResultsFolder, UsageError
from webautodash.repositories.ingested_files import OldFile
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.paging import Unreadable, read_each
from webautodash.services.registry import own_root
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

_SHORTEST = timedelta(days=1)
_AT_ONCE = 10_000
# Deleted by id; a statement takes a limited number of parameters.
_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much from before a time was deleted, or would be."""

    before: datetime
    entries: int
    """Entries of the system log."""
    alerts: int
    """Alerts that were delivered to all their channels before then."""
    monitors: int
    """Monitors with an older last heartbeat; as long as the row exists, no second alert is raised about its silence."""
    migrations: int
    """Runs that ended before then, except the last successful one and those that failed after it."""
    files: int
    """Rows of stored files that no longer exist in Results, and whose session is still in the provider's database."""
    kept_json: int
    """Set-aside patients that were stored completely before then: the JSON is deleted, the row stays."""
    problems: tuple[Unreadable, ...]
    """Providers whose database could not be read; nothing of them is deleted."""
    dry_run: bool

    @property
    def total(self) -> int:
        """The sum of all."""
        return self.entries + self.alerts + self.monitors + self.migrations + self.files + self.kept_json


def prunable(store: Store, before: datetime) -> Pruned:
    """Count what ``prune`` would delete. Raises UsageError for a time less than a day ago."""
    _require_old(before)
    with store.system.reading() as work:
        counts = {
            "entries": work.system_log.count_before(before),
            "alerts": work.alerts.count_delivered(before),
            "monitors": work.monitors.count_silent(before),
            "migrations": work.migration_runs.count_ended(before),
        }
    counts |= {"files": 0, "kept_json": 0}

    def count(provider: RegisteredProvider) -> None:
        counts["files"] += sum(len(gone) for gone in _gone_files(store, provider, before))
        with store.provider_database(provider).reading() as work:
            counts["kept_json"] += work.set_aside.count_kept(before)

    _, problems = read_each(store.providers(), count)
    return Pruned(before, **counts, problems=tuple(problems), dry_run=True)


def prune(store: Store, before: datetime) -> Pruned:
    """Delete what is older, in small transactions, so that other writers wait only briefly.

    An alert that is pending, or that was given up and not forgotten, is kept at any age.
    It can be interrupted at any point; the log records what was deleted until then. Raises UsageError as ``prunable``.
    """
    _require_old(before)
    # Monitors before alerts: the alert about a monitor that still exists would be raised again.
    steps: dict[str, Callable[[SystemWork], int]] = {
        "entries": lambda work: work.system_log.delete_before(before, _AT_ONCE),
        "monitors": lambda work: work.monitors.forget_silent(before),
        "alerts": lambda work: work.alerts.delete_delivered(before, _IDS_AT_ONCE),
        "digests": lambda work: work.alert_digests.delete_empty(before, _IDS_AT_ONCE),
        "migrations": lambda work: work.migration_runs.delete_ended(before, _IDS_AT_ONCE),
    }
    deleted = Counter(dict.fromkeys((*steps, "files", "kept_json"), 0))
    try:
        for what, step in steps.items():
            while number := store.system.run(step):
                deleted[what] += number
        _, problems = read_each(store.providers(), lambda one: _prune_provider(store, one, before, deleted))
    finally:
        del deleted["digests"]
        if deleted.total():
            summary = ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in deleted.items() if number)
            message = f"{summary} from before {before:%Y-%m-%dT%H:%M:%S%z} deleted"
            details: dict[str, Any] = dict(deleted)
            SystemLogWriter(store.system).record(Level.INFO, "log", "log_pruned", message, **details)
    return Pruned(before, **deleted, problems=tuple(problems), dry_run=False)


def _prune_provider(store: Store, provider: RegisteredProvider, before: datetime, deleted: Counter[str]) -> None:
    for gone in _gone_files(store, provider, before):
        deleted["files"] += store.system.run(partial(_delete_files, gone))
    database = store.provider_database(provider)
    while number := database.run(lambda work: work.set_aside.drop_kept(before, _IDS_AT_ONCE)):
        deleted["kept_json"] += number


def _delete_files(gone: list[OldFile], work: SystemWork) -> int:
    return work.ingested_files.delete_stored(gone)


def _gone_files(store: Store, provider: RegisteredProvider, before: datetime) -> Iterator[list[OldFile]]:
    """Rows of a provider's stored files that were not seen since, no longer exist, and still have their session.

    A row without its session stays: it shows that a database was restored from an older backup. So does a row of
    another root, and every row while the Results folder does not respond: it is unknown then which files exist.
    """
    with suppress(UnknownResultsFolder, AmbiguousRoot, NoAnswer):
        prefix, results = own_root(store), store.settings.results_dir
        after = 0
        while rows := _old_files(store, provider, before, after):
            after = rows[-1].id
            own = [row for row in rows if row.path.startswith("/") or is_watched(row.path, prefix)]
            gone = store.time_limit.within(str(results), partial(_without_file, results, own))
            with store.provider_database(provider).reading() as work:
                known = work.sessions.among([row.session_id for row in gone])
            kept = [row for row in gone if row.session_id in known]
            yield [row for row in kept if known[row.session_id].content_sha256 == row.content_sha256]


def _old_files(store: Store, provider: RegisteredProvider, before: datetime, after: int) -> list[OldFile]:
    with store.system.reading() as work:
        return work.ingested_files.stored_before(provider.id, before, after, _IDS_AT_ONCE)


def _without_file(results: Path, rows: list[OldFile]) -> list[OldFile]:
    if not results.is_dir():
        return []
    return [row for row in rows if not os.path.lexists(place_of(results, row.path))]


def _require_old(before: datetime) -> None:
    if before > utc_now() - _SHORTEST:
        raise UsageError("the entries of the last day are kept: only what is older than 1d can be pruned")
