"""Stores patients that were set aside: retries them, or accepts them by a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from webautodash.domain.dates import utc_now
from webautodash.domain.decision_signature import Signature, check_signature
from webautodash.domain.extraction.document.find_patients import NATIVE, PatientContainer
from webautodash.domain.extraction.patient.completeness import without_failure
from webautodash.domain.extraction.patient.patient_record import complete_records
from webautodash.domain.extraction.patient.read_patient import read_patient
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.patient_outcome import PatientOutcome
from webautodash.domain.set_aside_reasons import ACCEPTED_WITH, INCOMPLETE
from webautodash.domain.vocabulary import EventKind, Level
from webautodash.errors import NotFound, UnreadablePatient, UsageError, without_context
from webautodash.models import SetAsidePatient
from webautodash.repositories.pending_events import Event
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.repositories.sessions import Tally
from webautodash.repositories.set_aside import SetAsideRepository
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest import FileLog, Planned, StoringSession, store_planned
from webautodash.services.review.replay_patients import Reviewer
from webautodash.services.review.stored_failures import accept_stored
from webautodash.services.store import ProviderDatabase, Store
from webautodash.services.system_log import SystemLogWriter

ACCEPTED = "set_aside_accepted"


@dataclass(frozen=True, slots=True)
class RetryOutcome:
    """Whether a patient was stored, with which outcome, or why not."""

    set_aside_id: int
    taken_in: bool
    outcome: PatientOutcome | None = None
    reason: str | None = None
    kind: str | None = None
    """The code in ``reason``. Those in ``set_aside_reasons.ACCEPTED_WITH`` need ``accept_set_aside``."""


class _CorrectionRefused(Exception):
    """Corrected JSON would be set aside itself. It is not kept, so the transaction must be rolled back."""

    def __init__(self, outcome: RetryOutcome) -> None:
        super().__init__()
        self.outcome = outcome


def retry_set_aside(
    store: Store, provider: RegisteredProvider, set_aside_id: int, corrected: str | None = None
) -> RetryOutcome:
    """Store a set-aside patient in the session of its file, as it is or from corrected JSON.

    A patient that needs a decision stays set aside, see ``accept_set_aside``.
    Raises NotFound, and UsageError if the patient is stored already or the session has another one with the PRN.
    """
    return _store(store, provider, set_aside_id, corrected, None)


def accept_set_aside(
    store: Store,
    provider: RegisteredProvider,
    set_aside_ids: Sequence[int],
    *,
    by: str,
    why: str,
    corrected: str | None = None,
) -> tuple[RetryOutcome, ...]:
    """Store set-aside patients because a person confirms their data; ``by`` and ``why`` are kept with each.

    Each patient has its own transaction. An incomplete or emptied extraction that seems to be of another person with
    the same PRN needs a second decision, as ``other_person``; ``corrected`` JSON of another person is refused.
    Raises UsageError without ``by`` or ``why`` or with ``corrected`` for several patients, and as ``retry_set_aside``.
    """
    acceptance = check_signature(by, why)
    if corrected is not None and len(set_aside_ids) != 1:
        raise UsageError("corrected JSON is for one patient; name one number")
    return tuple(_store(store, provider, number, corrected, acceptance) for number in set_aside_ids)


def _store(
    store: Store, provider: RegisteredProvider, set_aside_id: int, corrected: str | None, acceptance: Signature | None
) -> RetryOutcome:
    database = store.provider_database(provider)

    def transaction(work: ProviderWork) -> RetryOutcome:
        return _attempt(work, database, set_aside_id, corrected, acceptance, store.profiles)

    with FileLog(store) as file_log:
        # This also records what an interrupted retry left unrecorded.
        file_log.recount(provider)
        try:
            outcome = database.run(transaction)
        except _CorrectionRefused as refused:
            outcome = refused.outcome
    if not outcome.taken_in:
        return outcome
    message = f"set-aside patient {set_aside_id} was stored"
    details = {"outcome": outcome.outcome, "accepted": acceptance is not None}
    SystemLogWriter(store.system).record_about(
        provider, Level.INFO, "set_aside", "patient_taken_in", message, **details
    )
    return outcome


def _attempt(
    work: ProviderWork,
    database: ProviderDatabase,
    set_aside_id: int,
    corrected: str | None,
    acceptance: Signature | None,
    profiles: Sequence[Profile],
) -> RetryOutcome:
    aside, provider = work.set_aside, database.provider
    row = _locked(aside, provider, set_aside_id)
    if acceptance is None and row.reason in ACCEPTED_WITH:
        return _still_set_aside(set_aside_id, row.reason, row.detail)
    if row.patient_extraction_id is not None:
        if acceptance is None or corrected is not None:
            raise UsageError(f"set-aside patient {set_aside_id} is stored already; accept it without corrected JSON")
        return _restore(work, database, row, acceptance)
    accepted = ACCEPTED_WITH.get(row.reason, ACCEPTED_WITH[INCOMPLETE]) if acceptance is not None else frozenset()
    try:
        raw = _raw(corrected if corrected is not None else row.raw_json)
        container = _container(work.sessions.profile(row.extraction_session_id), profiles)
        draft = read_patient(raw, row.position, provider.date_order, container)
        failed, prn = draft.failed, draft.prn
    except UnreadablePatient as error:
        if error.failed is None or INCOMPLETE in accepted:
            return _still_set_aside(set_aside_id, error.reason, error.detail)
        return _still_set_aside(set_aside_id, INCOMPLETE, error.failed)
    if failed is not None and INCOMPLETE not in accepted:
        if corrected is None:
            aside.set_reason(set_aside_id, INCOMPLETE, failed, prn)
        return _still_set_aside(set_aside_id, INCOMPLETE, failed)
    if work.extractions.holds(row.extraction_session_id, prn):
        raise UsageError(f"the file of set-aside patient {set_aside_id} has another patient with this PRN")
    sessions = work.sessions
    stored = sessions.lock(row.extraction_session_id)
    assert stored is not None  # noqa: S101  # guaranteed by the foreign key
    tally, now = stored.tally, utc_now()
    before, conflicts = (tally.patients_stored, tally.patients_changed), tally.conflicts_detected
    current = StoringSession(work, tally, stored.id, *sessions.criteria(stored.id), now, provider.date_order, accepted)
    if failed is not None:
        # An error text can quote patient data: it stays in the kept JSON only.
        draft = draft._replace(extra=without_failure(draft.extra or {}))
    [record] = complete_records([draft], provider.date_order)
    waiting = store_planned(current, [Planned(record, raw)])
    if waiting and corrected is not None:
        raise _CorrectionRefused(_still_set_aside(set_aside_id, waiting[0].reason, waiting[0].detail))
    if waiting:
        [found] = waiting
        aside.set_reason(set_aside_id, found.reason, found.detail, prn)
        outcome = _still_set_aside(set_aside_id, found.reason, found.detail)
    else:
        tally.failed_extractions -= 1
        is_whole = corrected is None and failed is None
        _mark_taken_in(work, row, acceptance, now, is_stored_whole=is_whole)
        outcome = RetryOutcome(set_aside_id, taken_in=True, outcome=_outcome(before, tally))
    sessions.finish(stored.id, tally)
    found_conflicts = tally.conflicts_detected - conflicts
    work.pending_events.add(Event(EventKind.PATIENT_TAKEN_IN, now, stored.id, set_aside_id, conflicts=found_conflicts))
    return outcome


def _container(profile: str | None, profiles: Sequence[Profile]) -> PatientContainer:
    """How the patients of a file are read. Raises UnreadablePatient if its profile no longer exists."""
    if profile is None:
        return NATIVE
    found = next((one for one in profiles if one.name == profile), None)
    if found is None:
        raise UnreadablePatient("unknown_profile", profile)
    return NATIVE._replace(profile=found)


def _locked(aside: SetAsideRepository, provider: RegisteredProvider, set_aside_id: int) -> SetAsidePatient:
    row = aside.lock(set_aside_id)
    if row is None:
        raise NotFound(f"set-aside patient {set_aside_id}", provider.name)
    if row.taken_in_at is not None:
        raise UsageError(f"set-aside patient {set_aside_id} was stored already")
    return row


def _restore(
    work: ProviderWork, database: ProviderDatabase, row: SetAsidePatient, acceptance: Signature
) -> RetryOutcome:
    """Accept a patient whose stored extraction a review set aside."""
    sessions = work.sessions
    stored = sessions.lock(row.extraction_session_id)
    assert stored is not None  # noqa: S101  # guaranteed by the foreign key
    accept_stored(work, database, row.id, Reviewer(*acceptance, utc_now()))
    after = sessions.lock(row.extraction_session_id)
    assert after is not None  # noqa: S101  # as above
    before = stored.tally.patients_stored, stored.tally.patients_changed
    return RetryOutcome(row.id, taken_in=True, outcome=_outcome(before, after.tally))


def _mark_taken_in(
    work: ProviderWork, row: SetAsidePatient, acceptance: Signature | None, at: datetime, *, is_stored_whole: bool
) -> None:
    if acceptance is not None:
        # Also kept as a session decision: these rows never change, and their number reveals a restored backup.
        decided = RecordedDecision(ACCEPTED, None, str(row.id), acceptance.by, at, acceptance.why)
        work.session_decisions.add(row.extraction_session_id, [decided])
    work.set_aside.mark_taken_in(row.id, at, *(acceptance or ()), is_stored_whole=is_stored_whole)


def _still_set_aside(set_aside_id: int, reason: str, detail: str) -> RetryOutcome:
    return RetryOutcome(set_aside_id, taken_in=False, reason=f"{reason}: {detail}", kind=reason)


@without_context
def _raw(text: str) -> msgspec.Raw:
    try:
        return msgspec.Raw(text.encode())
    except UnicodeEncodeError:
        raise UnreadablePatient("malformed", "not UTF-8") from None


def _outcome(before: tuple[int, int], tally: Tally) -> PatientOutcome:
    if tally.patients_stored > before[0]:
        return PatientOutcome.STORED
    return PatientOutcome.CHANGED if tally.patients_changed > before[1] else PatientOutcome.DUPLICATE
