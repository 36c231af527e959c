"""Verifies the rows of one provider or of all, each database in one consistent snapshot."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from webautodash.domain.vocabulary import Level
from webautodash.domain.wording import counted
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.callbacks import ignore
from webautodash.services.paging import chosen_providers, read_each
from webautodash.services.store import ProviderDatabase, Store
from webautodash.services.system_log import SystemLogWriter
from webautodash.services.verify.check_rows import RowVerifier
from webautodash.services.verify.divergence import find_divergence, system_records
from webautodash.services.verify.report import ProviderVerification, Verification, WrongRow

MOST_NAMED = 1_000
"""Number of wrong rows that are listed for a database; further ones are counted."""

OnExtractions = Callable[[str, int, int], None]
"""Called with a provider's slug, the number of verified extractions, and their total."""


def verify(store: Store, provider: str | None = None, on_extractions: OnExtractions = ignore) -> Verification:
    """Verify the rows of one provider or of all; an unreadable database is listed and does not stop the others."""
    providers, records = chosen_providers(store, provider), system_records(store)

    def read(one: RegisteredProvider) -> ProviderVerification:
        found = _verify(store.provider_database(one), on_extractions)
        found = replace(found, divergence=find_divergence(store, one, records) or None)
        _record(store, one, found)
        return found

    results, problems = read_each(providers, read)
    return Verification(tuple(results), tuple(problems))


def _verify(database: ProviderDatabase, on_extractions: OnExtractions) -> ProviderVerification:
    provider = database.provider
    with database.reading() as work:
        of = work.verification.extractions()
        verifier = RowVerifier(
            work, provider, database.database.name, lambda done: on_extractions(provider.slug, done, of)
        )
        wrong = verifier.wrong_rows()
        named = sorted(islice(wrong, MOST_NAMED), key=_place)
        more = sum(1 for _ in wrong)
    return ProviderVerification(
        slug=provider.slug,
        name=provider.name,
        database_name=provider.database_name,
        extractions=verifier.extractions,
        rows=verifier.rows,
        unchecked=verifier.unchecked,
        differences=len(named) + more,
        wrong=tuple(named),
    )


def _place(row: WrongRow) -> tuple[str, int, str]:
    return row.table or "", row.id or 0, row.wrong


def _record(store: Store, provider: RegisteredProvider, found: ProviderVerification) -> None:
    level, event = (Level.ERROR, "rows_differ") if found.differences else (Level.INFO, "rows_verified")
    result = counted(found.differences, "difference") if found.differences else "all unchanged"
    message = f"{counted(found.extractions, 'extraction')}, {counted(found.rows, 'row')}: {result}"
    numbers = {"extractions": found.extractions, "rows": found.rows, "differences": found.differences}
    SystemLogWriter(store.system).record_about(provider, level, "verify", event, message, **numbers)
