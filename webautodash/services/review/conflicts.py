"""Lists and reviews recorded differences."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webautodash.domain.decision_signature import check_signature
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.errors import NotFound, UsageError, WebAutoDashError, without_context
from webautodash.models import DataConflict
from webautodash.repositories.base import from_row
from webautodash.repositories.conflicts import ConflictFilter, ListedConflict
from webautodash.repositories.paging import Page
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest import FileLog
from webautodash.services.paging import Listing, list_rows
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Review:
    """A step in the review of a conflict."""

    old_status: ConflictStatus
    new_status: ConflictStatus
    reviewed_by: str
    reviewed_at: datetime
    notes: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A recorded difference; the values are JSON from the files, the old one from session ``session_id_1``.

    In a list, both values of a conflict are left out if one is long; ``show`` returns them.
    """

    id: int
    provider: str
    prn: str
    conflict_type: ConflictType
    severity: Severity
    status: ConflictStatus
    field_name: str
    description: str
    old_value: Any
    new_value: Any
    session_id_1: int
    session_id_2: int
    detected_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    resolution_notes: str | None
    values_left_out: bool = False


@dataclass(frozen=True, slots=True)
class ValueSource:
    """The file that a value comes from; ``path`` is relative to Results."""

    path: str
    extracted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewedConflict:
    """A conflict with the files of both values and the steps of its review, oldest first."""

    conflict: Conflict
    old_source: ValueSource
    new_source: ValueSource
    reviews: tuple[Review, ...]


def search(
    store: Store,
    provider: str | None = None,
    wanted: ConflictFilter | None = None,
    *,
    limit: int = 50,
    after: int | None = None,
) -> Listing[Conflict]:
    """List conflicts of one provider or of all, most severe first, then oldest first.

    ``after`` is the number of the conflict to continue after.
    """

    def page(work: ProviderWork, owner: RegisteredProvider, most: int) -> Page[Conflict]:
        last = _require(work.conflicts.get(after), after, owner.slug) if after is not None else None
        found = work.conflicts.search(wanted or ConflictFilter(), limit=most, after=last)
        return Page(tuple(_listed(row, owner.slug) for row in found.items), found.next)

    return list_rows(store, provider, page, limit=limit, after=after)


def show(store: Store, provider: str, conflict_id: int) -> ReviewedConflict:
    """Return a conflict with both values and its review. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        row = _require(work.conflicts.get(conflict_id), conflict_id, owner.slug)
        return _reviewed(work, row, owner.slug)


@without_context
def resolve(
    store: Store, provider: str, conflict_id: int, status: ConflictStatus, *, by: str, why: str
) -> ReviewedConflict:
    """Give a conflict another status; any status may follow any other, and every step is kept.

    Raises NotFound, and UsageError for an invalid signature or if the conflict has this status already.
    """
    by, why = check_signature(by, why)
    owner = resolve_provider(store, provider)

    def step(work: ProviderWork) -> ReviewedConflict:
        row = _require(work.conflicts.lock(conflict_id), conflict_id, owner.slug)
        if row.status == status:
            raise UsageError(f"conflict {conflict_id} of {owner.slug} already is {status}; nothing was changed")
        work.conflicts.set_status(row, status, by, why, datetime.now(UTC))
        return _reviewed(work, row, owner.slug)

    reviewed = store.provider_database(owner).run(step)
    # The step is committed; counts that cannot be written now are corrected at the next recount.
    with suppress(WebAutoDashError), FileLog(store) as file_log:
        file_log.recount(owner)
    return reviewed


def _require(row: DataConflict | None, number: int | None, slug: str) -> DataConflict:
    if row is None:
        raise NotFound(f"conflict {number}", slug)
    return row


def _reviewed(work: ProviderWork, row: DataConflict, slug: str) -> ReviewedConflict:
    sources = work.sessions.sources((row.extraction_session_id_1, row.extraction_session_id_2))
    return ReviewedConflict(
        _conflict(row, slug, row.old_value, row.new_value),
        ValueSource(*sources[row.extraction_session_id_1]),
        ValueSource(*sources[row.extraction_session_id_2]),
        tuple(from_row(Review, step) for step in work.conflicts.history(row.id)),
    )


def _listed(listed: ListedConflict, slug: str) -> Conflict:
    left_out = listed.values_left_out
    values = (None, None) if left_out else (listed.old_value, listed.new_value)
    return _conflict(listed.conflict, slug, *values, left_out)


def _conflict(
    row: DataConflict, slug: str, old_value: str | None, new_value: str | None, left_out: bool = False
) -> Conflict:
    return from_row(
        Conflict,
        row,
        provider=slug,
        description=row.conflict_description,
        old_value=_decoded(old_value),
        new_value=_decoded(new_value),
        session_id_1=row.extraction_session_id_1,
        session_id_2=row.extraction_session_id_2,
        values_left_out=left_out,
    )


def _decoded(value: str | None) -> Any:
    return None if value is None else json.loads(value)
