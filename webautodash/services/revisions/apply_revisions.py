"""A database to another revision, one revision at a time, each alone at work and bearing to be done again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Select, column, event, func, select, table
from sqlalchemy.exc import DBAPIError

from webautodash.database import Database
from webautodash.database.session import retrying
from webautodash.errors import DatabaseError, DuplicateKey, MigrationFailed, WouldLoseRows, without_context
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.callbacks import ignore
from webautodash.services.revisions import migration_lock
from webautodash.services.revisions.histories import (
    SchemaHistory,
    Step,
    before,
    config_of,
    facts,
    head,
    one_line,
    scripts,
    to_come,
)
from webautodash.services.revisions.migration_lock import Underway
from webautodash.services.revisions.revision_status import refuse_earlier, refuse_newer, revision_of

_MISMATCH = "its tables are not what the revision before made; undo what a hand has changed"
_LOOKS = ("SELECT", "SHOW", "PRAGMA", "DESCRIBE", "BEGIN")


@dataclass(frozen=True, slots=True)
class RevisionListener:
    """Who is told of each revision: before it begins, with its name, and when it is done, with what it sent."""

    before: Callable[[str], None] = ignore
    after: Callable[[Step], None] = ignore


_UNWATCHED = RevisionListener()


def upgrade(
    database: Database[UnitOfWork],
    history: SchemaHistory,
    target: str | None = None,
    watch: RevisionListener = _UNWATCHED,
) -> bool:
    """Bring a database to a revision, by default to head; True when something was done.

    Each revision is a step of its own; an interrupted one, up or down, is done again by the next call. Two at once wait
    for each other.
    Raises MigrationFailed, NewerThanProgram, MadeByEarlierScripts, ConfigurationError where the system database is the
    earlier scripts', and what ``watch`` raises, which stops before the next step.
    """
    target = target or head(history)
    found, underway = _position(database, history)
    if found == target and underway is None:
        return False
    refuse_newer(database.name, history, found)
    if found is None:
        refuse_earlier(database, history)
    moves = [Move(revision, revision) for revision in to_come(history, found, target)]
    if found is not None and underway is not None and to_come(history, underway.target, found):
        # The way back was interrupted in the middle of this revision: it is undone whole, and done again.
        moves = [Move(found, before(history, found)), Move(found, found), *moves]
    return _go(database, history, moves, target, watch)


def downgrade(
    database: Database[UnitOfWork],
    history: SchemaHistory,
    target: str,
    watch: RevisionListener = _UNWATCHED,
    *,
    accept_loss: bool = True,
) -> bool:
    """Bring a database back to a revision; True when something was done.

    Raises WouldLoseRows, before anything of the revision is undone, where rows would go and must not.
    """
    found, underway = _position(database, history)
    if found is None or (found == target and underway is None):
        return False
    refuse_newer(database.name, history, found)
    moves = [
        Move(revision, before(history, revision), accept_loss) for revision in to_come(history, target, found)[::-1]
    ]
    return _go(database, history, moves, target, watch)


def losses(connection: Connection, history: SchemaHistory, revisions: Sequence[str]) -> list[tuple[str, int]]:
    """What the way back from some revisions takes away, and how many rows of it there are; nothing for none."""
    lost = [what for revision in revisions for what in facts(history, revision).loses]
    counted = [(what, connection.execute(_count(what)).scalar() or 0) for what in lost]
    return [(what, rows) for what, rows in counted if rows]


class Move(NamedTuple):
    """One revision done, or undone."""

    revision: str
    then: str | None
    """Where the database is after it: the revision itself, or the one before."""
    accept_loss: bool = True

    @property
    def goes_up(self) -> bool:
        """Whether it is done, not undone."""
        return self.then == self.revision

    def is_made(self, history: SchemaHistory, found: str | None) -> bool:
        """Whether a database is there already, or beyond: another process was first."""
        if self.goes_up:
            return found is not None and not to_come(history, found, self.revision)
        return found is None or not to_come(history, self.then, found)


def _position(database: Database[UnitOfWork], history: SchemaHistory) -> tuple[str | None, Underway | None]:
    def look() -> tuple[str | None, Underway | None]:
        with database.reading() as work:
            found = revision_of(work.session.connection())
            says = found is not None and history is SchemaHistory.PROVIDER
            return found, migration_lock.underway(work.session.connection()) if says else None

    # Another process may be changing the tables that are looked at.
    return retrying(look)


def _go(
    database: Database[UnitOfWork], history: SchemaHistory, moves: Sequence[Move], target: str, watch: RevisionListener
) -> bool:
    for move in moves:
        watch.before(move.revision)
        sent = retrying(partial(_move, database, history, move, target))
        watch.after(Step(str(move.then), sent))
    if not moves:
        # All is done but to say so.
        with database.migrating() as connection:
            if revision_of(connection) == target:
                migration_lock.reopen(connection)
    return True


@without_context
def _move(database: Database[UnitOfWork], history: SchemaHistory, move: Move, target: str) -> tuple[str, ...]:
    from alembic.util import CommandError

    sent: list[str] = []
    refused: list[str] = []
    try:
        with database.migrating() as connection:
            found = revision_of(connection)
            refuse_newer(database.name, history, found)
            if move.is_made(history, found):
                return ()
            if history is SchemaHistory.PROVIDER:
                # Held from here to the first commit. What is written before it is undone with it.
                migration_lock.close(connection, target)
            if not move.accept_loss and (lost := losses(connection, history, [move.revision])):
                raise WouldLoseRows(database.name, lost)
            with _noted(connection, sent, refused):
                _run_alembic(connection, history, found, move)
            if move.then == target and history is SchemaHistory.PROVIDER:
                # With the new revision in one commit: a database that is there says so.
                migration_lock.reopen(connection)
    except CommandError as error:
        raise MigrationFailed(database.name, move.revision, "alembic", None, str(error)) from None
    except DatabaseError as error:
        cure = _MISMATCH if error.code in database.schema_mismatch_codes else error.advice
        if isinstance(error, DuplicateKey):
            cure = facts(history, move.revision).cure or "rows that are there do not fit the new key; correct them"
        raise MigrationFailed(database.name, move.revision, error.code, next(iter(refused), None), cure) from None
    return tuple(statement for statement in sent if not statement.startswith(_LOOKS))


def _run_alembic(connection: Connection, history: SchemaHistory, found: str | None, move: Move) -> None:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import RevisionStep

    # As alembic.command does it, which would read every revision's file again for each step of each database.
    known = scripts(history)
    way = (move.then, found) if move.goes_up else (found, move.then)
    passed = list(known.iterate_revisions(*way))
    steps = [RevisionStep(known.revision_map, each, move.goes_up) for each in passed]
    config = config_of(history)
    config.attributes["connection"] = connection
    with EnvironmentContext(config, known, fn=lambda *_: steps[::-1] if move.goes_up else steps):
        known.run_env()


@contextmanager
def _noted(connection: Connection, sent: list[str], refused: list[str]) -> Iterator[None]:
    """Note the statements that are sent, and the one that the server refuses."""

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(one_line(statement))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield
    except DBAPIError:
        refused.extend(sent[-1:])
        raise
    finally:
        event.remove(connection, "before_cursor_execute", note)


def _count(what: str) -> Select[int]:
    name, _, one = what.partition(".")
    counted = select(func.count()).select_from(table(name))
    return counted.where(column(one).is_not(None)) if one else counted
