"""Stored sessions: which there are, what was decided about each, and the correction of a wrong time."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from webautodash.domain.vocabulary import Level
from webautodash.domain.wording import counted
from webautodash.errors import NotFound, UsageError
from webautodash.models import ExtractionSession
from webautodash.models.base import utc_now
from webautodash.repositories.paging import Page
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest.held_files import is_future, parse_corrected_time
from webautodash.services.paging import Listing, of_all, of_one
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.review.corrections import correct
from webautodash.services.review.replay_patients import BATCH, PatientReplayer, ReplayCounts, Reviewer
from webautodash.services.review.signature import check_signature
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

__all__ = ["DecidedSession", "RecordedDecision", "SessionSummary", "TimeCorrection", "search", "set_time", "show"]

SET_TIME = "set_time"
"""Kind of the decision that gives a session another time."""


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One ingested file. Its counts are those of the patients' outcomes, in the order of the sessions' times."""

    id: int
    provider: str
    path: str
    """Where the file lay, below Results."""
    extracted_at: datetime | None
    is_future: bool
    """Whether the time lies more than a day ahead, and cannot be true."""
    target_medication: str | None
    start_date: date | None
    end_date: date | None
    content_sha256: str
    ingested_at: datetime
    found: int
    stored: int
    changed: int
    duplicates: int
    set_aside: int
    conflicts: int
    """Differences that were recorded with this session as the newer side, those closed since too."""


@dataclass(frozen=True, slots=True)
class DecidedSession:
    """A session with every decision about it, first to last."""

    session: SessionSummary
    decisions: tuple[RecordedDecision, ...]


@dataclass(frozen=True, slots=True)
class TimeCorrection:
    """What giving a session another time changed, or would change."""

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
    """Left as they are, because a person decided about them, although the right order does not show them."""


def search(
    store: Store, provider: str | None = None, *, limit: int = 50, after: int | None = None
) -> Listing[SessionSummary]:
    """The sessions in the order of their numbers; without ``provider`` those of all, one provider after the other."""
    if provider is None and after is not None:
        raise UsageError("a number to continue after needs the provider whose it is")

    def ask(slug: str, most: int) -> Page[SessionSummary]:
        owner = resolve_provider(store, slug)
        with store.provider_database(owner).reading() as work:
            page = work.sessions.search(limit=most, after_id=after)
            return Page(tuple(_file(row, owner.slug) for row in page.items), page.next)

    return of_all(store, ask, limit) if provider is None else of_one(ask(provider, limit))


def show(store: Store, provider: str, session_id: int) -> DecidedSession:
    """One session. Raises NotFound."""
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        row = work.sessions.get(session_id)
        if row is None:
            raise NotFound(f"session {session_id}", owner.slug)
        return DecidedSession(_file(row, owner.slug), work.session_decisions.of(session_id))


def set_time(
    store: Store, provider: str, session_id: int, time: str, *, by: str, why: str, dry_run: bool = False
) -> TimeCorrection:
    """Give a stored session another ``extracted_at``, and put right what followed from the wrong one.

    The rows of its patients are then those of an ingest in the order of the times: their values, which extraction
    repeats which, and the conflicts. A conflict that only the wrong order made is closed as a false positive; one
    that a person closed is left alone. Giving the session its earlier time again undoes this. It is not possible if the
    session had no time, or one that lies ahead of now.
    Raises NotFound, and UsageError for a time that is none, that lies ahead, or that the session has already.
    """
    by, why = check_signature(by, why)
    new_time = parse_corrected_time(store, time)
    owner = resolve_provider(store, provider)
    database = store.provider_database(owner)

    def transaction(work: ProviderWork) -> tuple[datetime | None, ReplayCounts]:
        now, sessions = utc_now(), work.sessions
        if sessions.lock(session_id) is None:
            raise NotFound(f"session {session_id}", owner.slug)
        _, old_time = sessions.criteria(session_id)
        if old_time == new_time:
            raise UsageError(f"session {session_id} of {owner.slug} has this time already; nothing was changed")
        old = old_time.isoformat() if old_time is not None else None
        decided = RecordedDecision(SET_TIME, old, new_time.isoformat(), by, now, why)
        [decision] = work.session_decisions.add(session_id, [decided])
        stored = work.replays
        stored.set_time(session_id, new_time)
        replaying = PatientReplayer(work, database, Reviewer(by, why, now))
        after: str | None = None
        while prns := stored.prns(session_id, after, BATCH):
            people = work.patients.lock_existing(prns)
            replaying.patients(people, {person.id: decision for person in people.values()})
            after = prns[-1]
        replaying.finish({})
        return old_time, replaying.counts

    old_time, counts = correct(store, owner, transaction, dry_run=dry_run)
    if not dry_run:
        SystemLogWriter(store.system).record(
            Level.WARNING,
            "session",
            "time_corrected",
            f"session {session_id} of {owner.slug}: other time, {counted(counts.patients, 'patient')} compared anew",
            provider=owner.slug,
            database_name=owner.database_name,
            session_id=session_id,
            **asdict(counts),
        )
    return TimeCorrection(owner.slug, session_id, old_time, new_time, dry_run, **asdict(counts))


def _file(row: ExtractionSession, slug: str) -> SessionSummary:
    return SessionSummary(
        id=row.id,
        provider=slug,
        path=row.path,
        extracted_at=row.extracted_at,
        is_future=row.extracted_at is not None and is_future(row.extracted_at),
        target_medication=row.target_medication,
        start_date=row.start_date,
        end_date=row.end_date,
        content_sha256=row.content_sha256,
        ingested_at=row.created_at,
        found=row.total_patients_found,
        stored=row.patients_stored,
        changed=row.patients_changed,
        duplicates=row.patients_duplicate,
        set_aside=row.failed_extractions,
        conflicts=row.conflicts_detected,
    )
