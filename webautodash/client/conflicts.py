"""Recorded differences and their review."""

from collections.abc import Collection

from webautodash.client.installation import Installation
from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus, ConflictType, Severity
from webautodash.repositories.conflicts import ConflictFilter
from webautodash.services.paging import Listing
from webautodash.services.review import conflicts
from webautodash.services.review.conflicts import Conflict, ReviewedConflict, ValueSource

__all__ = ["Conflict", "Conflicts", "ReviewedConflict", "ValueSource"]


class Conflicts:
    """Methods about conflicts: ``WebAutoDash().conflicts``."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def search(
        self,
        provider: str | None = None,
        *,
        statuses: Collection[ConflictStatus] = OPEN_CONFLICTS,
        conflict_type: ConflictType | None = None,
        least: Severity | None = None,
        prn: str | None = None,
        limit: int = 50,
        after: int | None = None,
    ) -> Listing[Conflict]:
        """List conflicts of one provider or of all, most severe first, then oldest first.

        An empty ``statuses`` means every status. ``least`` is the lowest severity to list.
        """
        return conflicts.search(
            self._installation.opened(),
            provider,
            ConflictFilter(tuple(statuses), conflict_type, least, prn),
            limit=limit,
            after=after,
        )

    def show(self, provider: str, conflict_id: int) -> ReviewedConflict:
        """Return a conflict with both values and its review. Raises NotFound."""
        return conflicts.show(self._installation.opened(), provider, conflict_id)

    def resolve(
        self, provider: str, conflict_id: int, status: ConflictStatus = ConflictStatus.RESOLVED, *, by: str, why: str
    ) -> ReviewedConflict:
        """Give a conflict another status; who and why is kept. Raises UsageError without ``by`` or ``why``."""
        return conflicts.resolve(self._installation.opened(), provider, conflict_id, status, by=by, why=why)
