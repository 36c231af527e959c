"""Recorded differences and their review."""

from webautodash.client.installation import Group
from webautodash.domain.vocabulary import ConflictStatus
from webautodash.repositories.conflicts import ConflictFilter as ConflictFilter
from webautodash.services.paging import Listing
from webautodash.services.review import (
    Conflict as Conflict,
    ReviewedConflict as ReviewedConflict,
    ValueSource as ValueSource,
    conflicts,
)


class Conflicts(Group):
    """Methods about conflicts: ``WebAutoDash().conflicts``."""

    def search(
        self,
        provider: str | None = None,
        wanted: ConflictFilter | None = None,
        *,
        limit: int = 50,
        after: int | None = None,
    ) -> Listing[Conflict]:
        """List conflicts of one provider or of all, most severe first, then oldest first; by default the open ones."""
        return conflicts.search(self._store, provider, wanted, limit=limit, after=after)

    def show(self, provider: str, conflict_id: int) -> ReviewedConflict:
        """Return a conflict with both values and its review. Raises NotFound."""
        return conflicts.show(self._store, provider, conflict_id)

    def resolve(
        self, provider: str, conflict_id: int, status: ConflictStatus = ConflictStatus.RESOLVED, *, by: str, why: str
    ) -> ReviewedConflict:
        """Give a conflict another status; who and why is kept. Raises UsageError without ``by`` or ``why``."""
        return conflicts.resolve(self._store, provider, conflict_id, status, by=by, why=why)
