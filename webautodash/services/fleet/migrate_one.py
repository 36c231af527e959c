"""Migration of one database within a run: under its lease, recorded in the run, with a failure as its result."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from webautodash.domain.json_document import NOT_IN_JSON
from webautodash.domain.vocabulary import Level, MigrationState
from webautodash.errors import (
    DatabaseError,
    DatabaseUnreachable,
    MigrationFailed,
    TerminalError,
    WebAutoDashError,
    where_from,
)
from webautodash.repositories.migrations import MigrationRepository
from webautodash.services import revisions
from webautodash.services.fleet.databases import Member, database_of
from webautodash.services.leases import leased
from webautodash.services.revisions import RevisionListener, RevisionStatements
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter


@dataclass(frozen=True, slots=True)
class Job:
    """The migration of one database in a run."""

    run: int
    member: Member
    before: str | None
    target: str
    down: bool = False
    accept_loss: bool = False


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """The result of one database."""

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
    cause: WebAutoDashError | None = field(default=None, compare=False, metadata=NOT_IN_JSON)
    """The error itself."""

    @property
    def done(self) -> bool:
        """Whether there was something to do, and it was done."""
        return self.state is MigrationState.DONE and self.before != self.after


def migrate_one(store: Store, job: Job) -> MigrationResult:
    """Do one job of a run. Raises DatabaseUnreachable; any other error is the result of the database.

    A database whose lease another process holds is a failure too.
    """
    member, record = job.member, _JobRecord(store, job)
    began = time.monotonic()
    try:
        with leased(
            store.system, f"database {member.database}", f"migration run {job.run}", store.settings.lease_seconds
        ) as lease:
            record.begin()
            database = database_of(store, member)
            before = revisions.current(database)
            listener = RevisionListener(before=lambda _: lease.require(), after=record.reached)
            if job.down:
                revisions.downgrade(database, member.history, job.target, listener, accept_loss=job.accept_loss)
            else:
                revisions.upgrade(database, member.history, job.target, listener)
            record.done()
            return MigrationResult(
                member.database, member.provider, before, job.target, MigrationState.DONE, time.monotonic() - began
            )
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as error:
        stopped_by = error
    except Exception as error:  # a fault in one database must not stop the others
        stopped_by = TerminalError(f"database {member.database}: {where_from(error)}")
    record.failed(stopped_by)
    return failure(member, job.before, record.revision, stopped_by, time.monotonic() - began)


def record_failure(store: Store, job: Job, error: WebAutoDashError) -> None:
    """Record what stopped a database on behalf of a process that could not."""
    _JobRecord(store, job).failed(error)


def failure(
    member: Member, before: str | None, after: str | None, error: WebAutoDashError, seconds: float = 0.0
) -> MigrationResult:
    """The result of a database that an error stopped."""
    name, provider, state = member.database, member.provider, MigrationState.FAILED
    return MigrationResult(
        name, provider, before, after, state, seconds, error_kind=error.kind, cause=error, **_parts(error)
    )


def _parts(error: WebAutoDashError) -> dict[str, str | None]:
    """What a result and the row of a run keep of an error."""
    code, statement, cure = type(error).__name__, None, None
    match error:
        case MigrationFailed():
            code, statement, cure = error.code, error.statement, error.cure
        case DatabaseError():
            code, cure = error.code, error.advice
    return {"error": str(error), "error_code": code, "statement": statement, "cure": cure}


class _JobRecord:
    """The row of one database in a run."""

    def __init__(self, store: Store, job: Job) -> None:
        self._store, self._job = store, job
        self._sent: list[str] = []
        self.revision = job.before

    def begin(self) -> None:
        self._write(lambda runs: runs.begin_database(self._job.run, self._job.member.database))

    def reached(self, step: RevisionStatements) -> None:
        self._sent += step.statements
        self.revision = step.revision
        self._write(lambda runs: runs.reached(self._job.run, self._job.member.database, step.revision))

    def done(self) -> None:
        self._end(MigrationState.DONE, reached=self._job.target)
        if self._sent:
            self._log(Level.INFO, "migrated", f"{self._job.before or 'empty'} to {self._job.target}")

    def failed(self, error: WebAutoDashError) -> None:
        self._end(MigrationState.FAILED, **_parts(error))
        self._log(Level.ERROR, "migration_failed", str(error))

    def _end(self, state: MigrationState, **values: object) -> None:
        sha256 = revisions.sha256_of(self._sent) if self._sent else None
        run, database = self._job.run, self._job.member.database
        self._write(lambda runs: runs.end_database(run, database, state, sql_sha256=sha256, **values))

    def _log(self, level: Level, event: str, message: str) -> None:
        member = self._job.member
        SystemLogWriter(self._store.system).record(
            level, "migrate", event, message, provider=member.provider, database_name=member.database
        )

    def _write(self, change: Callable[[MigrationRepository], None]) -> None:
        self._store.system.run(lambda work: change(work.migration_runs))
