"""Patients that could not be taken in: which, out of which file, and why."""

from dataclasses import dataclass
from datetime import datetime

from webautodash.errors import NotFound, UsageError
from webautodash.models import ExtractionSession, SetAsidePatient
from webautodash.repositories.pages import Page
from webautodash.repositories.set_aside import SetAsideRepository
from webautodash.services.across import Listing, of_all, of_one
from webautodash.services.providers import resolve as resolved
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Waiting:
    """A patient that was set aside. ``detail`` is where in the patient's JSON it fails, never a value."""

    id: int
    provider: str
    session_id: int
    path: str
    """Where the file lay, below Results."""
    position: int
    """Place in the file, from 0."""
    reason: str
    detail: str
    created_at: datetime
    taken_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingPatient:
    """A patient that was set aside, with the JSON as it stood in the file."""

    entry: Waiting
    raw_json: str


def search(
    store: Store,
    provider: str | None = None,
    *,
    taken_in: bool | None = False,
    limit: int = 50,
    after: int | None = None,
) -> Listing[Waiting]:
    """Who still waits, in the order they came; ``taken_in`` None lists all that were ever set aside.

    Without ``provider`` those of all, one provider after the other.
    """
    if provider is None and after is not None:
        raise UsageError("a number to continue after needs the provider whose it is")

    def ask(slug: str, most: int) -> Page[Waiting]:
        owner = resolved(store, slug)
        with store.provider_database(owner).reading() as session:
            page = SetAsideRepository(session).search(taken_in=taken_in, limit=most, after_id=after)
            return Page(tuple(_waiting(row, file, owner.slug) for row, file in page.items), page.next)

    return of_all(store, ask, limit) if provider is None else of_one(ask(provider, limit))


def show(store: Store, provider: str, set_aside_id: int) -> WaitingPatient:
    """One of them, with its JSON. Raises NotFound."""
    owner = resolved(store, provider)
    with store.provider_database(owner).reading() as session:
        repository = SetAsideRepository(session)
        found = repository.get(set_aside_id)
        if found is None:
            raise NotFound(f"set-aside patient {set_aside_id}", owner.slug)
        row, file = found
        return WaitingPatient(_waiting(row, file, owner.slug), row.raw_json)


def _waiting(row: SetAsidePatient, file: ExtractionSession, slug: str) -> Waiting:
    return Waiting(
        id=row.id,
        provider=slug,
        session_id=row.extraction_session_id,
        path=file.path,
        position=row.position,
        reason=row.reason,
        detail=row.detail,
        created_at=row.created_at,
        taken_in_at=row.taken_in_at,
    )
