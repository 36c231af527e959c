"""The two histories: which revisions there are, what each says of itself, and the statements that it sends."""

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
    """The two lines of revisions, as alembic.ini names them."""

    SYSTEM = "system"
    PROVIDER = "provider"


# The last revision of each, as a test asks Alembic.
HEADS = {SchemaHistory.SYSTEM: "s0012", SchemaHistory.PROVIDER: "p0015"}


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision's file says of it."""

    id: str
    subject: str
    contract: bool
    """Whether it drops, renames or narrows something that the previous version of the program still uses."""
    loses: tuple[str, ...]
    """Tables, and columns as ``table.column``, that its way back takes away."""
    cure: str | None
    """What to do where rows that are there do not fit."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one revision sends to a server."""

    revision: str
    statements: tuple[str, ...]


def head(history: SchemaHistory) -> str:
    """The revision that this version of the program works with."""
    return HEADS[history]


def line(history: SchemaHistory) -> list[str]:
    """All revisions, first to last."""
    return [script.revision for script in reversed(list(scripts(history).walk_revisions()))]


def facts(history: SchemaHistory, revision: str) -> Revision:
    """What a revision's file says. ``revision`` is one of ``line``."""
    script = scripts(history).get_revision(revision)
    module = script.module
    subject = str(script.doc).split("\n", 1)[0]
    return Revision(revision, subject, module.contract, tuple(module.loses), getattr(module, "cure", None))


def knows(history: SchemaHistory, revision: str) -> bool:
    """Whether the history has this revision; a newer version's database has one that it has not."""
    return revision == head(history) or revision in line(history)


def other_history(history: SchemaHistory, revision: str | None) -> bool:
    """Whether a revision, also one of a later version, is of the other history."""
    other = next(one for one in SchemaHistory if one is not history)
    return revision is not None and revision.startswith(head(other)[0])


def require_known(history: SchemaHistory, revision: str) -> None:
    """Raise UsageError, with what is known, for a revision that the history has not."""
    if not knows(history, revision):
        raise UsageError(f"no revision {revision!r}; the history has {', '.join(line(history))}")


def to_come(history: SchemaHistory, found: str | None, target: str) -> list[str]:
    """The revisions between two, the target with them; none where it lies behind."""
    known = line(history)
    first = known.index(found) + 1 if found is not None else 0
    return known[first : known.index(target) + 1]


def before(history: SchemaHistory, revision: str) -> str | None:
    """The revision before another, None before the first."""
    known = line(history)
    place = known.index(revision)
    return known[place - 1] if place else None


def script(history: SchemaHistory, product: str, found: str | None, target: str) -> list[Step]:
    """The statements of an upgrade as Alembic writes them for a database product, without any database."""
    from alembic import command

    steps = []
    for revision in to_come(history, found, target):
        config = config_of(history)
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


@cache
def scripts(history: SchemaHistory) -> "ScriptDirectory":
    """The revisions as Alembic has them, read once in a process."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config_of(history))


def config_of(history: SchemaHistory) -> "Config":
    """Alembic's settings for a history."""
    from alembic.config import Config

    # A checkout has the folder beside the package, a wheel inside it.
    beside = _PACKAGE.parent / "alembic.ini"
    ini = beside if beside.is_file() else _PACKAGE / "_alembic" / "alembic.ini"
    return Config(str(ini), ini_section=history.value)
