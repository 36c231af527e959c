"""The open store: the server, the system database, and each provider's database checked as it is opened."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import NoReturn, Self, TypeVar
from weakref import WeakKeyDictionary

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.database.session import retrying
from webautodash.errors import DatabaseMissing, NotAtHead, NotSetUp, WrongDatabase, without_context
from webautodash.repositories.providers import ProviderIdentity, RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services import revisions
from webautodash.services.registry.rebuild_registry import rebuild
from webautodash.services.revisions import SchemaHistory
from webautodash.services.timeouts import TimeLimit

T = TypeVar("T")


@dataclass(frozen=True)
class ProviderDatabase:
    """One provider's database, known to be theirs and at this version's revision."""

    provider: RegisteredProvider
    database: Database[ProviderWork]

    def unit_of_work(self) -> AbstractContextManager[ProviderWork]:
        """A unit of work that may write. What is not committed is undone when the block ends."""
        return self.database.unit_of_work()

    def reading(self) -> AbstractContextManager[ProviderWork]:
        """A unit of work that sees the database as it is at one moment."""
        return self.database.reading()

    def run(self, transaction: Callable[[ProviderWork], T]) -> T:
        """Call ``transaction`` with a unit of work, then commit. An interrupted transaction is repeated as a whole.

        No migration begins before it ends. Raises BeingMigrated, NotAtHead or NewerThanProgram if one has begun since
        the database was opened.
        """
        return self.database.run(self._gated(transaction))

    def run_raced(self, transaction: Callable[[ProviderWork], T]) -> T:
        """Like ``run``, and once more after DuplicateKey: another worker was first, and its row is found now."""
        return self.database.run_raced(self._gated(transaction))

    def _gated(self, transaction: Callable[[ProviderWork], T]) -> Callable[[ProviderWork], T]:
        def gated(work: ProviderWork) -> T:
            revisions.block_migrations(work, self.database.name, self.provider)
            return transaction(work)

        return gated


class Store:
    """All databases of one installation. ``open`` needs them to be there, ``prepare`` makes the system database."""

    def __init__(self, settings: Settings, *, unattended: bool = False, schema: bool = False) -> None:
        """``unattended``, ``schema``: see Server."""
        self.settings = settings
        self.server = Server(settings, unattended=unattended, schema=schema)
        self.system = self.server.database(settings.system_database_name, SystemWork)
        # Whose each open database said it is; a database that is opened anew is asked anew.
        self._checked: WeakKeyDictionary[Database[ProviderWork], str] = WeakKeyDictionary()
        self.time_limit = TimeLimit(settings.pass_seconds)
        """For reading folders, which may be those of another machine."""

    @classmethod
    def attach(cls, settings: Settings) -> Self:
        """The store at whatever revision it is, for those who change it.

        Raises NotSetUp where there is none, SystemDatabaseTaken where the name is of a provider's database.
        """
        store = cls(settings, schema=True)
        with store._closed_on_error():
            if not store.server.exists(store.system.name):
                raise NotSetUp(store.server.where)
            found = revisions.current(store.system)
            revisions.refuse_foreign(store.system.name, SchemaHistory.SYSTEM, found)
            if found is None:
                store._refuse_bare()
        return store

    @classmethod
    @without_context
    def open(cls, settings: Settings, *, unattended: bool = False, schema: bool = False) -> Self:
        """The store for reading and writing. Raises NotSetUp where there is none, NotAtHead before a migration."""
        store = cls(settings, unattended=unattended, schema=schema)
        with store._closed_on_error():
            try:
                with store.system.reading() as work:
                    revisions.require_head(work, store.system.name, SchemaHistory.SYSTEM)
            except DatabaseMissing:
                raise NotSetUp(store.server.where) from None
            except NotAtHead as behind:
                if behind.found is None:
                    store._refuse_bare()
                raise
        return store

    @classmethod
    def prepare(cls, settings: Settings, *, unattended: bool = False, schema: bool = False) -> Self:
        """The store, with its system database made and brought to head where it is not.

        Where the system database was lost, the registry comes back from the providers' databases.
        """
        store = cls(settings, unattended=unattended, schema=schema)
        with store._closed_on_error():
            store.server.create(store.system.name)
            revisions.upgrade(store.system, SchemaHistory.SYSTEM)
            if not store.providers():
                rebuild(store.system, store.server, settings.database_prefix)
        return store

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _refuse_bare(self) -> NoReturn:
        """A system database without a table of ours: to migrate it would leave the registry empty."""
        revisions.refuse_earlier_scripts(self.system, SchemaHistory.SYSTEM)
        raise NotSetUp(self.server.where, self.system.name) from None

    def providers(self) -> list[RegisteredProvider]:
        """Every registered provider, by slug."""
        with self.system.reading() as work:
            return work.providers.all()

    def provider_database(self, provider: RegisteredProvider) -> ProviderDatabase:
        """A provider's database.

        Raises DatabaseMissing, NotAtHead, or WrongDatabase where the identity row names another provider.
        """
        database = self.server.database(provider.database_name, ProviderWork)
        if self._checked.get(database) != provider.identity:
            # Its tables may be changing at this very moment.
            found = retrying(partial(_identity_at_head, database))
            if found is None or found.identity != provider.identity:
                raise WrongDatabase(database.name, provider.slug, found.slug if found else None)
            self._checked[database] = provider.identity
        return ProviderDatabase(provider, database)

    def close(self) -> None:
        """Close every connection."""
        # The server may have forgotten it for others since.
        self.system.close()
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()


def _identity_at_head(database: Database[ProviderWork]) -> ProviderIdentity | None:
    with database.reading() as work:
        revisions.require_head(work, database.name, SchemaHistory.PROVIDER)
        return work.identity.find()
