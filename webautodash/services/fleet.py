"""All databases of one installation: where each stands, bringing all to head, and drift. One failure stops no other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from webautodash.database import Database
from webautodash.domain.vocabulary import Level
from webautodash.errors import DatabaseMissing, DatabaseUnreachable, WebAutoDashError
from webautodash.services import migrate
from webautodash.services.log import SystemLog
from webautodash.services.migrate import History
from webautodash.services.providers import resolve
from webautodash.services.store import Store

T = TypeVar("T")


class Standing(StrEnum):
    """Where a database stands against this version's revision."""

    AT_HEAD = "at head"
    BEHIND = "behind"
    AHEAD = "ahead"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class DatabaseRevision:
    """One database's revision; ``provider`` is None for the system database."""

    database: str
    provider: str | None
    revision: str | None
    head: str
    state: Standing


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """What bringing one database to head did."""

    database: str
    provider: str | None
    before: str | None
    after: str | None
    error: str | None = None

    @property
    def done(self) -> bool:
        """Whether there was anything to do, and it was done."""
        return self.error is None and self.before != self.after


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How one database's schema differs from its models."""

    database: str
    provider: str | None
    differences: tuple[str, ...] = ()
    error: str | None = None


def overview(store: Store, provider: str | None = None) -> list[DatabaseRevision]:
    """Every database's revision, the system database's first. Makes and changes nothing."""
    return [_standing(store, *member) for member in _members(store, provider)]


def upgrade_all(store: Store, provider: str | None = None) -> list[MigrationResult]:
    """Bring every database to head in turn, the system database first, and say what became of each."""
    registry = _upgrade(store, store.system.name, None, History.SYSTEM)
    if registry.error:
        # Without the registry nobody knows which databases there are.
        return [registry]
    results = [registry, *(_upgrade(store, *member) for member in _providers(store, provider))]
    log = SystemLog(store.system)
    for result in results:
        if result.error or result.done:
            log.record(
                Level.ERROR if result.error else Level.INFO,
                "migrate",
                "migration_failed" if result.error else "migrated",
                result.error or f"{result.database}: {result.before or 'empty'} to {result.after}",
                provider=result.provider,
                database_name=result.database,
            )
    return results


def check_all(store: Store, provider: str | None = None) -> list[DriftReport]:
    """Compare every database at head with its models."""
    return [_check(store, *member) for member in _members(store, provider)]


def _members(store: Store, provider: str | None) -> Iterator[tuple[str, str | None, History]]:
    if provider is None:
        yield store.system.name, None, History.SYSTEM
    yield from _providers(store, provider)


def _providers(store: Store, provider: str | None) -> Iterator[tuple[str, str, History]]:
    for each in [resolve(store, provider)] if provider is not None else store.providers():
        yield each.database_name, each.slug, History.PROVIDER


def _database(store: Store, name: str) -> Database:
    if not store.server.exists(name):
        raise DatabaseMissing(name)
    return store.server.database(name)


def _standing(store: Store, name: str, provider: str | None, history: History) -> DatabaseRevision:
    head = migrate.head(history)
    try:
        revision = migrate.current(_database(store, name))
    except DatabaseMissing:
        return DatabaseRevision(name, provider, None, head, Standing.MISSING)
    if revision == head:
        state = Standing.AT_HEAD
    elif revision is None or migrate.knows(history, revision):
        state = Standing.BEHIND
    else:
        state = Standing.AHEAD
    return DatabaseRevision(name, provider, revision, head, state)


def _upgrade(store: Store, name: str, provider: str | None, history: History) -> MigrationResult:
    def bring() -> MigrationResult:
        database = _database(store, name)
        before = migrate.current(database)
        migrate.upgrade(database, history)
        return MigrationResult(name, provider, before, migrate.current(database))

    return _isolated(bring, lambda error: MigrationResult(name, provider, None, None, error))


def _check(store: Store, name: str, provider: str | None, history: History) -> DriftReport:
    def compare() -> DriftReport:
        database = _database(store, name)
        with database.reading() as session:
            migrate.require_head(session, name, history)
        return DriftReport(name, provider, tuple(migrate.drift(database, history)))

    return _isolated(compare, lambda error: DriftReport(name, provider, error=error))


def _isolated(work: Callable[[], T], failed: Callable[[str], T]) -> T:
    """One database's failure is its result; a server out of reach is everybody's."""
    try:
        return work()
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as error:
        return failed(str(error))
