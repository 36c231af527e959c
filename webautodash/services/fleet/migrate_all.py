"""Upgrades of all databases: canaries first, then in waves; a failure does not stop the other databases."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter

from webautodash.domain.vocabulary import Level, MigrationState
from webautodash.errors import NotResumable, TerminalError
from webautodash.repositories.migrations import RunDatabase
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services import revisions
from webautodash.services.callbacks import ignore
from webautodash.services.fleet.databases import DatabaseRevision, Member, system_member
from webautodash.services.fleet.migrate_one import Job, MigrationResult, failure, migrate_one, record_failure
from webautodash.services.fleet.migration_runs import RUN_LEASE, run_report
from webautodash.services.fleet.plan import (
    Plan,
    canaries_of,
    read_revisions,
    require_known_target,
    require_no_breaking_revisions,
    waves,
)
from webautodash.services.leases import HeldLease, host, leased, operator
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter
from webautodash.services.workers import GroupWork, OnBatch, run_groups, settings_per_process
from webautodash.version import __version__


@dataclass(frozen=True, slots=True)
class FleetReport:
    """The results of a run; ``run`` is None if there was nothing to do."""

    run: int | None
    results: tuple[MigrationResult, ...]
    left: int = 0
    """Databases that were not begun."""
    stopped: str | None = None
    """Why they were not begun."""

    @property
    def failures(self) -> tuple[MigrationResult, ...]:
        """The databases that did not reach the target."""
        return tuple(result for result in self.results if result.state is MigrationState.FAILED)


WORKER_MODULES = (__name__, "alembic.command")
"""What the processes of a run import; the second is otherwise imported when the first migration begins."""
OnResult = Callable[[MigrationResult, int, int], None]
"""Called for each database: its result, how many are done, of how many."""


def upgrade_all(store: Store, plan: Plan, on_result: OnResult = ignore) -> FleetReport:
    """Upgrade the system database to head, then provider databases to the target of the plan.

    Raises UsageError for unknown names and revisions, and for breaking revisions that the plan does not allow;
    LeaseHeld if another run is at work; DatabaseUnreachable.
    """
    require_known_target(plan)
    system = _upgrade_system(store)
    if system.state is MigrationState.FAILED:
        # Without the system database there is neither a list of providers nor a record of the run.
        return FleetReport(None, (system,))
    found, canaries = read_revisions(store, plan), canaries_of(store, plan)
    behind = [(member, revision) for member, revision in found if revision.needs_work]
    unusable = [(member, revision) for member, revision in found if revision.cause is not None]
    done = [_done(member, one) for member, one in found if not one.needs_work and one.cause is None]
    if not behind and not unusable:
        return FleetReport(None, (system, *done))
    require_no_breaking_revisions(plan, [revision for _, revision in behind])
    # Raises before anything is begun if there are too few connections.
    settings_per_process(store.settings, plan.workers, len(behind))
    with run_lease(store, "migrate up") as lease:
        behind.sort(key=lambda one: one[0].provider not in canaries)
        jobs = [(member, one.revision, one.head) for member, one in (*behind, *unusable)]
        number = begin_run(store, "up", plan.arguments(), jobs)
        run = _FleetRun(store, plan, number, lease, canaries, on_result)
        for member, one in found:
            if one.cause is not None:
                record_failure(store, Job(number, member, one.revision, one.head), one.cause)
                run.results.append(failure(member, one.revision, one.revision, one.cause))
        report = run.take([Job(number, member, one.revision, one.head) for member, one in behind])
    return replace(report, results=(system, *done, *report.results))


def resume(store: Store, run: int, workers: int = 1, on_result: OnResult = ignore) -> FleetReport:
    """Migrate the databases that a run did not finish, with the waves and canaries of that run.

    Raises UnknownMigrationRun, NotResumable for a downgrade, and what ``upgrade_all`` raises.
    """
    found = run_report(store, run).run
    if found.kind != "up":
        raise NotResumable(run)
    if found.state is MigrationState.DONE:
        return FleetReport(run, ())
    with run_lease(store, f"migrate resume {run}") as lease:
        # Read again: the run may have been at work until now.
        report = run_report(store, run)
        plan = Plan.from_arguments(report.run.arguments, workers)
        jobs = [_job(run, row) for row in report.databases if row.state is not MigrationState.DONE]
        settings_per_process(store.settings, workers, len(jobs))
        store.system.run(lambda work: work.migration_runs.resume(run))
        return _FleetRun(store, plan, run, lease, canaries_of(store, plan), on_result).take(jobs)


def run_lease(store: Store, purpose: str) -> AbstractContextManager[HeldLease]:
    """The lease that allows one run at a time per installation. Raises LeaseHeld with the holder of another."""
    return leased(store.system, RUN_LEASE, purpose, store.settings.lease_seconds)


def begin_run(
    store: Store, kind: str, arguments: dict[str, object], databases: Sequence[tuple[Member, str | None, str]]
) -> int:
    """Record a run with its databases, their revisions and targets. Returns its number."""
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


def job_runner(store: Store) -> Callable[[Job, OnBatch], MigrationResult]:
    """What each process calls to migrate one database."""
    return lambda job, _: migrate_one(store, job)


@dataclass(slots=True)
class _FleetRun:
    """A run at work; ``results`` begins with the databases that could not be begun."""

    store: Store
    plan: Plan
    number: int
    lease: HeldLease
    canaries: set[str | None]
    on_result: OnResult
    results: list[MigrationResult] = field(default_factory=list)

    def take(self, jobs: Sequence[Job]) -> FleetReport:
        """Migrate the databases of the run until one of its conditions stops it."""
        not_begun = len(self.results)

        def done(_: Job, result: MigrationResult) -> None:
            self.results.append(result)
            self.on_result(result, len(self.results) - not_begun, len(jobs))

        stopped = self._stopped(())
        try:
            for _, wave in waves(self.plan, self.canaries, jobs, attrgetter("member")):
                if stopped is not None:
                    break
                self._take_wave(wave, done)
                stopped = self._stopped(wave)
        finally:
            self.store.system.run(lambda work: work.migration_runs.finish(self.number))
        left = len(jobs) - (len(self.results) - not_begun)
        return FleetReport(self.number, tuple(self.results), left, stopped if left else None)

    def _take_wave(self, jobs: Sequence[Job], done: Callable[[Job, MigrationResult], None]) -> None:
        work = GroupWork(
            job_runner, done=done, lost=partial(_lost, self.store), may_begin=self._continues, modules=WORKER_MODULES
        )
        run_groups(self.store, [[job] for job in jobs], self.plan.workers, work)

    def _continues(self, *_: object) -> bool:
        # Asked before each database: a process that has lost the lease leaves the run to the new holder.
        self.lease.check()
        return self.plan.max_failures is None or self._failures() < self.plan.max_failures

    def _stopped(self, wave: Sequence[Job]) -> str | None:
        if any(one.state is MigrationState.FAILED and one.provider in self.canaries for one in self.results):
            return "a canary failed"
        most = self.plan.max_failures
        if most is not None and self._failures() >= most:
            return f"{self._failures()} failed, and the limit is {most}"
        databases = {job.member.database for job in wave}
        if self.plan.wave and most is None and any(one.error and one.database in databases for one in self.results):
            return "a wave had failures, and no limit allows some"
        return None

    def _failures(self) -> int:
        return sum(result.state is MigrationState.FAILED for result in self.results)


def _upgrade_system(store: Store) -> MigrationResult:
    member, history = system_member(store), SchemaHistory.SYSTEM
    began = time.monotonic()
    before = None
    try:
        before = revisions.current(store.system)
        after = revisions.head(history)
        if revisions.upgrade(store.system, history):
            log, message = SystemLogWriter(store.system), f"{before or 'empty'} to {after}"
            log.record(Level.INFO, "migrate", "migrated", message, database_name=store.system.name)
        return MigrationResult(member.database, None, before, after, MigrationState.DONE, time.monotonic() - began)
    except TerminalError as error:
        return failure(member, before, before, error)


def _done(member: Member, found: DatabaseRevision) -> MigrationResult:
    """The result of a database with nothing to do."""
    return MigrationResult(member.database, member.provider, found.revision, found.revision, MigrationState.DONE)


def _job(run: int, row: RunDatabase) -> Job:
    target = str(row.target)
    revisions.require_known(SchemaHistory.PROVIDER, target)
    return Job(run, Member(row.database, row.provider, SchemaHistory.PROVIDER), row.before, target)


def _lost(store: Store, job: Job, status: int | None) -> MigrationResult:
    error = TerminalError(f"database {job.member.database}: its worker process ended with exit status {status}")
    record_failure(store, job, error)
    return failure(job.member, job.before, None, error)
