"""Upgrades and downgrades of one database, one revision at a time; an interrupted revision is repeated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from webautodash.database import Database
from webautodash.errors import DatabaseError, DuplicateKey, MigrationFailed, WouldLoseRows, without_context
from webautodash.repositories.schema import RunningMigration, SentStatements
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.callbacks import ignore
from webautodash.services.revisions.histories import (
    RevisionStatements,
    SchemaHistory,
    config_of,
    describe,
    head,
    pending,
    previous,
    script_directory,
)
from webautodash.services.revisions.revision_status import refusal, refuse_legacy_database

_MISMATCH = "its tables are not those of the previous revision; undo the manual changes"
_ROWS_DO_NOT_FIT = "existing rows do not fit the new key; correct them"
_NO_CHANGE = ("SELECT", "SHOW", "PRAGMA", "DESCRIBE", "BEGIN")


@dataclass(frozen=True, slots=True)
class RevisionListener:
    """Callbacks of a migration: before each revision with its name, and after it with the statements that it sent."""

    before: Callable[[str], None] = ignore
    after: Callable[[RevisionStatements], None] = ignore


_NO_LISTENER = RevisionListener()


def upgrade(
    database: Database[UnitOfWork],
    history: SchemaHistory,
    target: str | None = None,
    listener: RevisionListener = _NO_LISTENER,
) -> bool:
    """Upgrade a database to a revision, by default to head. Returns whether anything was done.

    Each revision is a transaction of its own where the product allows it; an interrupted upgrade or downgrade is
    finished by the next call. Concurrent calls wait for each other.
    Raises MigrationFailed, NewerThanProgram, MadeByEarlierScripts, ConfigurationError if the system database is the
    registry of the earlier scripts, and what ``listener`` raises, which stops before the next revision.
    """
    target = target or head(history)
    position = _position(database, history)
    found = position.revision
    if found == target and position.migration is None:
        return False
    _refuse(database.name, history, found)
    if found is None:
        refuse_legacy_database(database, history)
    steps = [_Step(revision, revision) for revision in pending(history, found, target)]
    if found is not None and position.migration is not None and pending(history, position.migration.target, found):
        # A downgrade was interrupted within this revision: undo it completely, then repeat it.
        steps = [_Step(found, previous(history, found)), _Step(found, found), *steps]
    return _take(database, history, steps, target, listener)


def downgrade(
    database: Database[UnitOfWork],
    history: SchemaHistory,
    target: str,
    listener: RevisionListener = _NO_LISTENER,
    *,
    accept_loss: bool = True,
) -> bool:
    """Downgrade a database to a revision. Returns whether anything was done.

    Raises WouldLoseRows, before anything of the revision is undone, if rows would be deleted and that is not accepted.
    """
    position = _position(database, history)
    found = position.revision
    if found is None or (found == target and position.migration is None):
        return False
    _refuse(database.name, history, found)
    undone = reversed(pending(history, target, found))
    steps = [_Step(revision, previous(history, revision), accept_loss) for revision in undone]
    return _take(database, history, steps, target, listener)


def losses(work: UnitOfWork, history: SchemaHistory, revisions: Sequence[str]) -> dict[str, int]:
    """What a downgrade of some revisions deletes, and how many rows of each; empty if there are none."""
    lost = [name for revision in revisions for name in describe(history, revision).loses]
    counts = {name: work.schema.count(name) for name in lost}
    return {name: rows for name, rows in counts.items() if rows}


@dataclass(frozen=True, slots=True)
class _Position:
    revision: str | None
    migration: RunningMigration | None


@dataclass(frozen=True, slots=True)
class _Step:
    """One revision to apply or to undo."""

    revision: str
    result: str | None
    """The revision of the database afterwards: the same, or the one before."""
    accept_loss: bool = True

    @property
    def is_upgrade(self) -> bool:
        return self.result == self.revision

    def is_done(self, history: SchemaHistory, found: str | None) -> bool:
        """Whether the database is already there or past it, because another process was first."""
        if self.is_upgrade:
            return found is not None and not pending(history, found, self.revision)
        return found is None or not pending(history, self.result, found)


def _position(database: Database[UnitOfWork], history: SchemaHistory) -> _Position:
    def read() -> _Position:
        with database.reading() as work:
            found = work.schema.revision()
            records = found is not None and history is SchemaHistory.PROVIDER
            return _Position(found, work.schema.running_migration() if records else None)

    # Another process may be changing the tables that are read.
    return database.retrying(read)


def _refuse(database: str, history: SchemaHistory, found: str | None) -> None:
    if found is not None and (error := refusal(database, history, found)):
        raise error


def _take(
    database: Database[UnitOfWork],
    history: SchemaHistory,
    steps: Sequence[_Step],
    target: str,
    listener: RevisionListener,
) -> bool:
    for step in steps:
        listener.before(step.revision)
        statements = database.retrying(partial(_take_step, database, history, step, target))
        listener.after(RevisionStatements(str(step.result), statements))
    if not steps:
        # The last revision is done, and the end of the migration is not recorded.
        with database.migrating() as work:
            if work.schema.revision() == target:
                work.schema.end_migration()
    return True


@without_context
def _take_step(database: Database[UnitOfWork], history: SchemaHistory, step: _Step, target: str) -> tuple[str, ...]:
    from alembic.util import CommandError

    sent = SentStatements()
    try:
        with database.migrating() as work:
            found = work.schema.revision()
            _refuse(database.name, history, found)
            if step.is_done(history, found):
                return ()
            if history is SchemaHistory.PROVIDER:
                # Locked from here to the first commit. What is written before it is undone with it.
                work.schema.begin_migration(target)
            if not step.accept_loss and (lost := losses(work, history, [step.revision])):
                raise WouldLoseRows(database.name, list(lost.items()))
            with work.schema.recording(sent):
                _run_alembic(work, history, found, step)
            if step.result == target and history is SchemaHistory.PROVIDER:
                # In one commit with the new revision: a database at the target never records a finished migration.
                work.schema.end_migration()
    except CommandError as error:
        raise MigrationFailed(database.name, step.revision, "alembic", None, str(error)) from None
    except DatabaseError as error:
        advice = _MISMATCH if error.code in database.schema_mismatch_codes else error.advice
        if isinstance(error, DuplicateKey):
            advice = describe(history, step.revision).cure or _ROWS_DO_NOT_FIT
        raise MigrationFailed(database.name, step.revision, error.code, sent.refused, advice) from None
    return tuple(statement for statement in sent.statements if not statement.startswith(_NO_CHANGE))


def _run_alembic(work: UnitOfWork, history: SchemaHistory, found: str | None, step: _Step) -> None:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import RevisionStep

    # As alembic.command does, which would read the file of every revision again for each step of each database.
    known = script_directory(history)
    ends = (step.result, found) if step.is_upgrade else (found, step.result)
    passed = list(known.iterate_revisions(*ends))
    steps = [RevisionStep(known.revision_map, each, step.is_upgrade) for each in passed]
    config = config_of(history)
    config.attributes["connection"] = work.schema.connection()
    with EnvironmentContext(config, known, fn=lambda *_: steps[::-1] if step.is_upgrade else steps):
        known.run_env()
