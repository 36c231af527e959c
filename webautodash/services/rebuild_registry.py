"""Rebuilds a lost registry from the identity rows of the providers' databases."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from webautodash.database import Database, Server
from webautodash.domain.dates import utc_now
from webautodash.domain.naming import RESERVED_SLUG, database_name
from webautodash.domain.vocabulary import Level, ProviderStatus
from webautodash.errors import DuplicateKey, TerminalError
from webautodash.models import DatabaseIdentity
from webautodash.repositories.providers import ProviderIdentity
from webautodash.repositories.sessions import Totals
from webautodash.repositories.system_log import LogRecord
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork


class _FoundDatabase(NamedTuple):
    name: str
    identity: ProviderIdentity
    totals: Totals


def identity_of(server: Server, database: str) -> ProviderIdentity | None:
    """Read which provider a database belongs to; None if it does not exist or has no identity.

    Raises DatabaseError for a database that cannot be read: its identity is then unknown.
    """
    if not server.exists(database) or server.read_value(database, DatabaseIdentity.__tablename__, "identity") is None:
        return None
    with suppress(TerminalError), server.database(database, ProviderWork).reading() as work:
        return work.identity.find()
    return None


def rebuild(system: Database[SystemWork], server: Server, prefix: str) -> None:
    """Fill an empty registry from the provider databases of the server; does nothing if there are none."""
    found = _find_databases(server, prefix)

    def add(work: SystemWork) -> None:
        repository = work.providers
        if repository.all():
            return
        for one in found:
            provider = repository.add(one.identity, one.name, ProviderStatus.ACTIVE)
            repository.set_totals(provider.id, one.totals)
        message = f"the system database was lost; the registry was rebuilt from {len(found)} provider databases"
        work.system_log.add([LogRecord(utc_now(), Level.WARNING, "registry", "registry_rebuilt", message)])

    if found:
        # Another process may have rebuilt it first.
        with suppress(DuplicateKey):
            system.run(add)


def _find_databases(server: Server, prefix: str) -> list[_FoundDatabase]:
    """The databases named after their provider, and the adopted ones, which kept their earlier names."""
    names = server.names(prefix)
    identified = [(name, identity) for name in names if (identity := _readable_identity(server, name))]
    by_rule = [(name, identity) for name, identity in identified if database_name(prefix, identity.slug) == name]
    slugs = Counter(identity.slug for _, identity in identified)
    adopted = [
        (name, identity)
        for name, identity in identified
        # Of two databases with the same identity one is a copy, and nothing tells which.
        if slugs[identity.slug] == 1
        and (name, identity) not in by_rule
        and not _is_of_other_installation(name, prefix, names)
        and _is_adopted(server, name)
    ]
    return [
        _FoundDatabase(name, identity, totals)
        for name, identity in by_rule + adopted
        if (totals := _totals(server, name)) is not None
    ]


def _readable_identity(server: Server, name: str) -> ProviderIdentity | None:
    with suppress(TerminalError):
        return identity_of(server, name)
    return None


def _is_of_other_installation(name: str, prefix: str, names: Sequence[str]) -> bool:
    """Whether a name has the prefix of another installation, whose prefix starts with ours."""
    prefixes = (each.removesuffix(RESERVED_SLUG) for each in names if each.endswith(RESERVED_SLUG))
    return any(len(other) > len(prefix) and name.startswith(other) for other in prefixes)


def is_unadopted(server: Server, database: str) -> bool:
    """Whether a database of the earlier scripts is not adopted yet, or not completely: it records no owner."""
    with suppress(TerminalError):
        if identity_of(server, database) is None:
            with server.database(database, ProviderWork).reading() as work:
                return work.legacy_tables.exist()
    return False


def _is_adopted(server: Server, name: str) -> bool:
    with suppress(TerminalError), server.database(name, ProviderWork).reading() as work:
        return work.legacy_tables.is_aside() or work.adopted.has_adopted_sessions()
    return False


def _totals(server: Server, name: str) -> Totals | None:
    with suppress(TerminalError), server.database(name, ProviderWork).reading() as work:
        return work.sessions.totals()
    return None
