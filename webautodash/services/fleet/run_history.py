"""What earlier runs of the migrations did."""

from dataclasses import dataclass, replace

from webautodash.domain.vocabulary import MigrationState
from webautodash.errors import UnknownMigrationRun
from webautodash.repositories.migrations import Run, RunDatabase
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.store import Store

RUN_LEASE = "migration run"


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run, and each of its databases."""

    run: Run
    databases: tuple[RunDatabase, ...]


def runs(store: Store, limit: int = 20) -> list[Run]:
    """The last runs, newest first."""
    with store.system.reading() as work:
        return [_as_it_is(work, run) for run in work.migration_runs.runs(limit)]


def run_report(store: Store, number: int) -> RunReport:
    """One run. Raises UsageError, with what is known, where there is none of this number."""
    with store.system.reading() as work:
        repository = work.migration_runs
        found = repository.run(number)
        if found is None:
            last = repository.runs(1)
            raise UnknownMigrationRun(number, last[0].id if last else None)
        return RunReport(_as_it_is(work, found), tuple(repository.databases(number)))


def _as_it_is(work: SystemWork, run: Run) -> Run:
    """A run that says that it is at work, while nobody holds the lease, was killed."""
    if run.state is MigrationState.RUNNING and not work.leases.is_held(RUN_LEASE):
        return replace(run, state=MigrationState.FAILED)
    return run


def is_at_work(store: Store) -> bool:
    """Whether a run of the migrations is under way at this moment."""
    with store.system.reading() as work:
        return work.leases.is_held(RUN_LEASE)
