"""Ingests the files that are due, each provider's under a lease."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from webautodash.domain.file_state_transitions import RETRIED_RESULTS, FileResult, RetryPolicy
from webautodash.domain.naming import letters_key
from webautodash.domain.retries import retry_pause
from webautodash.services.batches import in_parts
from webautodash.services.ingest import FileLog, FileOutcome
from webautodash.services.ingest.count_attempts import Attempts
from webautodash.services.ingest.order import Order, group_by_provider
from webautodash.services.ingest.process_file import settled_files
from webautodash.services.ingest.scan import Candidate, FileKey
from webautodash.services.leases import HeldLeases, leased_of
from webautodash.services.monitor.watch import DueFile, FolderWatch
from webautodash.services.store import Store

LEASE_PREFIX = "files:"
"""The beginning of the names of the leases under which files are ingested."""
# The number of providers per worker whose leases are taken together; the others are left to other monitors.
_GROUPS_PER_WORKER = 8
_CHECK_LEASES_SECONDS = 1.0


class _Failure(NamedTuple):
    times: int
    until: float


class DueIngester:
    """Ingests what is due, and reports to the watch which files are done.

    Providers take turns, so that one with many files does not delay the others. A provider whose database or folder
    fails is left alone for a while, longer each time.
    """

    def __init__(
        self,
        store: Store,
        watch: FolderWatch,
        workers: int,
        is_stopping: Callable[[], bool],
        on_file: Callable[[FileOutcome], None],
        turn_seconds: float,
    ) -> None:
        self._store, self._watch, self._workers = store, watch, workers
        self._is_stopping, self._on_file, self._turn_seconds = is_stopping, on_file, turn_seconds
        self._order = Order(store.settings.zone, store.time_limit, store.settings.max_file_size, store.profiles)
        self._turn_ends = self._leases_checked = 0.0
        # By file: when its row was changed before the scan, and its provider.
        self._updated_at: dict[FileKey, datetime] = {}
        self._providers: dict[FileKey, str] = {}
        # By provider: when its last file was processed, and its failures in a row.
        self._served: dict[str, float] = {}
        self._failures: dict[str, _Failure] = {}

    @property
    def is_cut_short(self) -> bool:
        """Whether the last call ended only because it was time for another scan."""
        return time.monotonic() >= self._turn_ends

    def ingest(self, due: Sequence[DueFile]) -> int:
        """Ingest files until it is time for another scan. Returns how many were tried.

        The files of providers that another process is working on are left to it.
        """
        settings = self._store.settings
        self._updated_at = {one.candidate.key: one.updated_at for one in due}
        log = FileLog(self._store, RetryPolicy(settings.retry_seconds, settings.retry_attempts))
        with Attempts(self._store, log) as attempts, log:
            return self._ingest_turn(log, attempts, [one.candidate for one in due])

    def _ingest_turn(self, log: FileLog, attempts: Attempts, files: list[Candidate]) -> int:
        held = {candidate.key: outcome for candidate, outcome in attempts.hold_unfinished(files)}
        groups = self._groups(files, attempts)
        self._providers = {candidate.key: provider for provider, group in groups for candidate in group}
        self._turn_ends = time.monotonic() + self._turn_seconds
        tried = 0
        for part in in_parts(groups, _GROUPS_PER_WORKER * self._workers):
            if self._is_stopping() or (tried and self.is_cut_short):
                break
            names = {provider: _lease_name(provider) for provider, _ in part}
            purposes = {name: f"ingests the files of {provider}"[:255] for provider, name in names.items()}
            with leased_of(self._store.system, purposes, self._store.settings.lease_seconds) as leases:
                own = [group for provider, group in part if names[provider] in leases]
                tried += self._ingest_groups(log, attempts, held, own, leases)
        return tried

    def _groups(self, files: Sequence[Candidate], attempts: Attempts) -> list[tuple[str, list[Candidate]]]:
        """The files by provider, the provider that was served longest ago first, without providers left alone."""
        groups = group_by_provider(self._store, self._order.of(files, attempts.may_be_opened))
        self._served = {provider: at for provider, at in self._served.items() if provider in groups}
        self._failures = {provider: one for provider, one in self._failures.items() if provider in groups}
        ready = [(provider, group) for provider, group in groups.items() if not self._is_left_alone(provider)]
        return sorted(ready, key=lambda one: self._served.get(one[0], 0.0))

    def _is_left_alone(self, provider: str) -> bool:
        return provider in self._failures and time.monotonic() < self._failures[provider].until

    def _ingest_groups(
        self,
        log: FileLog,
        attempts: Attempts,
        held: Mapping[FileKey, FileOutcome],
        groups: Sequence[list[Candidate]],
        leases: HeldLeases,
    ) -> int:
        groups = [due for group in groups if (due := self._still_due(group))]
        if not groups:
            return 0
        tried = 0

        def done(candidate: Candidate, outcome: FileOutcome) -> None:
            nonlocal tried
            tried += 1
            provider = self._providers[candidate.key]
            self._served[provider] = time.monotonic()
            if not _fails_all_files(outcome):
                self._failures.pop(provider, None)
            log.record(outcome, candidate.stat)
            if outcome.state is FileResult.GONE:
                return
            if outcome.state not in RETRIED_RESULTS:
                self._watch.done(candidate)
            self._on_file(outcome)

        def may_begin(candidate: Candidate, before: FileOutcome | None) -> bool:
            if before is not None and _fails_all_files(before):
                self._leave_alone(self._providers[candidate.key])
                return False
            is_late = tried > 0 and self.is_cut_short
            return not is_late and not self._is_stopping() and self._holds(leases)

        for group in groups:
            for candidate in [one for one in group if one.key in held]:
                group.remove(candidate)
                done(candidate, held[candidate.key])
        own = [group for group in groups if group]
        attempts.process_groups(own, self._workers, settled_files, done, may_begin=may_begin)
        # While the leases are held, so that the next holder finds the new states.
        log.flush()
        return tried

    def _leave_alone(self, provider: str) -> None:
        """Something that time alone may remove stops all files of a provider."""
        times = self._failures[provider].times + 1 if provider in self._failures else 1
        pause = retry_pause(times, self._store.settings.retry_seconds)
        self._failures[provider] = _Failure(times, time.monotonic() + pause)

    def _still_due(self, group: Sequence[Candidate]) -> list[Candidate]:
        """Without the files that another process has ingested since the scan."""
        paths = {candidate.shown: candidate for candidate in group}
        with self._store.system.reading() as work:
            rows = work.ingested_files.statuses(list(paths))
        return [
            candidate
            for path, candidate in paths.items()
            if path in rows and rows[path].updated_at == self._updated_at[candidate.key]
        ]

    def _holds(self, leases: HeldLeases) -> bool:
        # A process that was stopped until its leases expired leaves the rest to their new holder.
        if time.monotonic() - self._leases_checked < _CHECK_LEASES_SECONDS:
            return True
        self._leases_checked = time.monotonic()
        return leases.all_held()


def _fails_all_files(outcome: FileOutcome) -> bool:
    """Whether the provider's next file would fail the same way."""
    return outcome.state is FileResult.FAILED and outcome.transient


def _lease_name(provider: str) -> str:
    """The same name before a provider is registered, from its folder, and afterwards, from its slug."""
    # A folder's name may be too long for the name of a lease.
    return LEASE_PREFIX + sha256(letters_key(provider).encode("utf-8", "surrogateescape")).hexdigest()[:32]
