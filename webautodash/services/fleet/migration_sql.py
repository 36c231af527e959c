"""The statements that a migration would send, before it is let loose."""

from collections.abc import Sequence
from dataclasses import dataclass

from webautodash.services import revisions
from webautodash.services.fleet.databases import RevisionStatus, members, standing
from webautodash.services.revisions import SchemaHistory, Step
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class MigrationScript:
    """What would be sent to each of some databases that stand alike."""

    before: str | None
    target: str
    databases: tuple[str, ...]
    steps: tuple[Step, ...]
    sha256: str
    """Of the statements; a run records the same of what it sent."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """What would be sent to all, and the databases that nothing can be sent to."""

    scripts: tuple[MigrationScript, ...]
    problems: tuple[str, ...]


def scripts(store: Store, providers: Sequence[str] = (), to: str | None = None) -> Scripts:
    """The statements for every database that is behind, the system database first; alike ones together."""
    if to is not None:
        revisions.require_known(SchemaHistory.PROVIDER, to)
    problems: list[str] = []
    alike: dict[tuple[SchemaHistory, str | None, str], list[str]] = {}
    for member in members(store, providers):
        look = standing(store, member, to if member.history is SchemaHistory.PROVIDER else None)
        if look.error is not None:
            problems.append(look.error)
        if look.state is RevisionStatus.BEHIND:
            alike.setdefault((member.history, look.revision, look.head), []).append(member.database)
    return Scripts(tuple(_script(store, *key, databases) for key, databases in alike.items()), tuple(problems))


def _script(
    store: Store, history: SchemaHistory, before: str | None, target: str, databases: Sequence[str]
) -> MigrationScript:
    steps = revisions.script(history, store.server.product, before, target)
    statements = [statement for step in steps for statement in step.statements]
    return MigrationScript(before, target, tuple(databases), tuple(steps), revisions.hash_of(statements))
