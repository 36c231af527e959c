"""The identity row of a provider's database."""

from sqlalchemy import select

from webautodash.models import DatabaseIdentity
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.providers import ProviderIdentity, RegisteredProvider


class IdentityRepository(Repository):
    """The one row of ``database_identity``."""

    def find(self) -> ProviderIdentity | None:
        """Read the row; None if it was never written."""
        row = self._session.scalars(select(DatabaseIdentity)).first()
        if row is None:
            return None
        return from_row(ProviderIdentity, row, aliases=tuple(row.aliases))

    def claim(self, owner: RegisteredProvider) -> None:
        """Write which provider the database belongs to. Raises DuplicateKey if there is a row already."""
        facts = {name: getattr(owner, name) for name in ProviderIdentity.__slots__}
        self._session.add(DatabaseIdentity(id=1, **facts | {"aliases": list(owner.aliases)}))
        self._session.flush()

    def add_alias(self, alias: str) -> None:
        """Add another name of the provider if it is missing."""
        row = self._session.scalars(select(DatabaseIdentity).with_for_update()).one()
        row.aliases = [*row.aliases, *([] if alias in row.aliases else [alias])]
        self._session.flush()
