"""The statements that a migration would send."""

from collections.abc import Sequence
from dataclasses import dataclass

from webautodash.domain.vocabulary import RevisionStatus
from webautodash.services import revisions
from webautodash.services.fleet.databases import members, read_revision
from webautodash.services.revisions import RevisionStatements, SchemaHistory
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class MigrationScript:
    """The statements for all databases with the same revision and target."""

    before: str | None
    target: str
    databases: tuple[str, ...]
    steps: tuple[RevisionStatements, ...]
    sha256: str
    """Of the statements; a run records the same for what it sent."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """The statements for every database, and why nothing can be sent to some databases."""

    scripts: tuple[MigrationScript, ...]
    problems: tuple[str, ...]


def migration_scripts(store: Store, providers: Sequence[str] = (), to: str | None = None) -> Scripts:
    """The statements for every database that is behind, the system database first."""
    if to is not None:
        revisions.require_known(SchemaHistory.PROVIDER, to)
    problems: list[str] = []
    groups: dict[tuple[SchemaHistory, str | None, str], list[str]] = {}
    for member in members(store, providers):
        found = read_revision(store, member, to if member.history is SchemaHistory.PROVIDER else None)
        if found.error is not None:
            problems.append(found.error)
        if found.state is RevisionStatus.BEHIND:
            groups.setdefault((member.history, found.revision, found.head), []).append(member.database)
    return Scripts(tuple(_script(store, *key, databases) for key, databases in groups.items()), tuple(problems))


def _script(
    store: Store, history: SchemaHistory, before: str | None, target: str, databases: Sequence[str]
) -> MigrationScript:
    steps = revisions.upgrade_sql(history, store.server.product, before, target)
    statements = [statement for step in steps for statement in step.statements]
    return MigrationScript(before, target, tuple(databases), tuple(steps), revisions.sha256_of(statements))
