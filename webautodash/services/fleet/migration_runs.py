"""Earlier runs of migrations."""

from dataclasses import dataclass, replace

from webautodash.domain.vocabulary import MigrationState
from webautodash.errors import UnknownMigrationRun
from webautodash.repositories.migrations import Run, RunDatabase
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.store import Store

RUN_LEASE = "migration run"


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run with its databases."""

    run: Run
    databases: tuple[RunDatabase, ...]


def runs(store: Store, limit: int = 20) -> list[Run]:
    """The last runs, newest first."""
    with store.system.reading() as work:
        return [_with_true_state(work, run) for run in work.migration_runs.runs(limit)]


def run_report(store: Store, number: int) -> RunReport:
    """One run. Raises UnknownMigrationRun."""
    with store.system.reading() as work:
        found = work.migration_runs.run(number)
        if found is None:
            last = work.migration_runs.runs(1)
            raise UnknownMigrationRun(number, last[0].id if last else None)
        return RunReport(_with_true_state(work, found), tuple(work.migration_runs.databases(number)))


def is_at_work(store: Store) -> bool:
    """Whether a run is at work now."""
    with store.system.reading() as work:
        return work.leases.is_held(RUN_LEASE)


def _with_true_state(work: SystemWork, run: Run) -> Run:
    """A run that is recorded as running while nobody holds the lease was killed."""
    if run.state is MigrationState.RUNNING and not work.leases.is_held(RUN_LEASE):
        return replace(run, state=MigrationState.FAILED)
    return run
