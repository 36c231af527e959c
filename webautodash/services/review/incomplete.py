"""Patients whom the robot has to extract again."""

from dataclasses import dataclass
from datetime import date, datetime

from webautodash.repositories.paging import Page
from webautodash.services.paging import Listing, of_all, of_one
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A patient whose extraction failed, without a complete one with the same criteria since."""

    provider: str
    prn: str | None
    """None where the failed extraction does not say it; such an entry is one failure."""
    target_medication: str | None
    start_date: date | None
    end_date: date | None
    failures: int
    """Since the last complete extraction."""
    first_failed_at: datetime
    """When the file says that it was extracted, or when it was ingested where it does not say."""
    last_failed_at: datetime
    path: str
    """Where the file of the last failure lay, below Results."""
    set_aside_id: int
    """Of the last failure, for `set-aside show`."""


def search(store: Store, provider: str | None = None, *, limit: int = 10_000) -> Listing[Incomplete]:
    """Whom to extract again, by PRN and criteria; those without a PRN last.

    A later complete extraction with the same PRN and criteria removes an entry, and so does `set-aside accept`.
    Without ``provider`` those of all, one provider after the other.
    """

    def ask(slug: str, most: int) -> Page[Incomplete]:
        owner = resolve_provider(store, slug)
        with store.provider_database(owner).reading() as work:
            rows = work.set_aside.incomplete(most + 1)
        items = tuple(Incomplete(provider=owner.slug, **row._asdict()) for row in rows[:most])
        return Page(items, items[-1].set_aside_id if len(rows) > most else None)

    found = of_all(store, ask, limit) if provider is None else of_one(ask(provider, limit))
    # A number to continue after would be none: entries go as patients are extracted again.
    return Listing(found.items, None, found.more, found.problems)
