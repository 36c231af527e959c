"""Schema histories: where a database stands, bringing it to head, and whether it is what its models say.

The only module that imports Alembic, and only where it has work for it: most commands find every database at head,
and Alembic takes longer to import than they take. It keeps its state in module-level proxies: one migration at a time
in a process.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.database.session import retrying
from webautodash.errors import NewerThanProgram, NotAtHead, TerminalError
from webautodash.models import ProviderBase, SystemBase

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

_PACKAGE = Path(__file__).resolve().parents[1]


class History(StrEnum):
    """The two lines of revisions, as alembic.ini names them."""

    SYSTEM = "system"
    PROVIDER = "provider"


# The last revision of each, as a test asks Alembic.
_HEADS = {History.SYSTEM: "s0002", History.PROVIDER: "p0001"}
_VERSIONS = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def head(history: History) -> str:
    """The revision that this version of the program works with."""
    return _HEADS[history]


def knows(history: History, revision: str) -> bool:
    """Whether the history has this revision; a newer version's database has one that it has not."""
    return revision in {script.revision for script in _scripts(history).walk_revisions()}


def current(database: Database) -> str | None:
    """The revision that a database is at, None for an empty one."""
    with database.reading() as session:
        return _revision(session)


def require_head(session: Session, database: str, history: History) -> None:
    """Raise NotAtHead, or NewerThanProgram, for a database that this version cannot work with."""
    found, needed = _revision(session), head(history)
    if found != needed:
        _refuse_newer(database, history, found)
        raise NotAtHead(database, found, needed)


def upgrade(database: Database, history: History) -> bool:
    """Bring a database to head; True when something was done. Two at once wait for each other."""
    found = current(database)
    if found == head(history):
        return False
    _refuse_newer(database.name, history, found)
    retrying(lambda: _upgrade(database, history))
    return True


def _revision(session: Session) -> str | None:
    if not inspect(session.connection()).has_table(_VERSIONS.name):
        return None
    return session.scalar(select(_VERSIONS.c.version_num))


def _refuse_newer(database: str, history: History, found: str | None) -> None:
    if found is not None and not knows(history, found):
        raise NewerThanProgram(database, found, head(history))


def _upgrade(database: Database, history: History) -> None:
    from alembic import command
    from alembic.util import CommandError

    # Each revision bears to be run again, so a lost connection is no reason to give up.
    with database.migrating() as connection:
        config = _config(history)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise TerminalError(f"database {database.name}: {error}") from None


def drift(database: Database, history: History) -> list[str]:
    """How a database's schema differs from its models, a line a difference; empty when it does not."""
    from alembic import autogenerate
    from alembic.migration import MigrationContext

    metadata = SystemBase.metadata if history is History.SYSTEM else ProviderBase.metadata
    with database.reading() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": compare_type, "compare_server_default": True}
        )
        return [_describe(difference) for difference in autogenerate.compare_metadata(context, metadata)]


def compare_type(
    context: "MigrationContext",
    _found: Column[Any],
    model: Column[Any],
    found: TypeEngine[Any],
    wanted: TypeEngine[Any],
) -> bool | None:
    """True for a column that compares text otherwise than its model: it would merge people. Alembic sees the rest."""
    table_default = model.table.kwargs.get(f"{context.dialect.name}_collate")
    ours = getattr(wanted.dialect_impl(context.dialect), "collation", None) or table_default
    theirs = getattr(found, "collation", None) or table_default
    return True if ours != theirs else None


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


def _describe(difference: object) -> str:
    if isinstance(difference, list):
        return "; ".join(_describe(part) for part in difference)
    if isinstance(difference, tuple):
        return " ".join(str(getattr(part, "name", None) or part) for part in difference if part is not None)
    return str(difference)


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
