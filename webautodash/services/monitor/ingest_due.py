"""What is due, taken: each provider's files under a lease, and what is to become of those that fail."""

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from webautodash.domain.naming import letters_key
from webautodash.domain.retries import RetryDecision, after_failure, after_waiting_for_person, retry_pause
from webautodash.models.base import utc_now
from webautodash.services.batches import in_parts
from webautodash.services.ingest.count_attempts import Attempts
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.order import Order
from webautodash.services.ingest.process_file import by_provider, process_groups, process_settled_file
from webautodash.services.ingest.report import FileOutcome, FileResult
from webautodash.services.ingest.scan import Candidate
from webautodash.services.leases import HeldLeases, leased_of
from webautodash.services.monitor.watch import Due, Place, Watch
from webautodash.services.store import Store

LEASES = "files:"
"""What the names of the leases begin with under which files are taken."""
# Providers whose leases are taken together; the others are left to other monitors meanwhile.
_GROUPS_A_WORKER = 8
_LOOK_AT_LEASES_SECONDS = 1.0


class _Trouble(NamedTuple):
    times: int
    until: float


class Taking:
    """Takes what is due, and tells the watch what needs no other look.

    Providers take turns: whoever has many files does not keep those of others waiting, and one whose database or folder
    is in trouble is left alone for a while, longer each time.
    """

    def __init__(
        self,
        store: Store,
        watch: Watch,
        workers: int,
        stopping: Callable[[], bool],
        on_file: Callable[[FileOutcome], None],
        turn_seconds: float,
    ) -> None:
        self._store, self._watch, self._workers = store, watch, workers
        self._stopping, self._on_file, self._turn_seconds = stopping, on_file, turn_seconds
        self._order = Order(store.settings.zone, store.time_limit, store.settings.max_file_size)
        self._due: dict[Place, Due] = {}
        self._keys: dict[Place, str] = {}
        self._leases_seen = self._until = 0.0
        self._served: dict[str, float] = {}
        self._troubles: dict[str, _Trouble] = {}

    @property
    def is_cut_short(self) -> bool:
        """Whether the last taking ended only because it was time for another look."""
        return time.monotonic() >= self._until

    def take(self, due: Sequence[Due]) -> int:
        """Take files until it is time for another look; how many were tried.

        Those of providers whom another process is at work on are left to it.
        """
        self._store.owners.clear()
        self._due = {(one.candidate.directory, one.candidate.name): one for one in due}
        with Attempts(self._store, view := FileLog(self._store)) as attempts, view:
            return self._take_due(view, attempts, [one.candidate for one in due])

    def _take_due(self, view: FileLog, attempts: Attempts, files: list[Candidate]) -> int:
        held = {(one.directory, one.name): outcome for one, outcome in attempts.expect(files)}
        groups = self._groups(files, attempts)
        self._keys = {(one.directory, one.name): key for key, group in groups for one in group}
        self._until = time.monotonic() + self._turn_seconds
        tried = 0
        for some in in_parts(groups, _GROUPS_A_WORKER * self._workers):
            if self._stopping() or (tried and time.monotonic() >= self._until):
                break
            names = {key: _lease(key) for key, _ in some}
            purposes = {name: f"takes the files of {key}"[:255] for key, name in names.items()}
            with leased_of(self._store.system, purposes, self._store.settings.lease_seconds) as leases:
                mine = [group for key, group in some if names[key] in leases]
                tried += self._take(view, attempts, held, mine, leases)
        return tried

    def _groups(self, files: Sequence[Candidate], attempts: Attempts) -> list[tuple[str, list[Candidate]]]:
        """The files of each provider, by whose turn it is; without those that are in trouble."""
        groups = by_provider(self._store, self._order.of(files, attempts.may_be_opened))
        self._served = {key: at for key, at in self._served.items() if key in groups}
        self._troubles = {key: trouble for key, trouble in self._troubles.items() if key in groups}
        ready = [(key, group) for key, group in groups.items() if not self._is_in_trouble(key)]
        return sorted(ready, key=lambda one: self._served.get(one[0], 0.0))

    def _is_in_trouble(self, key: str) -> bool:
        return key in self._troubles and time.monotonic() < self._troubles[key].until

    def _take(
        self,
        view: FileLog,
        attempts: Attempts,
        held: Mapping[Place, FileOutcome],
        groups: Sequence[list[Candidate]],
        leases: HeldLeases,
    ) -> int:
        groups = [due for group in groups if (due := self._still_due(group))]
        if not groups:
            return 0
        tried = 0

        def looked(candidate: Candidate, outcome: FileOutcome) -> None:
            nonlocal tried
            tried += 1
            key = self._keys[candidate.directory, candidate.name]
            self._served[key] = time.monotonic()
            if not _is_trouble(outcome):
                self._troubles.pop(key, None)
            verdict = self._verdict(candidate, outcome)
            view.tell(outcome, candidate.look, verdict)
            if outcome.state is FileResult.GONE:
                return
            if verdict is None or verdict.held:
                self._watch.done(candidate)
            self._on_file(outcome)

        def goes_on(candidate: Candidate, before: FileOutcome | None) -> bool:
            if before is not None and _is_trouble(before):
                self._leave_alone(self._keys[candidate.directory, candidate.name])
                return False
            late = tried > 0 and time.monotonic() >= self._until
            return not late and not self._stopping() and self._holds(leases)

        for group in groups:
            for candidate in [one for one in group if (one.directory, one.name) in held]:
                group.remove(candidate)
                looked(candidate, held[candidate.directory, candidate.name])
        process_groups(
            self._store,
            [group for group in groups if group],
            self._workers,
            looked,
            attempts,
            take=process_settled_file,
            before=lambda candidate: view.keep_up(ahead=candidate.size),
            meanwhile=view.keep_up,
            goes_on=goes_on,
        )
        # Before others may take these providers' files.
        view.flush()
        return tried

    def _leave_alone(self, key: str) -> None:
        """Something stands in the way of all files of a provider, and may go by itself."""
        times = self._troubles[key].times + 1 if key in self._troubles else 1
        self._troubles[key] = _Trouble(times, time.monotonic() + retry_pause(times, self._store.settings.retry_seconds))

    def _still_due(self, group: Sequence[Candidate]) -> list[Candidate]:
        """Without those that another process has taken since they were looked at."""
        results = self._store.settings.results_dir
        paths = {candidate.shown(results): candidate for candidate in group}
        with self._store.system.reading() as work:
            rows = work.ingested_files.standing(list(paths))
        return [
            candidate
            for path, candidate in paths.items()
            if path in rows and rows[path].updated_at == self._due[candidate.directory, candidate.name].since
        ]

    def _holds(self, leases: HeldLeases) -> bool:
        # Whoever was stopped for so long that they ran out leaves the rest to whoever has them now.
        if time.monotonic() - self._leases_seen < _LOOK_AT_LEASES_SECONDS:
            return True
        self._leases_seen = time.monotonic()
        return leases.all_held()

    def _verdict(self, candidate: Candidate, outcome: FileOutcome) -> RetryDecision | None:
        """What becomes of a file that was not taken; None where that is settled."""
        settings, now = self._store.settings, utc_now()
        attempts = self._due[candidate.directory, candidate.name].attempts + 1
        match outcome.state:
            case FileResult.BLOCKED:
                return after_waiting_for_person(now, attempts, settings.retry_seconds)
            case FileResult.FAILED:
                most = None if outcome.transient else settings.retry_attempts
                return after_failure(now, attempts, settings.retry_seconds, most)
            case FileResult.WAITING:
                return RetryDecision(None)
            case _:
                return None


def _is_trouble(outcome: FileOutcome) -> bool:
    """Whether the next file of the provider would find the same."""
    return outcome.state is FileResult.FAILED and outcome.transient


def _lease(key: str) -> str:
    """The same before a provider is registered, by their folder, and afterwards, by their slug."""
    # A folder's name may be too long for that of a lease.
    return LEASES + sha256(letters_key(key).encode("utf-8", "surrogateescape")).hexdigest()[:32]
