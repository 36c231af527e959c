"""The open store: the server, the system database, and the provider databases, each checked when it is opened."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self, TypeVar
from weakref import WeakKeyDictionary

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.errors import (
    DatabaseMissing,
    DatabaseUnreachable,
    MadeByEarlierScripts,
    NotAtHead,
    NotSetUp,
    WebAutoDashError,
    WrongDatabase,
    without_context,
)
from webautodash.repositories.providers import ProviderIdentity, RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services import revisions
from webautodash.services.rebuild_registry import is_unadopted, rebuild
from webautodash.services.revisions import SchemaHistory
from webautodash.services.timeouts import TimeLimit

if TYPE_CHECKING:
    from webautodash.domain.extraction.profiles.profile import Profile

T = TypeVar("T")


@dataclass(frozen=True)
class ProviderDatabase:
    """One provider's database, after a check of its owner and revision."""

    provider: RegisteredProvider
    database: Database[ProviderWork]

    def unit_of_work(self) -> AbstractContextManager[ProviderWork]:
        """A unit of work that may write. What is not committed is undone when the block ends."""
        return self.database.unit_of_work()

    def reading(self) -> AbstractContextManager[ProviderWork]:
        """A unit of work that sees one snapshot of the database."""
        return self.database.reading()

    def run(self, transaction: Callable[[ProviderWork], T]) -> T:
        """Call ``transaction`` with a unit of work, then commit. An interrupted transaction is repeated as a whole.

        No migration begins before it ends. Raises BeingMigrated, NotAtHead or NewerThanProgram if one has begun since
        the database was opened.
        """
        return self.database.run(self._blocking_migrations(transaction))

    def run_raced(self, transaction: Callable[[ProviderWork], T]) -> T:
        """Like ``run``, and once more after DuplicateKey: another worker was first, and now its row is found."""
        return self.database.run_raced(self._blocking_migrations(transaction))

    def _blocking_migrations(self, transaction: Callable[[ProviderWork], T]) -> Callable[[ProviderWork], T]:
        def blocking(work: ProviderWork) -> T:
            revisions.block_migrations(work, self.database.name, self.provider)
            return transaction(work)

        return blocking


class Store:
    """All databases of one installation. ``open`` needs a system database, ``prepare`` creates it."""

    def __init__(self, settings: Settings, *, unattended: bool = False, schema: bool = False) -> None:
        """``unattended``, ``schema``: see Server."""
        self.settings = settings
        self.server = Server(settings, unattended=unattended, schema=schema)
        self.system = self.server.database(settings.system_database_name, SystemWork)
        # The owner that each open database records; a database that is opened again is checked again.
        self._checked: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self.time_limit = TimeLimit(settings.pass_seconds)
        """For reading folders, which may be those of another machine."""

    @classmethod
    def attach(cls, settings: Settings) -> Self:
        """The store at any revision, for migrations.

        Raises NotSetUp if there is none, SystemDatabaseTaken if its name is that of a provider's database.
        """
        store = cls(settings, schema=True)
        with store._closed_on_error():
            if not store.server.exists(store.system.name):
                raise NotSetUp(store.server.where)
            found = revisions.current(store.system)
            revisions.refuse_foreign(store.system.name, SchemaHistory.SYSTEM, found)
            if found is None:
                store._refuse_empty()
        return store

    @classmethod
    @without_context
    def open(cls, settings: Settings, *, unattended: bool = False, schema: bool = False) -> Self:
        """The store for reading and writing. Raises NotSetUp if there is none, NotAtHead before a migration."""
        store = cls(settings, unattended=unattended, schema=schema)
        with store._closed_on_error():
            try:
                with store.system.reading() as work:
                    revisions.require_head(work, store.system.name, SchemaHistory.SYSTEM)
            except DatabaseMissing:
                raise NotSetUp(store.server.where) from None
            except NotAtHead as behind:
                if behind.found is None:
                    store._refuse_empty()
                raise
        return store

    @classmethod
    def prepare(cls, settings: Settings, *, unattended: bool = False, schema: bool = False) -> Self:
        """The store, after its system database was created or upgraded to head.

        If the system database was lost, the registry is rebuilt from the provider databases.
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

    def _refuse_empty(self) -> NoReturn:
        """Raise for a system database without tables: a migration would leave the registry empty."""
        revisions.refuse_legacy_database(self.system, SchemaHistory.SYSTEM)
        raise NotSetUp(self.server.where, self.system.name) from None

    @cached_property
    def profiles(self) -> "tuple[Profile, ...]":
        """The profiles by which files are read, in the order in which they are tried; most commands read no file.

        Raises ConfigurationError or InvalidProfile, as ``load_profiles`` does.
        """
        from webautodash.services.profiles import load_profiles  # the readers of files, which most commands do not need

        return load_profiles(self.settings)

    def providers(self) -> list[RegisteredProvider]:
        """Every registered provider, by slug."""
        with self.system.reading() as work:
            return work.providers.all()

    @without_context
    def provider_database(self, provider: RegisteredProvider) -> ProviderDatabase:
        """A provider's database.

        Raises DatabaseMissing, NotAtHead, MadeByEarlierScripts before its adoption is finished, or WrongDatabase if it
        records another provider as its owner.
        """
        database = self.server.database(provider.database_name, ProviderWork)
        if self._checked.get(database.engine) != provider.identity:
            # A migration may be changing its tables now.
            try:
                found = database.retrying(partial(_identity_at_head, database))
            except NotAtHead:
                if is_unadopted(self.server, database.name):
                    raise MadeByEarlierScripts(database.name) from None
                raise
            if found is None and is_unadopted(self.server, database.name):
                raise MadeByEarlierScripts(database.name)
            if found is None or found.identity != provider.identity:
                raise WrongDatabase(database.name, provider.slug, found.slug if found else None)
            self._checked[database.engine] = provider.identity
        return ProviderDatabase(provider, database)

    def read_if_possible(self, provider: RegisteredProvider, read: Callable[[ProviderWork], T]) -> T | None:
        """Read from a provider's database; None if it cannot be read. Raises DatabaseUnreachable."""
        try:
            with self.provider_database(provider).reading() as work:
                return read(work)
        except DatabaseUnreachable:
            raise
        except WebAutoDashError:
            return None

    def close(self) -> None:
        """Close every connection."""
        # The server closes only the databases that it keeps, which may be others.
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
