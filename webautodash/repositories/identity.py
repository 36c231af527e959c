"""Whose database it is."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webautodash.models import DatabaseIdentity
from webautodash.repositories.providers import RegisteredProvider


class IdentityRepository:
    """The one row of ``database_identity``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self) -> DatabaseIdentity | None:
        """The row, None where it was never written."""
        return self._session.scalars(select(DatabaseIdentity)).first()

    def claim(self, owner: RegisteredProvider) -> None:
        """Write whose database it is. Raises through the primary key where it is somebody's already."""
        self._session.add(
            DatabaseIdentity(
                id=1,
                identity=owner.identity,
                slug=owner.slug,
                name=owner.name,
                folder=owner.folder,
                date_order=owner.date_order,
                aliases=list(owner.aliases),
            )
        )
        self._session.flush()

    def add_alias(self, alias: str) -> None:
        """Keep another name of the owner, once."""
        row = self._session.scalars(select(DatabaseIdentity).with_for_update()).one()
        row.aliases = [*row.aliases, *([] if alias in row.aliases else [alias])]
        self._session.flush()
