"""Lists the patients that were set aside, with the reasons, and those that must be extracted again."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from webautodash.domain.extraction.profiles.stated_prn import readable_prn
from webautodash.domain.set_aside_reasons import REPEATED_PRN
from webautodash.errors import NotFound
from webautodash.models import ExtractionSession, SetAsidePatient
from webautodash.repositories.base import from_row
from webautodash.repositories.paging import Page
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.set_aside import Incomplete, SetAsideRepository
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.paging import Listing, list_rows
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store

_WITH_PRN = frozenset({"not_a_list", "unreadable_item", "unusable_value", "too_many_items", REPEATED_PRN})
"""Reasons of older versions, which kept no PRN, with which the PRN may still be readable."""


@dataclass(frozen=True, slots=True)
class SetAsideEntry:
    """A patient that was set aside. ``detail`` is a position in the patient's JSON, never a value."""

    id: int
    provider: str
    session_id: int
    path: str
    """The file, relative to Results."""
    position: int
    """Position in the file, from 0."""
    prn: str | None
    """None if it cannot be read for certain."""
    reason: str
    detail: str
    created_at: datetime
    taken_in_at: datetime | None
    decided_by: str | None
    """Who accepted the patient, if that needed a decision."""
    decided_why: str | None


@dataclass(frozen=True, slots=True)
class SetAsideDetail:
    """A patient that was set aside, with the JSON from the file."""

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
    """List patients that are set aside, of one provider or of all, in the order in which they were set aside.

    ``taken_in`` True lists those that were stored later, None both. ``reasons`` are codes; none means every reason.
    """

    def page(work: ProviderWork, owner: RegisteredProvider, most: int) -> Page[SetAsideEntry]:
        found = work.set_aside.search(reasons=reasons, taken_in=taken_in, limit=most, after_id=after)
        entries = (_entry(row, session, owner.slug, work.set_aside) for row, session in found.items)
        return Page(tuple(entries), found.next)

    return list_rows(store, provider, page, limit=limit, after=after)


def show(store: Store, provider: str, set_aside_id: int) -> SetAsideDetail:
    """Return a set-aside patient with its JSON. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        found = work.set_aside.get(set_aside_id)
        if found is None:
            raise NotFound(f"set-aside patient {set_aside_id}", owner.slug)
        row, session = found
        return SetAsideDetail(_entry(row, session, owner.slug, work.set_aside), row.raw_json)


def _entry(row: SetAsidePatient, session: ExtractionSession, slug: str, aside: SetAsideRepository) -> SetAsideEntry:
    prn = row.prn or _prn_of_older_version(row, aside)
    of_session = {"session_id": session.id, "path": session.path}
    return from_row(SetAsideEntry, row, provider=slug, prn=prn, **of_session)


def _prn_of_older_version(row: SetAsidePatient, aside: SetAsideRepository) -> str | None:
    """The PRN of a patient that an older version set aside, read from its JSON."""
    if row.reason not in _WITH_PRN:
        return None
    return readable_prn(msgspec.Raw(aside.raw_json(row.id).encode()))


def search_incomplete(store: Store, provider: str | None = None, *, limit: int = 10_000) -> Listing[Incomplete]:
    """List patients to extract again, of one provider or of all, by PRN and criteria; those without a PRN last.

    A later complete extraction with the same PRN and criteria removes an entry, and so does accepting the patient.
    """

    found = list_rows(store, provider, lambda work, one, most: work.set_aside.incomplete(one.slug, most), limit=limit)
    # No number to continue after: entries disappear when patients are extracted again.
    return replace(found, next=None)
