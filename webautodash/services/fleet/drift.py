"""Drift: whether a live database's tables are those of its own revision, whatever hands have done to it."""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from webautodash.database import Database
from webautodash.database.schema import Schema, differences, schema_of
from webautodash.domain.earlier_scripts.tables import LEGACY_NAMES
from webautodash.errors import DatabaseEmpty, DatabaseUnreachable, NewerThanProgram, WebAutoDashError
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import revisions
from webautodash.services.fleet.databases import Member, database_of, members
from webautodash.services.leases import leased
from webautodash.services.registry.rebuild_registry import identity_of
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_ASIDE = re.compile(r"check_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How one database's schema differs from what its revision makes."""

    database: str
    provider: str | None
    revision: str | None = None
    differences: tuple[str, ...] = ()
    error: str | None = None


def check_all(store: Store, providers: Sequence[str] = ()) -> list[DriftReport]:
    """Compare databases with a clean install of the revision that each is at, made aside on the same server."""
    chosen = members(store, providers)
    with leased(store.system, "migrate check", "migrate check", store.settings.lease_seconds):
        _clear_away(store)
        reference = _Reference(store)
        return [_check(store, member, reference) for member in chosen]


def _clear_away(store: Store) -> None:
    """Drop what checks that were killed have left: only what has such a name, and is nobody's."""
    prefix = store.settings.database_prefix
    registered = {provider.database_name for provider in store.providers()}
    for name in store.server.names(prefix):
        if _ASIDE.fullmatch(name.removeprefix(prefix)) and name not in registered:
            with suppress(WebAutoDashError):
                if identity_of(store.server, name) is None:
                    store.server.drop(name)


def _check(store: Store, member: Member, reference: "_Reference") -> DriftReport:
    try:
        database = database_of(store, member)
        revision = revisions.current(database)
        if revision is None:
            raise DatabaseEmpty(database.name, revisions.head(member.history))
        if not revisions.knows(member.history, revision):
            raise NewerThanProgram(database.name, revision, revisions.head(member.history))
        found = tuple(differences(reference.schema(member.history, revision), _schema(database)))
        return DriftReport(member.database, member.provider, revision, found)
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as error:
        return DriftReport(member.database, member.provider, error=str(error))


class _Reference:
    """What each revision makes on this very server; each is made once, looked at and dropped."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[SchemaHistory, str], Schema] = {}

    def schema(self, history: SchemaHistory, revision: str) -> Schema:
        key = (history, revision)
        if key not in self._known:
            with _clean_install(self._store, history, revision) as database:
                self._known[key] = _schema(database)
        return self._known[key]


@contextmanager
def _clean_install(store: Store, history: SchemaHistory, revision: str) -> Iterator[Database[UnitOfWork]]:
    # A name that is nobody's: it has no row that says whose it is.
    name = f"{store.settings.database_prefix}check_{secrets.token_hex(8)}"
    database = store.server.create(name, UnitOfWork)
    try:
        revisions.upgrade(database, history, revision)
        yield database
    finally:
        store.server.drop(name)


def _schema(database: Database[UnitOfWork]) -> Schema:
    with database.reading() as work:
        found = schema_of(work.session.connection())
    # What an adoption has put aside is of no revision.
    return {name: table for name, table in found.items() if name not in LEGACY_NAMES}
