"""Patients in a file that were set aside instead of stored."""

from collections.abc import Collection, Sequence

from webautodash.client.installation import Group
from webautodash.services.paging import Listing
from webautodash.services.registry import resolve_provider
from webautodash.services.review import (
    RetryOutcome as RetryOutcome,
    SetAsideDetail as SetAsideDetail,
    SetAsideEntry as SetAsideEntry,
    StoredReview as StoredReview,
    StoredReviews as StoredReviews,
    accept_set_aside,
    retry_set_aside,
    set_aside,
    stored_failures,
)


class SetAsidePatients(Group):
    """Methods about set-aside patients: ``WebAutoDash().set_aside_patients``."""

    def search(
        self,
        provider: str | None = None,
        *,
        reasons: Collection[str] = (),
        taken_in: bool | None = False,
        limit: int = 50,
        after: int | None = None,
    ) -> Listing[SetAsideEntry]:
        """List set-aside patients of one provider or of all, with the reason.

        ``reasons`` are the codes to list. ``taken_in`` None includes those that were stored later, True lists only
        those.
        """
        return set_aside.search(self._store, provider, reasons=reasons, taken_in=taken_in, limit=limit, after=after)

    def show(self, provider: str, set_aside_id: int) -> SetAsideDetail:
        """Return one with its JSON as it was in the file. Raises NotFound."""
        return set_aside.show(self._store, provider, set_aside_id)

    def retry(self, provider: str, set_aside_id: int, corrected: str | None = None) -> RetryOutcome:
        """Store a patient from the JSON in the file, or from ``corrected``. Raises NotFound."""
        return retry_set_aside(self._store, resolve_provider(self._store, provider), set_aside_id, corrected)

    def accept(
        self, provider: str, set_aside_ids: Sequence[int], *, by: str, why: str, corrected: str | None = None
    ) -> tuple[RetryOutcome, ...]:
        """Store patients because a person confirms their file; who and why is kept.

        Raises UsageError without ``by`` or ``why``, NotFound for an unknown number.
        """
        return accept_set_aside(
            self._store, resolve_provider(self._store, provider), set_aside_ids, by=by, why=why, corrected=corrected
        )

    def review_stored(
        self, provider: str | None = None, *, by: str, why: str, dry_run: bool = False, undo: bool = False
    ) -> StoredReviews:
        """Set aside stored extractions that say that they failed, or with ``undo`` restore them.

        Raises UsageError without ``by`` or ``why``.
        """
        return stored_failures.review_stored(self._store, provider, by=by, why=why, dry_run=dry_run, undo=undo)
