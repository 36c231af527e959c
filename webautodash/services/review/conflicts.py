"""The review of recorded differences."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus, ConflictType, Severity
from webautodash.errors import NotFound, UsageError, WebAutoDashError, without_context
from webautodash.models import ConflictReview, DataConflict
from webautodash.repositories.conflicts import ListedConflict
from webautodash.repositories.paging import Page
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.paging import Listing, of_all, of_one
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.review.signature import check_signature
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Review:
    """One step in the review of a conflict."""

    old_status: ConflictStatus
    new_status: ConflictStatus
    reviewed_by: str
    reviewed_at: datetime
    notes: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A recorded difference; the values are what the file's JSON held, ``session_id_1`` said the old one.

    A list leaves out values that are long, both of a conflict; ``show`` has them.
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
    """The file that a value comes from; ``path`` is where it lay, below Results."""

    path: str
    extracted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewedConflict:
    """A conflict with the files of both values and every step of its review, first to last."""

    conflict: Conflict
    old_source: ValueSource
    new_source: ValueSource
    reviews: tuple[Review, ...]


def search(
    store: Store,
    provider: str | None = None,
    *,
    statuses: tuple[ConflictStatus, ...] = OPEN_CONFLICTS,
    conflict_type: ConflictType | None = None,
    least: Severity | None = None,
    prn: str | None = None,
    limit: int = 50,
    after: int | None = None,
) -> Listing[Conflict]:
    """The conflicts that fit, worst first, then oldest first, from behind the number ``after``; () is any status.

    ``least`` is the severity that they have at least. Without ``provider`` those of all, one provider after the other.
    """
    if provider is None and after is not None:
        raise UsageError("a number to continue after needs the provider whose it is")

    def ask(slug: str, most: int) -> Page[Conflict]:
        owner = resolve_provider(store, slug)
        with store.provider_database(owner).reading() as work:
            conflicts = work.conflicts
            last = _present(conflicts.get(after), after, owner.slug) if after is not None else None
            page = conflicts.search(
                statuses=statuses, conflict_type=conflict_type, least=least, prn=prn, limit=most, after=last
            )
            return Page(tuple(_listed(row, owner.slug) for row in page.items), page.next)

    return of_all(store, ask, limit) if provider is None else of_one(ask(provider, limit))


def show(store: Store, provider: str, conflict_id: int) -> ReviewedConflict:
    """One conflict with both values and its review. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        conflicts = work.conflicts
        row = _present(conflicts.get(conflict_id), conflict_id, owner.slug)
        return _reviewed(work, row, owner.slug)


@without_context
def resolve(
    store: Store, provider: str, conflict_id: int, status: ConflictStatus, *, by: str, why: str
) -> ReviewedConflict:
    """Take a step in a conflict's review: any status may follow any other, and every step is kept.

    Raises NotFound, UsageError as ``signature`` does, and UsageError where the conflict has this status already.
    """
    by, why = check_signature(by, why)
    owner = resolve_provider(store, provider)

    def step(work: ProviderWork) -> ReviewedConflict:
        conflicts = work.conflicts
        row = _present(conflicts.lock(conflict_id), conflict_id, owner.slug)
        if row.status == status:
            raise UsageError(f"conflict {conflict_id} of {owner.slug} is {status} already; nothing was changed")
        conflicts.set_status(row, status, by, why, datetime.now(UTC))
        return _reviewed(work, row, owner.slug)

    reviewed = store.provider_database(owner).run(step)
    # The step is taken; a count that cannot be written now is put right when the database is next looked at.
    with suppress(WebAutoDashError), FileLog(store) as view:
        view.recount(owner)
    return reviewed


def _present(row: DataConflict | None, number: int | None, slug: str) -> DataConflict:
    if row is None:
        raise NotFound(f"conflict {number}", slug)
    return row


def _reviewed(work: ProviderWork, row: DataConflict, slug: str) -> ReviewedConflict:
    sessions = work.sessions
    return ReviewedConflict(
        _whole(row, slug),
        ValueSource(*sessions.source(row.extraction_session_id_1)),
        ValueSource(*sessions.source(row.extraction_session_id_2)),
        tuple(_review(step) for step in work.conflicts.history(row.id)),
    )


def _listed(listed: ListedConflict, slug: str) -> Conflict:
    left_out = listed.values_left_out
    values = (None, None) if left_out else (listed.old_value, listed.new_value)
    return _conflict(listed.conflict, slug, *values, left_out)


def _whole(row: DataConflict, slug: str) -> Conflict:
    return _conflict(row, slug, row.old_value, row.new_value)


def _conflict(
    row: DataConflict, slug: str, old_value: str | None, new_value: str | None, left_out: bool = False
) -> Conflict:
    return Conflict(
        id=row.id,
        provider=slug,
        prn=row.prn,
        conflict_type=ConflictType(row.conflict_type),
        severity=Severity(row.severity),
        status=ConflictStatus(row.status),
        field_name=row.field_name,
        description=row.conflict_description,
        old_value=_decoded(old_value),
        new_value=_decoded(new_value),
        session_id_1=row.extraction_session_id_1,
        session_id_2=row.extraction_session_id_2,
        detected_at=row.detected_at,
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        resolution_notes=row.resolution_notes,
        values_left_out=left_out,
    )


def _decoded(value: str | None) -> Any:
    return None if value is None else json.loads(value)


def _review(step: ConflictReview) -> Review:
    return Review(
        old_status=ConflictStatus(step.old_status),
        new_status=ConflictStatus(step.new_status),
        reviewed_by=step.reviewed_by,
        reviewed_at=step.reviewed_at,
        notes=step.notes,
    )
