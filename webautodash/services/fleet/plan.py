"""What a run of the migrations is to do, and how carefully; looked at before anything is changed."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, TypeVar

from webautodash.errors import BreakingRevisions, UsageError
from webautodash.services import revisions
from webautodash.services.fleet.databases import (
    DatabaseRevision,
    Member,
    of_all_providers,
    of_provider,
    of_providers,
    standing,
)
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

T = TypeVar("T")
Look = tuple[Member, DatabaseRevision]


@dataclass(frozen=True, slots=True)
class Wave:
    """How many databases are taken before the next look at the failures: a number, or a share in percent."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> "Wave":
        """``10%`` or ``25``. Raises UsageError."""
        digits = text.removesuffix("%")
        percent = digits != text
        if not digits.isdecimal() or not int(digits) or (percent and int(digits) > 100):
            raise UsageError(f"a wave is a number of databases, or a share such as 10%; not {text!r}")
        return cls(int(digits), percent)

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)

    def of(self, databases: int) -> int:
        """How many that is."""
        return ceil(databases * self.number / 100) if self.percent else self.number


@dataclass(frozen=True, slots=True)
class Plan:
    """What to migrate, and how carefully."""

    providers: tuple[str, ...] = ()
    """Slugs; none for all."""
    to: str | None = None
    workers: int = 1
    canaries: tuple[str, ...] = ()
    """Slugs of the databases that go first; where one fails nothing else is begun."""
    wave: Wave | None = None
    max_failures: int | None = None
    """The number of failures after which no other database is begun."""
    contract: bool = False
    """Whether revisions that drop, rename or narrow are meant too."""

    def arguments(self) -> dict[str, Any]:
        """For the ledger, which ``again`` reads."""
        return {**asdict(self), "wave": self.wave and str(self.wave)}

    @classmethod
    def again(cls, arguments: Mapping[str, Any], workers: int) -> "Plan":
        """The plan that a run was begun with, as the ledger has it."""
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
    """One database in a dry run: its wave, 0 for the canaries, and what it would go through."""

    database: str
    provider: str | None
    before: str | None
    target: str
    wave: int
    revisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would do, in its order, and what stands in the way."""

    databases: tuple[PlannedMigration, ...]
    problems: tuple[str, ...]


def require_known(plan: Plan) -> None:
    """Raise UsageError for a revision that is not known."""
    if plan.to is not None:
        revisions.require_known(SchemaHistory.PROVIDER, plan.to)


def canaries_of(store: Store, plan: Plan) -> set[str | None]:
    """The slugs of a plan's canaries, by whatever names it calls them. Raises UnknownProvider."""
    return {of_provider(store, name).provider for name in plan.canaries}


def look_at(store: Store, plan: Plan) -> tuple[list[Look], set[str | None]]:
    """Where the databases of a plan stand, and the canaries among their providers. Raises UsageError."""
    chosen = of_providers(store, plan.providers) if plan.providers else of_all_providers(store)
    canaries = canaries_of(store, plan)
    strangers = canaries - {member.provider for member in chosen}
    if strangers:
        raise UsageError(
            f"{', '.join(sorted(map(str, strangers)))}: a canary that is not among the providers asked for"
        )
    # A provider who is being registered gets a database at head anyway.
    looks = [(member, standing(store, member, plan.to)) for member in chosen if not member.registering]
    return looks, canaries


def dry_run(store: Store, plan: Plan) -> DryRun:
    """What ``upgrade_all`` would do with which database. Changes nothing. Raises UsageError as that."""
    require_known(plan)
    system = Member(store.system.name, None, SchemaHistory.SYSTEM)
    looks, canaries = look_at(store, plan)
    behind = [(member, look) for member, look in looks if look.needs_work]
    ask_for_contract(plan, [look for _, look in behind])
    own = standing(store, system)
    planned = [_planned(system, own, 0)] if own.needs_work else []
    for wave, taken in waves(plan, canaries, behind, _member):
        planned += [_planned(member, look, wave) for member, look in taken]
    problems = [look.error for look in (own, *(look for _, look in looks)) if look.error is not None]
    return DryRun(tuple(planned), tuple(problems))


def _planned(member: Member, look: DatabaseRevision, wave: int) -> PlannedMigration:
    ahead = revisions.to_come(member.history, look.revision, look.head)
    return PlannedMigration(member.database, member.provider, look.revision, look.head, wave, tuple(ahead))


def ask_for_contract(plan: Plan, looks: Sequence[DatabaseRevision]) -> None:
    """Raise UsageError for revisions that older programs cannot work with, unless the plan asks for them."""
    if plan.contract:
        return
    ahead = {
        revision
        for look in looks
        # One without any has nothing yet that an older program could miss.
        if look.revision is not None
        for revision in revisions.to_come(SchemaHistory.PROVIDER, look.revision, look.head)
    }
    known = revisions.line(SchemaHistory.PROVIDER)
    meant = [rev for rev in known if rev in ahead and revisions.facts(SchemaHistory.PROVIDER, rev).contract]
    if meant:
        before = revisions.before(SchemaHistory.PROVIDER, meant[0])
        raise BreakingRevisions(
            [f"{rev}: {revisions.facts(SchemaHistory.PROVIDER, rev).subject}" for rev in meant], before
        )


def waves(
    plan: Plan, canaries: Container[str | None], things: Sequence[T], member_of: Callable[[T], Member]
) -> Iterator[tuple[int, Sequence[T]]]:
    """What is taken together, each wave with its number: 0 for the canaries."""
    first = [thing for thing in things if member_of(thing).provider in canaries]
    rest = [thing for thing in things if member_of(thing).provider not in canaries]
    if first:
        yield 0, first
    size = max(1, plan.wave.of(len(rest)) if plan.wave else len(rest))
    for number, start in enumerate(range(0, len(rest), size), start=1):
        yield number, rest[start : start + size]


def _member(look: Look) -> Member:
    return look[0]
