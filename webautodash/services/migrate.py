"""Schema histories: where a database stands, and bringing it to another revision, one revision at a time.

The only module that imports Alembic, and only where it has work for it: most commands find every database at head,
and Alembic takes longer to import than they take. It keeps its state in module-level proxies: one migration at a time
in a process.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, event, inspect, select, true, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webautodash.config import ENV_PREFIX, Settings
from webautodash.database import Database, Server
from webautodash.database.session import retrying
from webautodash.errors import (
    BeingMigrated,
    ConfigurationError,
    DatabaseError,
    DuplicateKey,
    MadeByEarlierScripts,
    MigrationFailed,
    NewerThanProgram,
    NotAtHead,
    TerminalError,
    UsageError,
)
from webautodash.models import DatabaseIdentity
from webautodash.models.base import utc_now
from webautodash.repositories.legacy_tables import LegacyTables

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_PACKAGE = Path(__file__).resolve().parents[1]


class History(StrEnum):
    """The two lines of revisions, as alembic.ini names them."""

    SYSTEM = "system"
    PROVIDER = "provider"


# The last revision of each, as a test asks Alembic.
_HEADS = {History.SYSTEM: "s0003", History.PROVIDER: "p0006"}
VERSION_TABLE, VERSION_COLUMN = "alembic_version", "version_num"
_VERSIONS = Table(VERSION_TABLE, MetaData(), Column(VERSION_COLUMN, String(32)))
# From here on a provider's database says itself that it is in the middle of a migration.
_SAYS_SO_SINCE = "p0002"
_LOOKS = ("SELECT", "SHOW", "PRAGMA", "DESCRIBE", "BEGIN")


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision's file says of it."""

    id: str
    subject: str
    contract: bool
    """Whether it drops, renames or narrows something that the program of before still uses."""
    loses: tuple[str, ...]
    """Tables, and columns as ``table.column``, that its way back takes away."""
    cure: str | None
    """What to do where rows that are there do not fit."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one revision sends to a server."""

    revision: str
    statements: tuple[str, ...]


def _nothing(_: object) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told of each revision: before it begins, with its name, and when it is done, with what it sent."""

    before: Callable[[str], None] = _nothing
    after: Callable[[Step], None] = _nothing


_UNWATCHED = Watch()


def head(history: History) -> str:
    """The revision that this version of the program works with."""
    return _HEADS[history]


def line(history: History) -> list[str]:
    """All revisions, first to last."""
    return [script.revision for script in reversed(list(_scripts(history).walk_revisions()))]


def facts(history: History, revision: str) -> Revision:
    """What a revision's file says. ``revision`` is one of ``line``."""
    script = _scripts(history).get_revision(revision)
    module = script.module
    subject = str(script.doc).split("\n", 1)[0]
    return Revision(revision, subject, module.contract, tuple(module.loses), getattr(module, "cure", None))


def knows(history: History, revision: str) -> bool:
    """Whether the history has this revision; a newer version's database has one that it has not."""
    return revision == head(history) or revision in line(history)


def require_known(history: History, revision: str) -> None:
    """Raise UsageError, with what is known, for a revision that the history has not."""
    if not knows(history, revision):
        raise UsageError(f"no revision {revision!r}; the history has {', '.join(line(history))}")


def to_come(history: History, found: str | None, target: str) -> list[str]:
    """The revisions between two, the target with them; none where it lies behind."""
    known = line(history)
    first = known.index(found) + 1 if found is not None else 0
    return known[first : known.index(target) + 1]


def current(database: Database) -> str | None:
    """The revision that a database is at, None for an empty one."""
    with database.reading() as session:
        return _revision(session.connection())


def require_head(session: Session, database: str, history: History) -> None:
    """Raise NotAtHead, or NewerThanProgram, for a database that this version cannot work with."""
    found, needed = _revision(session.connection()), head(history)
    if found != needed:
        _refuse_newer(database, history, found)
        raise NotAtHead(database, found, needed)


def keep_out_migrations(session: Session, database: str) -> None:
    """For as long as the transaction lasts no migration begins on a provider's database that was at head when opened.

    Raises BeingMigrated where one is at work or was interrupted, and what ``require_head`` raises.
    """
    said = session.execute(
        select(_VERSIONS.c.version_num, DatabaseIdentity.migrating_to, DatabaseIdentity.migrating_since)
        .join_from(_VERSIONS, DatabaseIdentity, true())
        .with_for_update(read=True)
    ).first()
    if said is not None and said.migrating_to is not None:
        raise BeingMigrated(database, said.migrating_to, said.migrating_since)
    if said is None or said.version_num != head(History.PROVIDER):
        require_head(session, database, History.PROVIDER)


def upgrade(database: Database, history: History, target: str | None = None, watch: Watch = _UNWATCHED) -> bool:
    """Bring a database to a revision, by default to head; True when something was done.

    Each revision is a step of its own; an interrupted one is done again by the next call. Two at once wait for each
    other. Raises MigrationFailed, NewerThanProgram, MadeByEarlierScripts, ConfigurationError where the system database
    is the earlier scripts', and what ``watch`` raises, which stops before the next step.
    """
    target = target or head(history)
    found = current(database)
    if found == target:
        return False
    _refuse_newer(database.name, history, found)
    if found is None:
        _refuse_earlier(database, history)
    return _go(database, history, [(revision, revision) for revision in to_come(history, found, target)], watch)


def downgrade(database: Database, history: History, target: str, watch: Watch = _UNWATCHED) -> bool:
    """Bring a database back to a revision; True when something was done. Rows may go: see ``Revision.loses``."""
    found = current(database)
    if found is None:
        return False
    _refuse_newer(database.name, history, found)
    undone = to_come(history, target, found)[::-1]
    lower = [*undone[1:], target]
    return _go(database, history, list(zip(undone, lower, strict=False)), watch)


def script(history: History, product: str, found: str | None, target: str) -> list[Step]:
    """The statements of an upgrade as Alembic writes them for a database product, without any database."""
    from alembic import command

    steps = []
    for revision in to_come(history, found, target):
        config = _config(history)
        config.output_buffer = StringIO()
        config.attributes["product"] = product
        command.upgrade(config, f"{found or 'base'}:{revision}", sql=True)
        steps.append(Step(revision, _statements(config.output_buffer.getvalue())))
        found = revision
    return steps


def hash_of(statements: Sequence[str]) -> str:
    """The SHA-256 of statements, wherever their lines break, as 64 hexadecimal digits."""
    return sha256("\n".join(map(one_line, statements)).encode()).hexdigest()


def one_line(statement: str) -> str:
    """A statement without its line breaks."""
    return " ".join(statement.split())


def _statements(text: str) -> tuple[str, ...]:
    without_comments = "\n".join(row for row in text.splitlines() if not row.startswith("--"))
    return tuple(one for part in without_comments.split(";\n") if (one := one_line(part.removesuffix(";"))))


def _go(database: Database, history: History, moves: Sequence[tuple[str, str]], watch: Watch) -> bool:
    """Make moves: the revision that each is about, and the one that the database is at after it."""
    if not moves:
        return False
    target = moves[-1][1]
    for revision, then in moves:
        watch.before(revision)
        if history is History.PROVIDER:
            _say_migrating(database, target)
        watch.after(Step(then, retrying(partial(_move, database, history, revision, then, target))))
    return True


def _say_migrating(database: Database, target: str) -> None:
    def say(session: Session) -> None:
        found = _revision(session.connection())
        if found is not None and _says_so(found):
            session.execute(update(DatabaseIdentity).values(migrating_to=target, migrating_since=utc_now()))

    database.run(say)


def _says_so(revision: str) -> bool:
    known = line(History.PROVIDER)
    return known.index(revision) >= known.index(_SAYS_SO_SINCE)


def _move(database: Database, history: History, revision: str, then: str, target: str) -> tuple[str, ...]:
    from alembic import command
    from alembic.util import CommandError

    sent: list[str] = []
    refused: str | None = None

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(one_line(statement))

    try:
        with database.migrating() as connection:
            if _revision(connection) == then:  # another process was first
                return ()
            event.listen(connection, "before_cursor_execute", note)
            config = _config(history)
            config.attributes["connection"] = connection
            go = command.upgrade if revision == then else command.downgrade
            try:
                go(config, then)
            except DBAPIError:
                refused = sent[-1]
                raise
            if then == target and history is History.PROVIDER and _says_so(then):
                # With the new revision in one commit: a database that is there says so.
                connection.execute(update(DatabaseIdentity).values(migrating_to=None, migrating_since=None))
                del sent[-1]
    except CommandError as error:
        raise TerminalError(f"database {database.name}: {error}") from None
    except DatabaseError as error:
        cure = error.advice
        if isinstance(error, DuplicateKey):
            cure = facts(history, revision).cure or "rows that are there do not fit the new key; correct them"
        raise MigrationFailed(database.name, revision, error.code, refused, cure) from None
    return tuple(statement for statement in sent if not statement.startswith(_LOOKS))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(_VERSIONS.c.version_num)).scalar()


def _refuse_newer(database: str, history: History, found: str | None) -> None:
    if found is not None and not knows(history, found):
        raise NewerThanProgram(database, found, head(history))


def _refuse_earlier(database: Database, history: History) -> None:
    """Tables of the same names that the earlier scripts made would be taken for ours."""
    with database.reading() as session:
        legacy = LegacyTables(session)
        if history is History.SYSTEM and legacy.is_earlier_registry():
            raise ConfigurationError(
                ENV_PREFIX + "SYSTEM_DATABASE",
                f"the database {database.name} is the earlier scripts' registry; it stays as it is, and this program's "
                f"needs another name, such as webautodash_registry",
            )
        if history is History.PROVIDER and (shape := legacy.shape()).here and not shape.ours:
            raise MadeByEarlierScripts(database.name)


@contextmanager
def database_by_hand(history: History, arguments: Mapping[str, str]) -> Iterator[Connection]:
    """The connection for an ``alembic`` command typed by hand; ``-x provider=SLUG`` names the provider."""
    from alembic.util import CommandError

    settings = Settings.load()
    if history is History.SYSTEM:
        name = settings.system_database_name
    elif slug := arguments.get("provider"):
        name = settings.database_prefix + slug
    else:
        raise CommandError("which provider? alembic -n provider -x provider=SLUG ...")
    with Server(settings) as server:
        if not server.exists(name):
            raise CommandError(f"there is no database {name} on {server.where}")
        with server.database(name).migrating() as connection:
            yield connection


@cache
def _scripts(history: History) -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(history))


def _config(history: History) -> "Config":
    from alembic.config import Config

    # A checkout has the folder beside the package, a wheel inside it.
    beside = _PACKAGE.parent / "alembic.ini"
    ini = beside if beside.is_file() else _PACKAGE / "_alembic" / "alembic.ini"
    return Config(str(ini), ini_section=history.value)
