"""Runs of migrations, and the progress of each with each database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update

from webautodash import errors
from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import MigrationState
from webautodash.models import MigratedDatabase, MigrationRun
from webautodash.repositories.base import Repository, from_row


@dataclass(frozen=True, slots=True)
class Run:
    """One run of migrations."""

    id: int
    kind: str
    started_by: str
    host: str
    pid: int
    arguments: dict[str, Any]
    code_version: str
    state: MigrationState
    started_at: datetime
    finished_at: datetime | None
    databases: dict[MigrationState, int]
    """How many databases are in each state."""


@dataclass(frozen=True, slots=True)
class RunDatabase:
    """One database in a run."""

    database: str
    provider: str | None
    before: str | None
    target: str | None
    state: MigrationState
    reached: str | None
    attempts: int
    seconds: float | None
    error_code: str | None
    statement: str | None
    error: str | None
    cure: str | None
    sql_sha256: str | None

    @property
    def error_kind(self) -> str | None:
        """The kind of the error. The row has it as the name of the class, or as a statement that was refused."""
        error = getattr(errors, self.error_code or "", None)
        if isinstance(error, type) and issubclass(error, errors.WebAutoDashError):
            return error.own_kind()
        return errors.MigrationFailed.own_kind() if self.statement is not None else None


class MigrationRepository(Repository):
    """Rows of ``migration_runs`` and ``migration_run_databases``."""

    def begin(self, databases: Sequence[tuple[str, str | None, str | None, str | None]], **facts: Any) -> int:
        """Add a run with its databases: name, provider, revision, target. Returns the id of the run."""
        run = MigrationRun(state=MigrationState.RUNNING, **facts)
        self._session.add(run)
        self._session.flush()
        self._session.add_all(
            MigratedDatabase(
                run_id=run.id,
                position=position,
                database_name=name,
                provider=provider,
                from_revision=before,
                to_revision=target,
                state=MigrationState.WAITING,
                attempts=0,
            )
            for position, (name, provider, before, target) in enumerate(databases)
        )
        self._session.flush()
        return run.id

    def resume(self, run: int) -> None:
        """Record that a run is running again."""
        self._set_run(run, state=MigrationState.RUNNING, finished_at=None)

    def finish(self, run: int) -> None:
        """Record the end of a run: done if all its databases are, else failed."""
        left = select(func.count()).where(MigratedDatabase.run_id == run, MigratedDatabase.state != MigrationState.DONE)
        whole = self._session.scalars(left).one() == 0
        state = MigrationState.DONE if whole else MigrationState.FAILED
        self._set_run(run, state=state, finished_at=utc_now())

    def begin_database(self, run: int, database: str) -> None:
        """Record that the migration of a database begins."""
        self._set(
            run,
            database,
            state=MigrationState.RUNNING,
            started_at=utc_now(),
            attempts=MigratedDatabase.attempts + 1,
            **dict.fromkeys(("finished_at", "error_code", "statement", "error", "cure", "sql_sha256")),
        )

    def reached(self, run: int, database: str, revision: str | None) -> None:
        """Record the last finished revision of a database."""
        self._set(run, database, reached=revision)

    def end_database(self, run: int, database: str, state: MigrationState, **facts: Any) -> None:
        """Record the result of a database."""
        self._set(run, database, state=state, finished_at=utc_now(), **facts)

    def runs(self, limit: int) -> list[Run]:
        """The last runs, newest first."""
        rows = self._session.scalars(select(MigrationRun).order_by(MigrationRun.id.desc()).limit(limit)).all()
        return self._with_numbers(rows)

    def run(self, number: int) -> Run | None:
        """The run with this id."""
        rows = self._session.scalars(select(MigrationRun).where(MigrationRun.id == number)).all()
        return next(iter(self._with_numbers(rows)), None)

    def databases(self, run: int) -> list[RunDatabase]:
        """The databases of a run, in the order in which they are migrated."""
        statement = select(MigratedDatabase).where(MigratedDatabase.run_id == run).order_by(MigratedDatabase.position)
        return [_database(row) for row in self._session.scalars(statement)]

    def count_ended(self, moment: datetime) -> int:
        """How many runs ``delete_ended`` would delete."""
        return self._number(select(func.count()).select_from(self._ended(moment).subquery()))

    def delete_ended(self, moment: datetime, most: int) -> int:
        """Delete at most ``most`` runs that ended before ``moment``. Returns how many.

        The last successful run stays, and so do runs that failed after it, because they may be resumed.
        """
        numbers = list(self._session.scalars(self._ended(moment).limit(most)))
        connection = self._session.connection()
        connection.execute(delete(MigratedDatabase).where(MigratedDatabase.run_id.in_(numbers)))
        return connection.execute(delete(MigrationRun).where(MigrationRun.id.in_(numbers))).rowcount

    def _ended(self, moment: datetime) -> Select[int]:
        last_done = select(func.max(MigrationRun.id)).where(MigrationRun.state == MigrationState.DONE).scalar_subquery()
        ended = MigrationRun.state.in_((MigrationState.DONE, MigrationState.FAILED))
        return select(MigrationRun.id).where(ended, MigrationRun.finished_at < moment, MigrationRun.id < last_done)

    def _with_numbers(self, rows: Sequence[MigrationRun]) -> list[Run]:
        counted: dict[int, dict[MigrationState, int]] = {row.id: {} for row in rows}
        numbers = (
            select(MigratedDatabase.run_id, MigratedDatabase.state, func.count())
            .where(MigratedDatabase.run_id.in_(list(counted)))
            .group_by(MigratedDatabase.run_id, MigratedDatabase.state)
        )
        for run, state, number in self._session.execute(numbers):
            counted[run][MigrationState(state)] = number
        return [from_row(Run, row, databases=counted[row.id]) for row in rows]

    def _set_run(self, run: int, **values: Any) -> None:
        self._session.execute(update(MigrationRun).where(MigrationRun.id == run).values(**values))

    def _set(self, run: int, database: str, **values: Any) -> None:
        self._session.execute(
            update(MigratedDatabase)
            .where(MigratedDatabase.run_id == run, MigratedDatabase.database_name == database)
            .values(**values)
        )


def _database(row: MigratedDatabase) -> RunDatabase:
    worked = row.finished_at - row.started_at if row.finished_at and row.started_at else None
    renamed = {"database": row.database_name, "before": row.from_revision, "target": row.to_revision}
    return from_row(RunDatabase, row, **renamed, seconds=worked.total_seconds() if worked else None)
