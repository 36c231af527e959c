"""Lists the patients that must be extracted again."""

from dataclasses import dataclass
from datetime import date, datetime

from webautodash.repositories.paging import Page
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.paging import Listing, list_rows
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A patient whose extraction failed, and who has no later complete one with the same criteria."""

    provider: str
    prn: str | None
    """None if the failed extraction has none; each such failure is an entry of its own."""
    target_medication: str | None
    start_date: date | None
    end_date: date | None
    failures: int
    """Since the last complete extraction."""
    first_failed_at: datetime
    """The extraction time of the file, or the time of its ingest if the file has none."""
    last_failed_at: datetime
    path: str
    """The file of the last failure, relative to Results."""
    set_aside_id: int
    """The set-aside patient of the last failure."""


def search(store: Store, provider: str | None = None, *, limit: int = 10_000) -> Listing[Incomplete]:
    """List patients to extract again, of one provider or of all, by PRN and criteria; those without a PRN last.

    A later complete extraction with the same PRN and criteria removes an entry, and so does accepting the patient.
    """

    def page(work: ProviderWork, owner: RegisteredProvider, most: int) -> Page[Incomplete]:
        rows = work.set_aside.incomplete(most + 1)
        items = tuple(Incomplete(provider=owner.slug, **row._asdict()) for row in rows[:most])
        return Page(items, items[-1].set_aside_id if len(rows) > most else None)

    found = list_rows(store, provider, page, limit=limit)
    # No number to continue after: entries disappear when patients are extracted again.
    return Listing(found.items, None, found.more, found.problems)
