"""Patients that were set aside, taken in later."""

from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from webautodash.domain.dates import DateOrder
from webautodash.domain.decisions import Outcome
from webautodash.domain.records import PatientRecord, patient_record
from webautodash.domain.vocabulary import EventKind, Level
from webautodash.errors import NotFound, UnreadablePatient, UsageError, without_context
from webautodash.models.base import utc_now
from webautodash.repositories import (
    EventRepository,
    ExtractionRepository,
    SessionRepository,
    SetAsideRepository,
)
from webautodash.repositories.events import Event
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import Tally
from webautodash.services.log import SystemLog
from webautodash.services.planning import Planned
from webautodash.services.store import Store
from webautodash.services.storing import StoringSession, store_batch
from webautodash.services.view import SystemView


@dataclass(frozen=True, slots=True)
class RetryOutcome:
    """Whether a patient could be taken in, as what, or why not."""

    set_aside_id: int
    taken_in: bool
    outcome: Outcome | None = None
    reason: str | None = None


def retry_set_aside(
    store: Store, provider: RegisteredProvider, set_aside_id: int, corrected: str | None = None
) -> RetryOutcome:
    """Take a patient in that was set aside, as it came or as corrected JSON, into the session of its file.

    Raises NotFound for an unknown number, UsageError for one that is in already or whose PRN the session has.
    """
    database = store.provider_database(provider)

    def work(session: Session) -> RetryOutcome:
        aside = SetAsideRepository(session)
        row = aside.lock(set_aside_id)
        if row is None:
            raise NotFound(f"set-aside patient {set_aside_id}", provider.name)
        if row.taken_in_at is not None:
            raise UsageError(f"set-aside patient {set_aside_id} was taken in already")
        try:
            text = corrected if corrected is not None else row.raw_json
            record = _read(text, row.position, provider.date_order)
        except UnreadablePatient as error:
            return RetryOutcome(set_aside_id, taken_in=False, reason=str(error))
        if ExtractionRepository(session).holds(row.extraction_session_id, record.prn):
            raise UsageError(f"the file of set-aside patient {set_aside_id} has another patient with this PRN already")
        sessions = SessionRepository(session)
        stored = sessions.lock(row.extraction_session_id)
        assert stored is not None  # noqa: S101  # a foreign key says so
        tally, now = stored.tally, utc_now()
        before, conflicts = (tally.patients_stored, tally.patients_changed), tally.conflicts_detected
        current = StoringSession(stored.id, *sessions.criteria(stored.id), now)
        store_batch(session, current, [Planned(record)], tally)
        tally.failed_extractions -= 1
        sessions.finish(stored.id, tally)
        aside.mark_taken_in(set_aside_id, now)
        taken_in = Event(
            EventKind.PATIENT_TAKEN_IN, now, stored.id, set_aside_id, conflicts=tally.conflicts_detected - conflicts
        )
        EventRepository(session).add(taken_in)
        return RetryOutcome(set_aside_id, taken_in=True, outcome=_outcome(before, tally))

    with SystemView(store) as view:
        # Also what an interrupted retry has left.
        view.recount(provider)
        outcome = database.run(work)
    if not outcome.taken_in:
        return outcome
    SystemLog(store.system).record(
        Level.INFO,
        "set_aside",
        "patient_taken_in",
        f"set-aside patient {set_aside_id} was taken in",
        provider=provider.slug,
        database_name=provider.database_name,
        outcome=outcome.outcome,
    )
    return outcome


@without_context
def _read(text: str, position: int, order: DateOrder) -> PatientRecord:
    try:
        return patient_record(msgspec.Raw(text.encode()), position, order)
    except UnicodeEncodeError:
        raise UnreadablePatient("malformed", "not UTF-8") from None


def _outcome(before: tuple[int, int], tally: Tally) -> Outcome:
    if tally.patients_stored > before[0]:
        return Outcome.STORED
    return Outcome.CHANGED if tally.patients_changed > before[1] else Outcome.DUPLICATE
