"""The open store: the server, the system database, and each provider's database checked as it is opened."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import NoReturn, Self, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.database.unit_of_work import retrying
from webautodash.errors import DatabaseMissing, NotAtHead, NotSetUp, WrongDatabase, without_context
from webautodash.models import DatabaseIdentity
from webautodash.repositories import IdentityRepository, ProviderRepository
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services import revisions
from webautodash.services.registry.rebuild_registry import rebuild
from webautodash.services.revisions import History
from webautodash.services.timeouts import Patience

T = TypeVar("T")


@dataclass(frozen=True)
class ProviderDatabase:
    """One provider's database, known to be theirs and at this version's revision."""

    provider: RegisteredProvider
    database: Database

    def session(self) -> AbstractContextManager[Session]:
        """A unit of work that may write; leaving it without ``commit()`` undoes all."""
        return self.database.session()

    def reading(self) -> AbstractContextManager[Session]:
        """A session that sees one moment of the database."""
        return self.database.reading()

    def run(self, work: Callable[[Session], T]) -> T:
        """``work`` in one transaction, repeated whole when it was interrupted; no migration begins meanwhile.

        Raises BeingMigrated, NotAtHead or NewerThanProgram where one has begun since the database was opened.
        """
        return self.database.run(self._gated(work))

    def run_raced(self, work: Callable[[Session], T]) -> T:
        """``run``, once more where a unique key says that another worker was first: ``work`` then finds its row."""
        return self.database.run_raced(self._gated(work))

    def _gated(self, work: Callable[[Session], T]) -> Callable[[Session], T]:
        def gated(session: Session) -> T:
            revisions.keep_out_migrations(session, self.database.name, self.provider)
            return work(session)

        return gated


class Store:
    """All databases of one installation. ``open`` needs them to be there, ``prepare`` makes the system database."""

    def __init__(self, settings: Settings, *, unattended: bool = False, schema: bool = False) -> None:
        """``unattended``, ``schema``: see Server."""
        self.settings = settings
        self.server = Server(settings, unattended=unattended, schema=schema)
        self.system: Database = self.server.database(settings.system_database_name)
        # Whose each open database said it is; a database that is opened anew is asked anew.
        self._checked: WeakKeyDictionary[Database, str] = WeakKeyDictionary()
        self.owners: dict[tuple[str | None, str | None], RegisteredProvider] = {}
        """By the name in a file and the folder it lies in, whose the files of this run were."""
        self.patience = Patience(settings.pass_seconds)
        """With the folders that files lie in, which may be those of another machine."""

    @classmethod
    def attach(cls, settings: Settings) -> Self:
        """The store at whatever revision it is, for those who change it.

        Raises NotSetUp where there is none, SystemDatabaseTaken where the name is of a provider's database.
        """
        store = cls(settings, schema=True)
        if not store.server.exists(store.system.name):
            raise NotSetUp(store.server.where)
        found = revisions.current(store.system)
        revisions.refuse_other(store.system.name, History.SYSTEM, found)
        if found is None:
            store._refuse_bare()
        return store

    @classmethod
    @without_context
    def open(cls, settings: Settings, *, unattended: bool = False, schema: bool = False) -> Self:
        """The store for reading and writing. Raises NotSetUp where there is none, NotAtHead before a migration."""
        store = cls(settings, unattended=unattended, schema=schema)
        try:
            with store.system.reading() as session:
                revisions.require_head(session, store.system.name, History.SYSTEM)
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
        store.server.create(store.system.name)
        revisions.upgrade(store.system, History.SYSTEM)
        if not store.providers():
            rebuild(store.system, store.server, settings.database_prefix)
        return store

    def _refuse_bare(self) -> NoReturn:
        """A system database without a table of ours: to migrate it would leave the registry empty."""
        revisions.refuse_earlier(self.system, History.SYSTEM)
        raise NotSetUp(self.server.where, self.system.name) from None

    def providers(self) -> list[RegisteredProvider]:
        """Every registered provider, by slug."""
        with self.system.reading() as session:
            return ProviderRepository(session).all()

    def provider_database(self, provider: RegisteredProvider) -> ProviderDatabase:
        """A provider's database.

        Raises DatabaseMissing, NotAtHead, or WrongDatabase where the identity row names another provider.
        """
        database = self.server.database(provider.database_name)
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


def _identity_at_head(database: Database) -> DatabaseIdentity | None:
    with database.reading() as session:
        revisions.require_head(session, database.name, History.PROVIDER)
        return IdentityRepository(session).find()
