"""The registry as a view: what the providers' own databases say of themselves, for when it was lost."""

from contextlib import suppress

from sqlalchemy.orm import Session

from webautodash.database import Database, Server
from webautodash.domain.naming import database_name
from webautodash.domain.vocabulary import Level, ProviderStatus
from webautodash.errors import DuplicateKey, TerminalError
from webautodash.models import DatabaseIdentity
from webautodash.repositories import IdentityRepository, LogRepository, ProviderRepository, SessionRepository
from webautodash.repositories.sessions import Totals


def identity_of(server: Server, database: str) -> DatabaseIdentity | None:
    """Whose a database says it is; None for one that is not there, or is nobody's."""
    if not server.exists(database):
        return None
    with suppress(TerminalError), server.database(database).reading() as session:
        return IdentityRepository(session).find()
    return None


def restore(repository: ProviderRepository, left: DatabaseIdentity, database: str, status: ProviderStatus) -> int:
    """Register a provider as their database says; the number of the row."""
    number = repository.add(
        identity=left.identity,
        name=left.name,
        slug=left.slug,
        folder=left.folder,
        database_name=database,
        date_order=left.date_order,
        status=status,
    )
    for alias in left.aliases:
        repository.add_alias(number, alias)
    return number


def rebuild(system: Database, server: Server, prefix: str) -> None:
    """Fill an empty registry from the providers' databases that are on the server; nothing where there are none."""
    found = [(name, *known) for name in server.names(prefix) if (known := _known(server, name, prefix))]

    def add(session: Session) -> None:
        repository = ProviderRepository(session)
        if repository.all():
            return
        for name, left, totals in found:
            repository.set_totals(restore(repository, left, name, ProviderStatus.ACTIVE), totals)
        message = f"the system database was lost; the registry was rebuilt from {len(found)} provider databases"
        LogRepository(session).record(Level.WARNING, "registry", "registry_rebuilt", message)

    if found:
        # Another process that rebuilds it too may be first.
        with suppress(DuplicateKey):
            system.run(add)


def _known(server: Server, name: str, prefix: str) -> tuple[DatabaseIdentity, Totals] | None:
    left = identity_of(server, name)
    if left is None or database_name(prefix, left.slug) != name:
        return None
    with suppress(TerminalError), server.database(name).reading() as session:
        return left, SessionRepository(session).totals()
    return None
