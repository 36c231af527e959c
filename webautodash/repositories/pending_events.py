"""Events in a provider's database that the system database has not recorded yet."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from webautodash.domain.vocabulary import EventKind
from webautodash.models import PendingEvent
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.sessions import Tally


@dataclass(frozen=True, slots=True)
class Event:
    """A change that the system database must record; ``id`` is None if it has no row."""

    kind: EventKind
    at: datetime
    session_id: int | None = None
    set_aside_id: int | None = None
    conflicts: int = 0
    set_aside: int = 0
    found: int = 0
    id: int | None = None


def file_stored(session_id: int, tally: Tally, at: datetime) -> Event:
    """The event of a stored file, with the counts that alerts depend on."""
    return Event(
        EventKind.FILE_STORED,
        at,
        session_id,
        conflicts=tally.conflicts_detected,
        set_aside=tally.failed_extractions,
        found=tally.total_patients_found,
    )


class EventRepository(Repository):
    """Rows of ``pending_events``."""

    def add(self, event: Event) -> None:
        """Add an event, in the transaction of the change."""
        facts = {name: getattr(event, name) for name in Event.__slots__ if name not in {"id", "at"}}
        self._session.connection().execute(insert(PendingEvent), {**facts, "created_at": event.at})

    def pending(self) -> list[Event]:
        """All events that are not recorded yet, oldest first."""
        rows = self._session.scalars(select(PendingEvent).order_by(PendingEvent.id))
        return [from_row(Event, row, at=row.created_at) for row in rows]

    def delete(self, numbers: Collection[int]) -> None:
        """Delete recorded events; idempotent."""
        self._change(delete(PendingEvent).where(PendingEvent.id.in_(numbers)))
