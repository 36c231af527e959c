"""Facts of a provider's database that only people create and no file restores: decisions and aliases."""

from typing import NamedTuple

from sqlalchemy import func, select

from webautodash.models import ConflictReview, DatabaseIdentity, SessionDecision
from webautodash.repositories.base import Repository

_DECISIONS = (
    select(func.count(ConflictReview.id)).scalar_subquery() + select(func.count(SessionDecision.id)).scalar_subquery()
)


class ManualChanges(NamedTuple):
    """The number of decisions (steps of reviews, and decisions about files and patients), and the aliases."""

    decisions: int
    aliases: tuple[str, ...]


class ManualChangeRepository(Repository):
    """Reads what people changed."""

    def read(self) -> ManualChanges:
        """Read all in one statement."""
        row = self._session.execute(select(DatabaseIdentity.aliases, _DECISIONS)).first()
        return ManualChanges(0, ()) if row is None else ManualChanges(row[1], tuple(row[0] or ()))

    def decisions(self) -> int:
        """Count the decisions."""
        return self._number(select(_DECISIONS))
