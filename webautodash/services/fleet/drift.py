"""Drift: differences between the tables of a database and those of its revision, such as manual changes."""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from webautodash.database import Database
from webautodash.database.schema import Schema, differences
from webautodash.domain.json_document import NOT_IN_JSON
from webautodash.domain.legacy.tables import LEGACY_NAMES
from webautodash.errors import DatabaseUnreachable, NotAtHead, WebAutoDashError
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import revisions
from webautodash.services.fleet.databases import Member, database_of, members
from webautodash.services.leases import leased
from webautodash.services.rebuild_registry import identity_of
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_REFERENCE_NAME = re.compile(r"check_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How the schema of one database differs from that of its revision."""

    database: str
    provider: str | None
    revision: str | None = None
    differences: tuple[str, ...] = ()
    error: str | None = None
    error_kind: str | None = None
    cause: WebAutoDashError | None = field(default=None, compare=False, metadata=NOT_IN_JSON)
    """The error itself."""


def check_all(store: Store, providers: Sequence[str] = ()) -> list[DriftReport]:
    """Compare databases with a new database of the same revision, which is created on the same server and dropped."""
    chosen = members(store, providers)
    with leased(store.system, "migrate check", "migrate check", store.settings.lease_seconds):
        _drop_leftovers(store)
        reference = _Reference(store)
        return [_check(store, member, reference) for member in chosen]


def _drop_leftovers(store: Store) -> None:
    """Drop the reference databases of killed checks: those with such a name that have no owner."""
    prefix = store.settings.database_prefix
    registered = {provider.database_name for provider in store.providers()}
    for name in store.server.names(prefix):
        if _REFERENCE_NAME.fullmatch(name.removeprefix(prefix)) and name not in registered:
            with suppress(WebAutoDashError):
                if identity_of(store.server, name) is None:
                    store.server.drop(name)


def _check(store: Store, member: Member, reference: "_Reference") -> DriftReport:
    try:
        database = database_of(store, member)
        revision = revisions.current(database)
        if error := revisions.refusal(member.database, member.history, revision):
            raise error
        if revision is None:
            raise NotAtHead(member.database, None, revisions.head(member.history))
        found = tuple(differences(reference.schema(member.history, revision), _schema(database)))
        return DriftReport(member.database, member.provider, revision, found)
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as error:
        return DriftReport(member.database, member.provider, error=str(error), error_kind=error.kind, cause=error)


class _Reference:
    """The schema that each revision creates on this server; each is created once, read and dropped."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._schemas: dict[tuple[SchemaHistory, str], Schema] = {}

    def schema(self, history: SchemaHistory, revision: str) -> Schema:
        key = (history, revision)
        if key not in self._schemas:
            with _reference_database(self._store, history, revision) as database:
                self._schemas[key] = _schema(database)
        return self._schemas[key]


@contextmanager
def _reference_database(store: Store, history: SchemaHistory, revision: str) -> Iterator[Database[UnitOfWork]]:
    name = f"{store.settings.database_prefix}check_{secrets.token_hex(8)}"
    store.server.create(name)
    database = store.server.database(name, UnitOfWork)
    try:
        revisions.upgrade(database, history, revision)
        yield database
    finally:
        store.server.drop(name)


def _schema(database: Database[UnitOfWork]) -> Schema:
    with database.reading() as work:
        found = work.schema.tables()
    # The original tables that an adoption keeps are of no revision.
    return {name: table for name, table in found.items() if name not in LEGACY_NAMES}
