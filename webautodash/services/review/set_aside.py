"""Patients that could not be taken in: which, out of which file, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import msgspec

from webautodash.domain.set_aside_reasons import REPEATED_PRN
from webautodash.errors import NotFound, UsageError
from webautodash.models import ExtractionSession, SetAsidePatient
from webautodash.repositories.paging import Page
from webautodash.repositories.set_aside import SetAsideRepository
from webautodash.services.ingest.plan import readable_prn
from webautodash.services.paging import Listing, of_all, of_one
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.store import Store

_WITH_PRN = frozenset({"not_a_list", "unreadable_item", "unusable_value", "too_many_items", REPEATED_PRN})
"""Reasons of older versions that do not rule out that the PRN can be read."""


@dataclass(frozen=True, slots=True)
class SetAsideEntry:
    """A patient that was set aside. ``detail`` is where in the patient's JSON it fails, never a value."""

    id: int
    provider: str
    session_id: int
    path: str
    """Where the file lay, below Results."""
    position: int
    """Place in the file, from 0."""
    prn: str | None
    """None where it cannot be read for certain."""
    reason: str
    detail: str
    created_at: datetime
    taken_in_at: datetime | None
    decided_by: str | None
    """Who said that it is true, of those that needed a decision."""
    decided_why: str | None


@dataclass(frozen=True, slots=True)
class SetAsideDetail:
    """A patient that was set aside, with the JSON as it stood in the file."""

    entry: SetAsideEntry
    raw_json: str


def search(
    store: Store,
    provider: str | None = None,
    *,
    reasons: Collection[str] = (),
    taken_in: bool | None = False,
    limit: int = 50,
    after: int | None = None,
) -> Listing[SetAsideEntry]:
    """Who still waits, in the order they came; ``taken_in`` None lists all that were ever set aside.

    ``reasons`` are the codes of those to list, without them all are.
    Without ``provider`` those of all, one provider after the other.
    """
    if provider is None and after is not None:
        raise UsageError("a number to continue after needs the provider whose it is")

    def ask(slug: str, most: int) -> Page[SetAsideEntry]:
        owner = resolve_provider(store, slug)
        with store.provider_database(owner).reading() as work:
            aside = work.set_aside
            page = aside.search(reasons=reasons, taken_in=taken_in, limit=most, after_id=after)
            return Page(tuple(_waiting(row, file, owner.slug, aside) for row, file in page.items), page.next)

    return of_all(store, ask, limit) if provider is None else of_one(ask(provider, limit))


def show(store: Store, provider: str, set_aside_id: int) -> SetAsideDetail:
    """One of them, with its JSON. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        repository = work.set_aside
        found = repository.get(set_aside_id)
        if found is None:
            raise NotFound(f"set-aside patient {set_aside_id}", owner.slug)
        row, file = found
        return SetAsideDetail(_waiting(row, file, owner.slug, repository), row.raw_json)


def _waiting(row: SetAsidePatient, file: ExtractionSession, slug: str, aside: SetAsideRepository) -> SetAsideEntry:
    return SetAsideEntry(
        id=row.id,
        provider=slug,
        session_id=row.extraction_session_id,
        path=file.path,
        position=row.position,
        prn=row.prn or _kept_prn(row, aside),
        reason=row.reason,
        detail=row.detail,
        created_at=row.created_at,
        taken_in_at=row.taken_in_at,
        decided_by=row.decided_by,
        decided_why=row.decided_why,
    )


def _kept_prn(row: SetAsidePatient, aside: SetAsideRepository) -> str | None:
    """The PRN of a patient whom an older version set aside, which did not keep it apart from the JSON."""
    if row.reason not in _WITH_PRN:
        return None
    return readable_prn(msgspec.Raw(aside.raw_json(row.id).encode()))
