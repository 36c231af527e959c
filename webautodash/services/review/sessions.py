"""Lists extraction sessions, shows decisions about them, and corrects a wrong extraction time."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from webautodash.domain.dates import utc_now
from webautodash.domain.decision_signature import check_signature
from webautodash.domain.vocabulary import Level
from webautodash.domain.wording import counted
from webautodash.errors import NotFound, UsageError
from webautodash.models import ExtractionSession
from webautodash.repositories.base import from_row
from webautodash.repositories.paging import Page
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.repositories.sessions import SessionFilter
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest import is_future, parse_corrected_time
from webautodash.services.paging import Listing, list_rows
from webautodash.services.registry import resolve_provider
from webautodash.services.review.corrections import correct
from webautodash.services.review.replay_patients import REPLAYED_AT_ONCE, PatientReplayer, ReplayCounts, Reviewer
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

SET_TIME = "set_time"
"""Kind of the decision that changes the time of a session."""


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """An ingested file. The counts are the outcomes of its patients if sessions are ordered by time."""

    id: int
    provider: str
    path: str
    """The file, relative to Results."""
    extracted_at: datetime | None
    is_future: bool
    """Whether the time is more than a day in the future, and must be wrong."""
    target_medication: str | None
    start_date: date | None
    end_date: date | None
    profile: str | None
    """Name of the profile by which the file was read; None for files of earlier versions."""
    content_sha256: str
    ingested_at: datetime
    found: int
    stored: int
    changed: int
    duplicates: int
    set_aside: int
    conflicts: int
    """Differences with this session as the newer side, including closed ones."""


@dataclass(frozen=True, slots=True)
class DecidedSession:
    """A session with the decisions about it, oldest first."""

    session: SessionSummary
    decisions: tuple[RecordedDecision, ...]


@dataclass(frozen=True, slots=True)
class CorrectedTime:
    """The right time of a session, in a form that files have, and who corrects it and why."""

    session_id: int
    time: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class TimeCorrection:
    """What the correction of a session's time changed, or would change."""

    provider: str
    session_id: int
    old_time: datetime | None
    new_time: datetime
    dry_run: bool
    patients: int
    patients_changed: int
    extractions_changed: int
    conflicts_added: int
    conflicts_closed: int
    conflicts_reopened: int
    conflicts_decided: int
    """Conflicts that the right order does not show, unchanged because a person decided about them."""


def search(
    store: Store,
    provider: str | None = None,
    wanted: SessionFilter | None = None,
    *,
    limit: int = 50,
    after: int | None = None,
) -> Listing[SessionSummary]:
    """List sessions of one provider or of all, in the order of their numbers.

    Raises UsageError if the filter has a last day or time that is earlier than the first.
    """
    chosen = wanted or SessionFilter()
    if _is_reversed(chosen.start_date, chosen.end_date) or _is_reversed(chosen.since, chosen.until):
        raise UsageError("the last day or time to list is earlier than the first")

    def page(work: ProviderWork, owner: RegisteredProvider, most: int) -> Page[SessionSummary]:
        found = work.sessions.search(chosen, limit=most, after_id=after)
        return Page(tuple(_summary(row, owner.slug) for row in found.items), found.next)

    return list_rows(store, provider, page, limit=limit, after=after)


def show(store: Store, provider: str, session_id: int) -> DecidedSession:
    """Return a session with the decisions about it. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        row = work.sessions.get(session_id)
        if row is None:
            raise NotFound(f"session {session_id}", owner.slug)
        return DecidedSession(_summary(row, owner.slug), work.session_decisions.of(session_id))


def set_time(store: Store, provider: str, corrected: CorrectedTime, *, dry_run: bool = False) -> TimeCorrection:
    """Correct the ``extracted_at`` of a session, and everything that followed from the wrong one.

    Afterwards the rows of its patients are those of an ingest in the order of the times: values, duplicates and
    conflicts. A conflict that only the wrong order caused is closed as a false positive; one that a person closed
    stays. Setting the earlier time again undoes the correction, unless there was none, or it is in the future.
    Raises NotFound, and UsageError for a time that is invalid, in the future, or the same as before.
    """
    by, why = check_signature(corrected.by, corrected.why)
    new_time, session_id = parse_corrected_time(store, corrected.time), corrected.session_id
    owner = resolve_provider(store, provider)
    database = store.provider_database(owner)

    old_time: datetime | None = None

    def transaction(work: ProviderWork) -> ReplayCounts:
        nonlocal old_time
        now, sessions = utc_now(), work.sessions
        if sessions.lock(session_id) is None:
            raise NotFound(f"session {session_id}", owner.slug)
        _, old_time = sessions.criteria(session_id)
        if old_time == new_time:
            raise UsageError(f"session {session_id} of {owner.slug} already has this time; nothing was changed")
        old = old_time.isoformat() if old_time is not None else None
        decided = RecordedDecision(SET_TIME, old, new_time.isoformat(), by, now, why)
        [decision] = work.session_decisions.add(session_id, [decided])
        work.replays.set_time(session_id, new_time)
        replayer = PatientReplayer(work, database, Reviewer(by, why, now))
        after: str | None = None
        while prns := work.replays.prns(session_id, after, REPLAYED_AT_ONCE):
            people = work.patients.lock_existing(prns)
            replayer.replay(people, {person.id: decision for person in people.values()})
            after = prns[-1]
        replayer.finish({})
        return replayer.counts

    counts = correct(store, owner, transaction, dry_run=dry_run)
    if not dry_run:
        again = f"{counted(counts.patients, 'patient')} compared again"
        message = f"session {session_id} of {owner.slug}: new time, {again}"
        SystemLogWriter(store.system).record_about(
            owner, Level.WARNING, "session", "time_corrected", message, session_id=session_id, **asdict(counts)
        )
    return TimeCorrection(owner.slug, session_id, old_time, new_time, dry_run, **asdict(counts))


def _is_reversed(first: date | None, last: date | None) -> bool:
    return first is not None and last is not None and first > last


def _summary(row: ExtractionSession, slug: str) -> SessionSummary:
    return from_row(
        SessionSummary,
        row,
        provider=slug,
        is_future=row.extracted_at is not None and is_future(row.extracted_at),
        ingested_at=row.created_at,
        found=row.total_patients_found,
        stored=row.patients_stored,
        changed=row.patients_changed,
        duplicates=row.patients_duplicate,
        set_aside=row.failed_extractions,
        conflicts=row.conflicts_detected,
    )
