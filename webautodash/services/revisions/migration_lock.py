"""The lock between writers and migrations: while a transaction writes, no migration of its database begins."""

from webautodash.errors import BeingMigrated, WrongDatabase
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.revisions.histories import SchemaHistory, head
from webautodash.services.revisions.revision_status import require_head


def block_migrations(work: UnitOfWork, database: str, owner: RegisteredProvider) -> None:
    """Let no migration of a provider's database begin before the transaction ends.

    Raises BeingMigrated if one is running or was interrupted, what ``require_head`` raises, and WrongDatabase if the
    database is not the owner's: another may have replaced it since it was opened.
    """
    found = work.schema.lock_owner()
    if found is not None and found.migration is not None:
        raise BeingMigrated(database, found.migration.target, found.migration.since)
    if found is None or found.revision != head(SchemaHistory.PROVIDER):
        require_head(work, database, SchemaHistory.PROVIDER)
    if found is None or found.identity != owner.identity:
        raise WrongDatabase(database, owner.slug, found.slug if found is not None else None)
