"""The two schema histories: their revisions, what the file of each declares, and the statements that each sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from webautodash.errors import UsageError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_PACKAGE = Path(__file__).resolve().parents[2]


class SchemaHistory(StrEnum):
    """The two series of revisions, as alembic.ini names them."""

    SYSTEM = "system"
    PROVIDER = "provider"


# Alembic could tell, but takes long to import; a test compares.
HEADS = {SchemaHistory.SYSTEM: "s0012", SchemaHistory.PROVIDER: "p0018"}


@dataclass(frozen=True, slots=True)
class Revision:
    """What the file of a revision declares."""

    id: str
    subject: str
    contract: bool
    """Whether it drops, renames or narrows something that the previous version of the program still uses."""
    loses: tuple[str, ...]
    """Tables, and columns as ``table.column``, that its downgrade deletes."""
    cure: str | None
    """What to do if existing rows do not fit."""


@dataclass(frozen=True, slots=True)
class RevisionStatements:
    """The statements that one revision sends to a server."""

    revision: str
    statements: tuple[str, ...]


def head(history: SchemaHistory) -> str:
    """The revision that this version of the program works with."""
    return HEADS[history]


def all_revisions(history: SchemaHistory) -> list[str]:
    """Every revision, first to last."""
    return [script.revision for script in reversed(list(script_directory(history).walk_revisions()))]


def describe(history: SchemaHistory, revision: str) -> Revision:
    """What the file of a revision declares. ``revision`` is one of ``all_revisions``."""
    script = script_directory(history).get_revision(revision)
    module = script.module
    subject = str(script.doc).split("\n", 1)[0]
    return Revision(revision, subject, module.contract, tuple(module.loses), getattr(module, "cure", None))


def knows(history: SchemaHistory, revision: str) -> bool:
    """Whether the history has this revision; the database of a newer version may have one that it has not."""
    return revision == head(history) or revision in all_revisions(history)


def require_known(history: SchemaHistory, revision: str) -> None:
    """Raise UsageError, with the list of revisions, for one that the history does not have."""
    if not knows(history, revision):
        raise UsageError(f"no revision {revision!r}; the history has {', '.join(all_revisions(history))}")


def pending(history: SchemaHistory, found: str | None, target: str) -> list[str]:
    """The revisions after ``found`` up to and including ``target``; empty if ``target`` is not later."""
    revisions = all_revisions(history)
    first = revisions.index(found) + 1 if found is not None else 0
    return revisions[first : revisions.index(target) + 1]


def previous(history: SchemaHistory, revision: str) -> str | None:
    """The revision before another, None before the first."""
    revisions = all_revisions(history)
    place = revisions.index(revision)
    return revisions[place - 1] if place else None


def upgrade_sql(history: SchemaHistory, product: str, found: str | None, target: str) -> list[RevisionStatements]:
    """The statements of an upgrade as Alembic writes them for a database product, without a database."""
    from alembic import command

    steps = []
    for revision in pending(history, found, target):
        config = config_of(history)
        config.output_buffer = StringIO()
        config.attributes["product"] = product
        command.upgrade(config, f"{found or 'base'}:{revision}", sql=True)
        steps.append(RevisionStatements(revision, _statements(config.output_buffer.getvalue())))
        found = revision
    return steps


def sha256_of(statements: Sequence[str]) -> str:
    """The SHA-256 of statements, independent of their line breaks, as 64 hexadecimal digits."""
    return sha256("\n".join(map(_one_line, statements)).encode()).hexdigest()


@cache
def script_directory(history: SchemaHistory) -> "ScriptDirectory":
    """Alembic's directory of revisions, read once per process."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config_of(history))


def config_of(history: SchemaHistory) -> "Config":
    """Alembic's settings for a history."""
    from alembic.config import Config

    # A checkout has the folder next to the package, a wheel inside it.
    in_checkout = _PACKAGE.parent / "alembic.ini"
    ini = in_checkout if in_checkout.is_file() else _PACKAGE / "_alembic" / "alembic.ini"
    return Config(str(ini), ini_section=history.value)


def _statements(text: str) -> tuple[str, ...]:
    without_comments = "\n".join(row for row in text.splitlines() if not row.startswith("--"))
    return tuple(line for part in without_comments.split(";\n") if (line := _one_line(part.removesuffix(";"))))


def _one_line(statement: str) -> str:
    return " ".join(statement.split())
