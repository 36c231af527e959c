"""Runs a correction of stored data in one transaction, which a dry run rolls back."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from webautodash.errors import WebAutoDashError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest import FileLog
from webautodash.services.store import Store

T = TypeVar("T")


def correct(
    store: Store, provider: RegisteredProvider, transaction: Callable[[ProviderWork], T], *, dry_run: bool
) -> T:
    """Call ``transaction`` in one transaction of a provider's database, then update the system database's counts."""
    database = store.provider_database(provider)
    if dry_run:
        with database.unit_of_work() as work:
            return transaction(work)
    done = database.run(transaction)
    # The correction and its events are committed; what cannot be recorded now is recorded at the next recount.
    with suppress(WebAutoDashError), FileLog(store) as file_log:
        file_log.recount(provider)
    return done
