"""Bringing the fleet to a revision: canaries first, then waves; one failure stops no other."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter

from webautodash.domain.vocabulary import Level, MigrationState
from webautodash.errors import NotResumable, TerminalError
from webautodash.repositories.migrations import RunDatabase
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services import revisions
from webautodash.services.callbacks import ignore
from webautodash.services.fleet.databases import DatabaseRevision, Member
from webautodash.services.fleet.migrate_one import Job, MigrationResult, bring, failure, note_failure
from webautodash.services.fleet.plan import Plan, ask_for_contract, canaries_of, look_at, require_known, waves
from webautodash.services.fleet.run_history import RUN_LEASE, run_report
from webautodash.services.ingest.progress import OnBatch
from webautodash.services.ingest.workers import run_in_processes, settings_per_process
from webautodash.services.leases import HeldLease, host, leased, operator
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter
from webautodash.version import __version__


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


def upgrade_all(store: Store, plan: Plan, on_result: OnResult = ignore) -> FleetReport:
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
    behind = [(member, look) for member, look in looks if look.needs_work]
    hopeless = [(member, look) for member, look in looks if look.error is not None]
    there = [_there(member, look) for member, look in looks if not look.needs_work and look.error is None]
    if not behind and not hopeless:
        return FleetReport(None, (system, *there))
    ask_for_contract(plan, [look for _, look in behind])
    # Before anything is begun, rather than in the middle.
    settings_per_process(store.settings, plan.workers, len(behind))
    with run_lease(store, "migrate up") as lease:
        # In the order in which they are taken.
        behind.sort(key=lambda one: one[0].provider not in canaries)
        run = begin_run(
            store, "up", plan.arguments(), [(member, look.revision, look.head) for member, look in (*behind, *hopeless)]
        )
        failed = [_hopeless(store, run, member, look) for member, look in hopeless]
        jobs = [Job(run, member, look.revision, look.head) for member, look in behind]
        report = _take(store, plan, run, lease, canaries, jobs, failed, on_result)
    return replace(report, results=(system, *there, *report.results))


def resume(store: Store, run: int, workers: int = 1, on_result: OnResult = ignore) -> FleetReport:
    """Do what a run has left undone, and nothing else, as carefully as it was begun.

    Raises UsageError with what is known, also for a run of ``migrate down``, and as ``upgrade_all``.
    """
    found = run_report(store, run).run
    if found.kind != "up":
        raise NotResumable(run)
    if found.state is MigrationState.DONE:
        return FleetReport(run, ())
    with run_lease(store, f"migrate resume {run}") as lease:
        # Read again: it may have been at work until now.
        known = run_report(store, run)
        plan = Plan.again(known.run.arguments, workers)
        jobs = [_left(run, row) for row in known.databases if row.state is not MigrationState.DONE]
        settings_per_process(store.settings, workers, len(jobs))
        store.system.run(lambda work: work.migration_runs.go_on(run))
        return _take(store, plan, run, lease, canaries_of(store, plan), jobs, [], on_result)


def _left(run: int, row: RunDatabase) -> Job:
    target = str(row.target)
    revisions.require_known(SchemaHistory.PROVIDER, target)
    return Job(run, Member(row.database, row.provider, SchemaHistory.PROVIDER), row.before, target)


def _system(store: Store) -> MigrationResult:
    member = Member(store.system.name, None, SchemaHistory.SYSTEM)
    began = time.monotonic()
    before = None
    try:
        before = revisions.current(store.system)
        after = revisions.head(SchemaHistory.SYSTEM)
        if revisions.upgrade(store.system, SchemaHistory.SYSTEM):
            message = f"{before or 'empty'} to {after}"
            log = SystemLogWriter(store.system)
            log.record(Level.INFO, "migrate", "migrated", message, database_name=store.system.name)
        return MigrationResult(member.database, None, before, after, MigrationState.DONE, time.monotonic() - began)
    except TerminalError as error:
        return failure(member, before, before, error)


def _there(member: Member, look: DatabaseRevision) -> MigrationResult:
    """The result of a database that there is nothing to do with."""
    return MigrationResult(member.database, member.provider, look.revision, look.revision, MigrationState.DONE)


def _hopeless(store: Store, run: int, member: Member, look: DatabaseRevision) -> MigrationResult:
    """The result of a database that cannot be begun with: gone, damaged, or newer than the program."""
    error = TerminalError(str(look.error))
    note_failure(store, Job(run, member, look.revision, look.head), error)
    return failure(member, look.revision, look.revision, error)


def run_lease(store: Store, purpose: str) -> AbstractContextManager[HeldLease]:
    """One run at a time in an installation. Raises LeaseHeld where another is at work, and says whose."""
    return leased(store.system, RUN_LEASE, purpose, store.settings.lease_seconds)


def begin_run(
    store: Store, kind: str, arguments: dict[str, object], databases: Sequence[tuple[Member, str | None, str]]
) -> int:
    """Write a run into the ledger, with what it has to do; its number."""
    rows = [(member.database, member.provider, before, target) for member, before, target in databases]

    def begin(work: SystemWork) -> int:
        return work.migration_runs.begin(
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
    store: Store,
    plan: Plan,
    run: int,
    lease: HeldLease,
    canaries: set[str | None],
    jobs: Sequence[Job],
    failed: Sequence[MigrationResult],
    on_result: OnResult,
) -> FleetReport:
    """Take a run's databases; ``failed`` could not even be begun."""
    results = list(failed)
    of = len(jobs)

    def done(_: Job, result: MigrationResult) -> None:
        results.append(result)
        on_result(result, len(results) - len(failed), of)

    def failures() -> int:
        return sum(result.state is MigrationState.FAILED for result in results)

    def goes_on(*_: object) -> bool:
        # Asked before each database: whoever has lost the run leaves it to whom it is now.
        lease.look()
        return plan.max_failures is None or failures() < plan.max_failures

    def stopped(wave: Sequence[Job]) -> str | None:
        if any(result.state is MigrationState.FAILED and result.provider in canaries for result in results):
            return "a canary failed"
        if plan.max_failures is not None and failures() >= plan.max_failures:
            return f"{failures()} failed; --max-failures {plan.max_failures}"
        own = {job.member.database for job in wave}
        if plan.wave and plan.max_failures is None and any(one.error and one.database in own for one in results):
            return "a wave had failures; --max-failures says how many may be"
        return None

    reason = stopped(())
    try:
        for _, wave in waves(plan, canaries, jobs, attrgetter("member")):
            if reason is not None:
                break
            _take_wave(store, wave, plan.workers, done, goes_on)
            reason = stopped(wave)
    finally:
        store.system.run(lambda work: work.migration_runs.finish(run))
    left = of - (len(results) - len(failed))
    return FleetReport(run, tuple(results), left, reason if left else None)


def _take_wave(
    store: Store,
    jobs: Sequence[Job],
    workers: int,
    done: Callable[[Job, MigrationResult], None],
    goes_on: Callable[..., bool],
) -> None:
    if workers > 1 and len(jobs) > 1:
        run_in_processes(
            store, [[job] for job in jobs], workers, take_job, done=done, lost=partial(_lost, store), goes_on=goes_on
        )
        return
    for job in jobs:
        if not goes_on():
            return
        done(job, bring(store, job))


def take_job(store: Store, job: Job, _on_batch: OnBatch) -> MigrationResult:
    """A worker process's part: one database."""
    return bring(store, job)


def _lost(store: Store, job: Job, status: int | None) -> MigrationResult:
    error = TerminalError(f"database {job.member.database}: its worker process ended (status {status})")
    note_failure(store, job, error)
    return failure(job.member, job.before, None, error)
