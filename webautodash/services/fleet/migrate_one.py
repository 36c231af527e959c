"""One database to another revision: alone at work on it, told to the ledger, a failure as its result."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from webautodash.domain.vocabulary import Level, MigrationState
from webautodash.errors import (
    DatabaseError,
    DatabaseUnreachable,
    MigrationFailed,
    TerminalError,
    WebAutoDashError,
    where_from,
)
from webautodash.repositories import MigrationRepository
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services import revisions
from webautodash.services.fleet.databases import Member, database_of
from webautodash.services.leases import leased
from webautodash.services.revisions import RevisionListener, Step
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter


@dataclass(frozen=True, slots=True)
class Job:
    """What a run has to do with one database."""

    run: int
    member: Member
    before: str | None
    target: str
    down: bool = False
    accept_loss: bool = False


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """What became of one database."""

    database: str
    provider: str | None
    before: str | None
    after: str | None
    state: MigrationState
    seconds: float = 0.0
    error: str | None = None
    error_code: str | None = None
    statement: str | None = None
    cure: str | None = None
    error_kind: str | None = None

    @property
    def done(self) -> bool:
        """Whether there was anything to do, and it was done."""
        return self.state is MigrationState.DONE and self.before != self.after


def bring(store: Store, job: Job) -> MigrationResult:
    """Do one job of a run. Raises DatabaseUnreachable; whatever else is wrong is the database's result.

    A database that another process is at work on is left to it.
    """
    member, ledger = job.member, _Ledger(store, job)
    began = time.monotonic()
    try:
        with leased(
            store.system, f"database {member.database}", f"migration run {job.run}", store.settings.lease_seconds
        ) as lease:
            ledger.begin()
            database = database_of(store, member)
            before = revisions.current(database)
            watch = RevisionListener(before=lambda _: lease.require(), after=ledger.reached)
            if job.down:
                revisions.downgrade(database, member.history, job.target, watch, accept_loss=job.accept_loss)
            else:
                revisions.upgrade(database, member.history, job.target, watch)
            ledger.done()
            return MigrationResult(
                member.database, member.provider, before, job.target, MigrationState.DONE, time.monotonic() - began
            )
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as error:
        stopped_by = error
    except Exception as error:  # whatever is wrong with one database, the others go on
        stopped_by = TerminalError(f"database {member.database}: {where_from(error)}")
    ledger.failed(stopped_by)
    return failure(member, job.before, ledger.at, stopped_by, time.monotonic() - began)


def note_failure(store: Store, job: Job, error: WebAutoDashError) -> None:
    """Tell the ledger what stopped a database, for a process that could not."""
    _Ledger(store, job).failed(error)


def failure(
    member: Member, before: str | None, after: str | None, error: WebAutoDashError, seconds: float = 0.0
) -> MigrationResult:
    """The result of a database that an error stopped."""
    code, statement, cure = _parts(error)
    return MigrationResult(
        member.database,
        member.provider,
        before,
        after,
        MigrationState.FAILED,
        seconds,
        str(error),
        code,
        statement,
        cure,
        error.kind,
    )


def _parts(error: WebAutoDashError) -> tuple[str | None, str | None, str | None]:
    if isinstance(error, MigrationFailed):
        return error.code, error.statement, error.cure
    return (error.code, None, error.advice) if isinstance(error, DatabaseError) else (type(error).__name__, None, None)


class _Ledger:
    """One database's row in the ledger of a run."""

    def __init__(self, store: Store, job: Job) -> None:
        self._store, self._job = store, job
        self._sent: list[str] = []
        self.at = job.before

    def begin(self) -> None:
        self._write(lambda rows: rows.begin_database(self._job.run, self._job.member.database))

    def reached(self, step: Step) -> None:
        self._sent += step.statements
        self.at = step.revision
        self._write(lambda rows: rows.reached(self._job.run, self._job.member.database, step.revision))

    def done(self) -> None:
        self._end(MigrationState.DONE, reached=self._job.target)
        if self._sent:
            self._log(Level.INFO, "migrated", f"{self._job.before or 'empty'} to {self._job.target}")

    def failed(self, error: WebAutoDashError) -> None:
        code, statement, cure = _parts(error)
        self._end(MigrationState.FAILED, error=str(error), error_code=code, statement=statement, cure=cure)
        self._log(Level.ERROR, "migration_failed", str(error))

    def _end(self, state: MigrationState, **facts: object) -> None:
        sha256 = revisions.hash_of(self._sent) if self._sent else None
        run, database = self._job.run, self._job.member.database
        self._write(lambda rows: rows.end_database(run, database, state, sql_sha256=sha256, **facts))

    def _log(self, level: Level, event: str, message: str) -> None:
        member = self._job.member
        SystemLogWriter(self._store.system).record(
            level, "migrate", event, message, provider=member.provider, database_name=member.database
        )

    def _write(self, change: Callable[[MigrationRepository], None]) -> None:
        self._store.system.run(partial(_with_repository, change))


def _with_repository(change: Callable[[MigrationRepository], None], work: SystemWork) -> None:
    change(work.migration_runs)
