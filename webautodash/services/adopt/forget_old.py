"""Drops the tables of the earlier scripts that an adopted database keeps."""

from dataclasses import dataclass

from webautodash.domain.legacy.tables import legacy_name
from webautodash.domain.vocabulary import Level
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.adopt.survey import TableCount
from webautodash.services.leases import leased
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter


@dataclass(frozen=True, slots=True)
class OldTables:
    """The tables of the earlier scripts in an adopted database; empty if they were dropped or it was not adopted."""

    provider: str
    database: str
    tables: tuple[TableCount, ...]


def find_old_tables(store: Store, provider: str) -> OldTables:
    """Count the rows of the tables that ``forget_old_tables`` would drop. Raises UnknownProvider."""
    return _found(store, resolve_provider(store, provider))


def forget_old_tables(store: Store, provider: str) -> OldTables:
    """Drop the tables that the adoption put aside; safe to interrupt and to repeat. Returns what was dropped.

    Raises MadeByEarlierScripts, before anything is dropped, if the adoption is not finished; LeaseHeld.
    """
    one = resolve_provider(store, provider)
    what = f"database {one.database_name}"
    with leased(store.system, what, "provider adopt", store.settings.lease_seconds) as lease:
        found = _found(store, one)
        # The tables that others refer to are last.
        for table in reversed(found.tables):
            lease.require()
            with store.server.database(one.database_name, ProviderWork).migrating() as work:
                work.legacy_tables.drop(table.kept_as)
    if found.tables:
        message = f"dropped the earlier scripts' tables in {one.database_name}"
        rows = {each.kept_as: each.before for each in found.tables}
        SystemLogWriter(store.system).record_about(one, Level.INFO, "adopt", "old_tables_dropped", message, rows=rows)
    return found


def _found(store: Store, provider: RegisteredProvider) -> OldTables:
    # Refuses a database whose adoption is not finished: it does not record its owner.
    with store.provider_database(provider).reading() as work:
        legacy = work.legacy_tables
        shape = legacy.shape()
        counts = legacy.counts(shape)
        tables = [TableCount(name, counts[name], None, legacy_name(name)) for name in counts if name in shape.aside]
    return OldTables(provider.slug, provider.database_name, tuple(tables))
