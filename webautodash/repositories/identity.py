"""Whose database it is."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webautodash.models import DatabaseIdentity


class IdentityRepository:
    """The one row of ``database_identity``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self) -> DatabaseIdentity | None:
        """The row, None where it was never written."""
        return self._session.scalars(select(DatabaseIdentity)).first()

    def claim(self, identity: str, slug: str, name: str) -> None:
        """Write whose database it is. Raises through the primary key where it is somebody's already."""
        self._session.add(DatabaseIdentity(id=1, identity=identity, slug=slug, name=name))
        self._session.flush()
