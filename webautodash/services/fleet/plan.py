"""Plans of upgrades: which databases, in which waves; checked and shown before anything is changed."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, TypeVar

from webautodash.domain.vocabulary import RevisionStatus
from webautodash.errors import BreakingRevisions, UsageError
from webautodash.services import revisions
from webautodash.services.fleet.databases import (
    DatabaseRevision,
    Member,
    members,
    members_of,
    provider_members,
    read_revision,
    system_member,
)
from webautodash.services.revisions import RevisionStatements, SchemaHistory
from webautodash.services.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wave:
    """How many databases are migrated before failures are checked: a number, or a share in percent."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> "Wave":
        """Parse ``10%`` or ``25``. Raises UsageError."""
        digits = text.removesuffix("%")
        percent = digits != text
        if not digits.isdecimal() or not int(digits) or (percent and int(digits) > 100):
            raise UsageError(f"a wave is a number of databases, or a share such as 10%; not {text!r}")
        return cls(int(digits), percent)

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)

    def of(self, databases: int) -> int:
        """The size of a wave if the run has this number of databases."""
        return ceil(databases * self.number / 100) if self.percent else self.number


@dataclass(frozen=True, slots=True)
class Plan:
    """What to migrate, and when to stop."""

    providers: tuple[str, ...] = ()
    """Slugs; empty for all providers."""
    to: str | None = None
    """Target revision of the provider databases; None for head."""
    workers: int = 1
    canaries: tuple[str, ...] = ()
    """Slugs of the databases that are migrated first; if one fails, no other is begun."""
    wave: Wave | None = None
    max_failures: int | None = None
    """The number of failures after which no other database is begun."""
    contract: bool = False
    """Whether to include breaking revisions, which drop, rename or narrow something."""

    def arguments(self) -> dict[str, Any]:
        """The plan as a run records it, for ``from_arguments``."""
        return {**asdict(self), "wave": self.wave and str(self.wave)}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any], workers: int) -> "Plan":
        """The plan of a recorded run; its providers are the databases of the run."""
        wave = arguments.get("wave")
        return cls(
            to=arguments.get("to"),
            workers=workers,
            canaries=tuple(arguments.get("canaries", ())),
            wave=Wave.parse(wave) if wave else None,
            max_failures=arguments.get("max_failures"),
            contract=bool(arguments.get("contract")),
        )


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """One database in a dry run: its wave, 0 for the canaries, and the revisions to apply."""

    database: str
    provider: str | None
    before: str | None
    target: str
    wave: int
    revisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would do, in its order, and the databases that cannot be migrated."""

    databases: tuple[PlannedMigration, ...]
    problems: tuple[str, ...]
    """The errors of ``refused`` as text."""
    refused: tuple[DatabaseRevision, ...]


def require_known_target(plan: Plan) -> None:
    """Raise UsageError for an unknown target revision."""
    if plan.to is not None:
        revisions.require_known(SchemaHistory.PROVIDER, plan.to)


def canaries_of(store: Store, plan: Plan) -> set[str | None]:
    """The slugs of a plan's canaries, whichever of their names it uses. Raises UnknownProvider."""
    return {member.provider for member in members_of(store, plan.canaries)}


def read_revisions(store: Store, plan: Plan) -> list[tuple[Member, DatabaseRevision]]:
    """Read where the databases of a plan stand. Raises UsageError for a canary that is not among them."""
    chosen = members_of(store, plan.providers) if plan.providers else provider_members(store)
    if others := canaries_of(store, plan) - {member.provider for member in chosen}:
        raise UsageError(f"{', '.join(sorted(map(str, others)))}: a canary that is not among the chosen providers")
    # Registration itself creates the database at head.
    return [(member, read_revision(store, member, plan.to)) for member in chosen if not member.is_registering]


def dry_run(store: Store, plan: Plan) -> DryRun:
    """What ``upgrade_all`` would do. Changes nothing. Raises UsageError as ``upgrade_all`` does."""
    require_known_target(plan)
    found, canaries = read_revisions(store, plan), canaries_of(store, plan)
    behind = [(member, revision) for member, revision in found if revision.needs_work]
    require_no_breaking_revisions(plan, [revision for _, revision in behind])
    system = system_member(store)
    own = read_revision(store, system)
    planned = [_planned(system, own, 0)] if own.needs_work else []
    for number, wave in waves(plan, canaries, behind, lambda one: one[0]):
        planned += [_planned(member, revision, number) for member, revision in wave]
    refused = tuple(one for one in (own, *(revision for _, revision in found)) if one.cause is not None)
    return DryRun(tuple(planned), tuple(str(one.error) for one in refused), refused)


def require_no_breaking_revisions(plan: Plan, found: Sequence[DatabaseRevision]) -> None:
    """Raise BreakingRevisions if revisions break an older program, unless the plan includes them."""
    if plan.contract:
        return
    history = SchemaHistory.PROVIDER
    # A database without a revision has nothing that an older program could miss.
    ahead = {
        revision
        for one in found
        if one.revision is not None
        for revision in revisions.pending(history, one.revision, one.head)
    }
    described = [revisions.describe(history, one) for one in revisions.all_revisions(history) if one in ahead]
    if breaking := [one for one in described if one.contract]:
        subjects = [f"{one.id}: {one.subject}" for one in breaking]
        raise BreakingRevisions(subjects, revisions.previous(history, breaking[0].id))


def waves(
    plan: Plan, canaries: Container[str | None], things: Sequence[T], member_of: Callable[[T], Member]
) -> Iterator[tuple[int, Sequence[T]]]:
    """The waves with their numbers; 0 is that of the canaries."""
    first = [thing for thing in things if member_of(thing).provider in canaries]
    rest = [thing for thing in things if member_of(thing).provider not in canaries]
    if first:
        yield 0, first
    size = max(1, plan.wave.of(len(rest)) if plan.wave else len(rest))
    for number, start in enumerate(range(0, len(rest), size), start=1):
        yield number, rest[start : start + size]


def _planned(member: Member, found: DatabaseRevision, wave: int) -> PlannedMigration:
    pending = revisions.pending(member.history, found.revision, found.head)
    return PlannedMigration(member.database, member.provider, found.revision, found.head, wave, tuple(pending))


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
    """The statements for every database, and the databases to which nothing can be sent."""

    scripts: tuple[MigrationScript, ...]
    problems: tuple[str, ...]
    """The errors of ``refused`` as text."""
    refused: tuple[DatabaseRevision, ...]


def migration_scripts(store: Store, providers: Sequence[str] = (), to: str | None = None) -> Scripts:
    """The statements for every database that is behind, the system database first."""
    if to is not None:
        revisions.require_known(SchemaHistory.PROVIDER, to)
    refused: list[DatabaseRevision] = []
    groups: dict[tuple[SchemaHistory, str | None, str], list[str]] = {}
    for member in members(store, providers):
        found = read_revision(store, member, to if member.history is SchemaHistory.PROVIDER else None)
        if found.cause is not None:
            refused.append(found)
        if found.state is RevisionStatus.BEHIND:
            groups.setdefault((member.history, found.revision, found.head), []).append(member.database)
    scripts = tuple(_script(store, *key, databases) for key, databases in groups.items())
    return Scripts(scripts, tuple(str(one.error) for one in refused), tuple(refused))


def _script(
    store: Store, history: SchemaHistory, before: str | None, target: str, databases: Sequence[str]
) -> MigrationScript:
    steps = revisions.upgrade_sql(history, store.server.product, before, target)
    statements = [statement for step in steps for statement in step.statements]
    return MigrationScript(before, target, tuple(databases), tuple(steps), revisions.sha256_of(statements))
