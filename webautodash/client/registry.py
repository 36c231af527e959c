"""Registered providers, their aliases, their accounts, and databases taken over from the earlier scripts."""

from collections.abc import Sequence

from webautodash.client.installation import Group
from webautodash.domain.dates import DateOrder
from webautodash.repositories.providers import RegisteredProvider as RegisteredProvider
from webautodash.services import adopt, registry
from webautodash.services.adopt import (
    Adoption as Adoption,
    AdoptionSurvey as AdoptionSurvey,
    OldTables as OldTables,
    OnRows as OnRows,
)
from webautodash.services.callbacks import ignore
from webautodash.services.registry import (
    GrantedAccount as GrantedAccount,
    GrantRequest as GrantRequest,
    OnGranted as OnGranted,
    Registration as Registration,
    register,
    resolve_provider,
)
from webautodash.services.store import Store


class Registry(Group):
    """Methods about registered providers: ``WebAutoDash().registry``."""

    def all(self) -> list[RegisteredProvider]:
        """Return every registered provider, by slug. Raises NotSetUp."""
        return self._store.providers()

    def find(self, name: str) -> RegisteredProvider:
        """Return a provider by slug, name or alias. Raises UnknownProvider with the nearest names."""
        return resolve_provider(self._store, name)

    def register(self, name: str, *, date_order: DateOrder | None = None, distinct: bool = False) -> Registration:
        """Register a provider and create the database; safe to repeat.

        ``distinct``: this is another provider than those whose names look like this one or differ by a title.
        """
        if self._installation.settings.accounts is None:
            return register(self._installation.prepared(), name, date_order=date_order, distinct=distinct)
        # The account of migrations creates databases, not the one that ingests.
        with Store.prepare(self._installation.settings, schema=True) as store:
            return register(store, name, date_order=date_order, distinct=distinct)

    def add_alias(self, provider: str, alias: str) -> RegisteredProvider:
        """Record another name, or another folder in Results, of a provider."""
        return registry.add_alias(self._store, provider, alias)

    def survey_adoption(
        self, database: str, name: str | None = None, date_order: DateOrder | None = None
    ) -> AdoptionSurvey:
        """Report what an adoption would do and what prevents it; changes nothing. Raises NotAdoptable."""
        with Store(self._installation.settings, schema=True) as store:
            adopt.require_adoptable(store, database)
            return adopt.survey_adoption(store, database, name, date_order)

    def require_adoptable(self, database: str) -> None:
        """Raise NotAdoptable for a database that the earlier scripts did not create."""
        with Store(self._installation.settings, schema=True) as store:
            adopt.require_adoptable(store, database)

    def adopt(
        self, database: str, name: str | None = None, date_order: DateOrder | None = None, *, on_rows: OnRows = ignore
    ) -> Adoption:
        """Take over a database of the earlier scripts; an interrupted adoption continues.

        ``on_rows`` gets the number of copied rows and of all rows. Raises NotAdoptable, DamagedRows.
        """
        self.require_adoptable(database)
        with Store.prepare(self._installation.settings, schema=True) as store:
            return adopt.adopt(store, database, name, date_order, on_rows)

    def find_old_tables(self, provider: str) -> OldTables:
        """Count the rows of the earlier scripts' tables that an adopted database keeps."""
        return adopt.find_old_tables(self._store, provider)

    def forget_old_tables(self, provider: str) -> OldTables:
        """Drop the earlier scripts' tables in an adopted database. Returns what was dropped; safe to repeat."""
        with Store.open(self._installation.settings, schema=True) as store:
            return adopt.forget_old_tables(store, provider)

    def grant(self, request: GrantRequest, *, on_granted: OnGranted = ignore) -> Sequence[GrantedAccount]:
        """Create database accounts that reach one database each, or correct their rights; safe to repeat.

        ``on_granted`` gets each account as soon as the server has it, with its password if no ``folder`` keeps it.
        """
        return registry.grant(self._installation.settings, request, on_granted)
