"""The registry as a view: what the providers' own databases say of themselves, for when it was lost."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from webautodash.database import Database, Server
from webautodash.domain.naming import RESERVED_SLUG, database_name
from webautodash.domain.vocabulary import Level, ProviderStatus
from webautodash.errors import DuplicateKey, TerminalError
from webautodash.models import DatabaseIdentity
from webautodash.repositories import ProviderRepository
from webautodash.repositories.sessions import Totals
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork


def identity_of(server: Server, database: str) -> DatabaseIdentity | None:
    """Whose a database says it is; None for one that is not there, or is nobody's.

    Raises DatabaseError for one that cannot be read: whose it is nobody knows before it is.
    """
    if not server.exists(database) or server.read_value(database, DatabaseIdentity.__tablename__, "identity") is None:
        return None
    with suppress(TerminalError), server.database(database, ProviderWork).reading() as work:
        return work.identity.find()
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


def rebuild(system: Database[SystemWork], server: Server, prefix: str) -> None:
    """Fill an empty registry from the providers' databases that are on the server; nothing where there are none."""
    found = _recognised(server, prefix)

    def add(work: SystemWork) -> None:
        repository = work.providers
        if repository.all():
            return
        for name, left, totals in found:
            repository.set_totals(restore(repository, left, name, ProviderStatus.ACTIVE), totals)
        message = f"the system database was lost; the registry was rebuilt from {len(found)} provider databases"
        work.system_log.record(Level.WARNING, "registry", "registry_rebuilt", message)

    if found:
        # Another process that rebuilds it too may be first.
        with suppress(DuplicateKey):
            system.run(add)


def _recognised(server: Server, prefix: str) -> list[tuple[str, DatabaseIdentity, Totals]]:
    """The databases with the name that their provider's has, and those adopted, which have what name they had."""
    names = server.names(prefix)
    known = [(name, left) for name in names if (left := _readable(server, name))]
    by_rule = [(name, left) for name, left in known if database_name(prefix, left.slug) == name]
    slugs = Counter(left.slug for _, left in known)
    adopted = [
        (name, left)
        for name, left in known
        # Where two say they are the same provider's, one is a copy, and nobody knows which.
        if slugs[left.slug] == 1
        and (name, left) not in by_rule
        and not _is_anothers(name, prefix, names)
        and _is_adopted(server, name)
    ]
    return [(name, left, totals) for name, left in by_rule + adopted if (totals := _totals(server, name)) is not None]


def _readable(server: Server, name: str) -> DatabaseIdentity | None:
    with suppress(TerminalError):
        return identity_of(server, name)
    return None


def _is_anothers(name: str, prefix: str, names: Sequence[str]) -> bool:
    """Whether a name begins as those of another installation do, whose prefix begins with ours."""
    prefixes = (each.removesuffix(RESERVED_SLUG) for each in names if each.endswith(RESERVED_SLUG))
    return any(len(other) > len(prefix) and name.startswith(other) for other in prefixes)


def _is_adopted(server: Server, name: str) -> bool:
    with suppress(TerminalError), server.database(name, ProviderWork).reading() as work:
        return work.legacy_tables.is_aside()
    return False


def _totals(server: Server, name: str) -> Totals | None:
    with suppress(TerminalError), server.database(name, ProviderWork).reading() as work:
        return work.sessions.totals()
    return None
