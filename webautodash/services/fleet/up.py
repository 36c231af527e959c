"""Bringing the fleet to a revision: canaries first, then waves; one failure stops no other."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial

from sqlalchemy.orm import Session

from webautodash.domain.vocabulary import MigrationState
from webautodash.errors import (
    NewerThanProgram,
    TerminalError,
    WebAutoDashError,
)
from webautodash.repositories import MigrationRepository
from webautodash.repositories.migrations import Run, RunDatabase
from webautodash.services import migrate
from webautodash.services.fleet.bring import Job, MigrationResult, bring, failure, note_failure
from webautodash.services.fleet.history import run_report
from webautodash.services.fleet.plan import Plan, ask_for_contract, look_at, require_known, waves
from webautodash.services.fleet.standing import (
    DatabaseRevision,
    Member,
    Standing,
)
from webautodash.services.leases import HeldLease, host, leased, operator
from webautodash.services.migrate import History
from webautodash.services.progress import OnBatch, unheard
from webautodash.services.store import Store
from webautodash.services.workers import in_processes
from webautodash.version import __version__

_RUN_LEASE = "migration run"
_CANARY_FAILED = "a canary failed"


@dataclass(frozen=True, slots=True)
class FleetReport:
    """What became of all databases that were asked about; ``run`` is None where nothing was to be done."""

    run: int | None
    results: tuple[MigrationResult, ...]
    left: int = 0
    """Databases that were not begun."""
    stopped: str | None = None
    """Why not."""

    @property
    def failures(self) -> tuple[MigrationResult, ...]:
        """The databases that did not get there."""
        return tuple(result for result in self.results if result.state is MigrationState.FAILED)


OnResult = Callable[[MigrationResult, int, int], None]
"""Hears of each database: what became of it, how many are done, of how many."""


def upgrade_all(store: Store, plan: Plan, on_result: OnResult = unheard) -> FleetReport:
    """Bring databases to a revision, the system database to head before, and say what became of each.

    Raises UsageError for names and revisions that are not known, and for contract revisions that nobody asked for;
    LeaseHeld where another run is at work; DatabaseUnreachable.
    """
    require_known(plan)
    system = _system(store)
    if system.state is MigrationState.FAILED:
        # Without the registry and the ledger nobody would know what to do, or what was done.
        return FleetReport(None, (system,))
    looks, canaries = look_at(store, plan)
    settled = [system, *(_settled(member, look) for member, look in looks if look.state is not Standing.BEHIND)]
    behind = [(member, look) for member, look in looks if look.state is Standing.BEHIND]
    if any(one.state is MigrationState.FAILED and one.provider in canaries for one in settled):
        return FleetReport(None, tuple(settled), len(behind), _CANARY_FAILED if behind else None)
    if not behind:
        return FleetReport(None, tuple(settled))
    ask_for_contract(plan, [look for _, look in behind])
    with run_lease(store, "migrate up"):
        # In the order in which they are taken.
        behind.sort(key=lambda one: one[0].provider not in canaries)
        databases = [(member, look.revision, look.head) for member, look in behind]
        run = begin_run(store, "up", asdict(plan), databases)
        jobs = [Job(run, member, look.revision, look.head) for member, look in behind]
        canary_jobs = [job for job in jobs if job.member.provider in canaries]
        report = _take(store, plan, run, canary_jobs, jobs[len(canary_jobs) :], on_result)
    return replace(report, results=(*settled, *report.results))


def resume(store: Store, run: int, workers: int = 1, on_result: OnResult = unheard) -> FleetReport:
    """Do what a run has left undone, and nothing else. Raises UsageError with what is known, and as ``upgrade_all``."""
    if run_report(store, run).run.state is MigrationState.DONE:
        return FleetReport(run, ())
    with run_lease(store, f"migrate resume {run}"):
        # Read again: it may have been at work until now.
        known = run_report(store, run)
        jobs = [_left(known.run, row) for row in known.databases if row.state is not MigrationState.DONE]
        store.system.run(lambda session: MigrationRepository(session).go_on(run))
        return _take(store, Plan(workers=workers), run, [], jobs, on_result)


def _left(run: Run, row: RunDatabase) -> Job:
    target = str(row.target)
    migrate.require_known(History.PROVIDER, target)
    return Job(run.id, Member(row.database, row.provider, History.PROVIDER), row.before, target, run.kind == "down")


def _system(store: Store) -> MigrationResult:
    member = Member(store.system.name, None, History.SYSTEM)
    began = time.monotonic()
    before = None
    try:
        before = migrate.current(store.system)
        migrate.upgrade(store.system, History.SYSTEM)
        after = migrate.head(History.SYSTEM)
        return MigrationResult(member.database, None, before, after, MigrationState.DONE, time.monotonic() - began)
    except TerminalError as error:
        return failure(member, before, before, error)


def _settled(member: Member, look: DatabaseRevision) -> MigrationResult:
    """The result of a database that there is nothing to do with, or nothing that can be done."""
    if look.state is Standing.AT_HEAD:
        return MigrationResult(member.database, member.provider, look.revision, look.revision, MigrationState.DONE)
    if look.state is Standing.AHEAD and look.revision is not None and migrate.knows(member.history, look.revision):
        # Beyond the revision that was asked for.
        return MigrationResult(member.database, member.provider, look.revision, look.revision, MigrationState.DONE)
    error: WebAutoDashError = TerminalError(look.error or f"database {member.database} cannot be read")
    if look.state is Standing.AHEAD and look.revision is not None:
        error = NewerThanProgram(member.database, look.revision, look.head)
    return failure(member, look.revision, look.revision, error)


def run_lease(store: Store, purpose: str) -> AbstractContextManager[HeldLease]:
    """One run at a time in an installation. Raises LeaseHeld where another is at work, and says whose."""
    return leased(store.system, _RUN_LEASE, purpose, store.settings.lease_seconds)


def begin_run(
    store: Store, kind: str, arguments: dict[str, object], databases: Sequence[tuple[Member, str | None, str]]
) -> int:
    """Write a run into the ledger, with what it has to do; its number."""
    rows = [(member.database, member.provider, before, target) for member, before, target in databases]

    def begin(session: Session) -> int:
        return MigrationRepository(session).begin(
            rows,
            kind=kind,
            started_by=operator(),
            host=host(),
            pid=os.getpid(),
            arguments=arguments,
            code_version=__version__,
        )

    return store.system.run(begin)


def _take(
    store: Store, plan: Plan, run: int, canaries: Sequence[Job], rest: Sequence[Job], on_result: OnResult
) -> FleetReport:
    results: list[MigrationResult] = []
    of = len(canaries) + len(rest)

    def done(_: Job, result: MigrationResult) -> None:
        results.append(result)
        on_result(result, len(results), of)

    def failures() -> int:
        return sum(result.state is MigrationState.FAILED for result in results)

    def goes_on() -> bool:
        return plan.max_failures is None or failures() < max(1, plan.max_failures)

    stopped = None
    try:
        for wave in waves(plan, canaries, rest):
            _take_wave(store, wave, plan.workers, done, goes_on)
            if wave is canaries and failures():
                stopped = _CANARY_FAILED
            elif not goes_on():
                stopped = f"{failures()} failed; --max-failures {plan.max_failures}"
            if stopped:
                break
    finally:
        store.system.run(lambda session: MigrationRepository(session).finish(run))
    left = of - len(results)
    return FleetReport(run, tuple(results), left, stopped if left else None)


def _take_wave(
    store: Store,
    jobs: Sequence[Job],
    workers: int,
    done: Callable[[Job, MigrationResult], None],
    goes_on: Callable[[], bool],
) -> None:
    if workers > 1 and len(jobs) > 1:
        share = store.settings.shared_by(min(workers, len(jobs)) + 1)
        with store.server.sharing(share.max_connections):
            in_processes(
                share,
                [[job] for job in jobs],
                workers,
                take_job,
                done=done,
                lost=partial(_lost, store),
                goes_on=goes_on,
            )
        return
    for job in jobs:
        if not goes_on():
            return
        done(job, bring(store, job, time.monotonic))


def take_job(store: Store, job: Job, _on_batch: OnBatch) -> MigrationResult:
    """A worker process's part: one database."""
    return bring(store, job, time.monotonic)


def _lost(store: Store, job: Job, status: int | None) -> MigrationResult:
    error = TerminalError(
        f"database {job.member.database}: its worker process ended (status {status}); "
        f"finish it with `webautodash migrate resume {job.run}`"
    )
    note_failure(store, job, error)
    return failure(job.member, job.before, None, error)
