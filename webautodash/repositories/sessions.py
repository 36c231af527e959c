"""Rows of extraction sessions: one per ingested file, in the transaction of its data."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, update

from webautodash.database.products.statements import raw
from webautodash.domain.checksum import folded
from webautodash.domain.extraction.document.session_metadata import SessionRecord
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.vocabulary import OPEN_CONFLICTS, Severity
from webautodash.models import DataConflict, ExtractionSession, PendingEvent
from webautodash.repositories.base import Repository
from webautodash.repositories.conflicts import ConflictRepository
from webautodash.repositories.manual_changes import ManualChangeRepository
from webautodash.repositories.paging import Page, page_of


@dataclass(slots=True)
class Tally:
    """The outcomes of a file's patients; found = stored + changed + duplicate + set aside."""

    patients_new: int = 0
    patients_stored: int = 0
    patients_changed: int = 0
    patients_duplicate: int = 0
    failed_extractions: int = 0
    conflicts_detected: int = 0
    rows: dict[str, int] = field(default_factory=lambda: {which.name: 0 for which in LISTS}, kw_only=True)
    """Number of clinical rows by list."""

    @classmethod
    def of(cls, counts: Sequence[int]) -> "Tally":
        """The tally of a session, from the values of ``TALLY_COLUMNS``."""
        own = len(counts) - len(LISTS)
        rows = {which.name: count for which, count in zip(LISTS, counts[own:], strict=True)}
        return cls(*counts[:own], rows=rows)

    @property
    def total_patients_found(self) -> int:
        """All patients of the file."""
        return self.successful_extractions + self.failed_extractions

    @property
    def successful_extractions(self) -> int:
        """All patients that were not set aside."""
        return self.patients_stored + self.patients_changed + self.patients_duplicate

    def values(self) -> dict[str, int]:
        """By column name."""
        return (
            {name: getattr(self, name) for name in _COUNTS}
            | self.rows
            | {"total_patients_found": self.total_patients_found, "successful_extractions": self.successful_extractions}
        )


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session with its counts."""

    id: int
    content_sha256: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A session, the path of its file, and when it was stored."""

    session: StoredSession
    path: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions to list; by default all. A session without the value that is asked for is not listed."""

    medication: str | None = None
    """The target medication, without regard to case and white space."""
    start_date: date | None = None
    """With ``end_date``: only sessions whose date range has a day from the one to the other, both included."""
    end_date: date | None = None
    since: datetime | None = None
    """Only sessions extracted at this time or later; the time of the ingest counts if the file has none."""
    until: datetime | None = None
    """Only sessions extracted at this time or earlier."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions that a database can check; none for the medication, whose case collations fold differently."""
        extracted_at = func.coalesce(ExtractionSession.extracted_at, ExtractionSession.created_at)
        found: list[ColumnElement[bool]] = []
        if self.start_date is not None:
            found.append(ExtractionSession.end_date >= self.start_date)
        if self.end_date is not None:
            found.append(ExtractionSession.start_date <= self.end_date)
        if self.since is not None:
            found.append(extracted_at >= self.since)
        if self.until is not None:
            found.append(extracted_at <= self.until)
        return found


class LastSession(NamedTuple):
    """The newest session of a database."""

    id: int
    content_sha256: str


class DatabaseCounts(NamedTuple):
    """Counts of a provider's database that are fast to read, to compare with the system database."""

    sessions: int
    open_conflicts: int | None
    """None if they were not counted yet."""
    last: LastSession | None
    events: int = 0
    """Number of events that the system database may not have recorded yet."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the sessions of a provider, for the registry."""

    total_sessions: int
    total_patients: int
    total_extractions: int
    total_conflicts: int
    last_extraction: datetime | None
    total_reviews: int
    last_session_id: int | None
    last_session_sha256: str | None
    open_conflicts: Mapping[Severity, int]
    """Number of open conflicts by severity."""


_COUNTS = tuple(each.name for each in fields(Tally) if each.name != "rows")
TALLY_COLUMNS = [getattr(ExtractionSession, name) for name in (*_COUNTS, *(which.name for which in LISTS))]


class SessionRepository(Repository):
    """Rows of ``extraction_sessions``."""

    def find(self, content_sha256: str) -> StoredSession | None:
        """The session of a file with this SHA-256."""
        return self._one(ExtractionSession.content_sha256 == content_sha256)

    def among(self, session_ids: Collection[int]) -> dict[int, StoredSession]:
        """By number, the existing ones of some sessions."""
        rows = self._session.execute(
            select(ExtractionSession.id, ExtractionSession.content_sha256, *TALLY_COLUMNS).where(
                ExtractionSession.id.in_(session_ids)
            )
        )
        return {number: StoredSession(number, sha256, Tally.of(counts)) for number, sha256, *counts in rows}

    def files(self, session_ids: Collection[int]) -> dict[int, StoredFile]:
        """By number, the existing ones of some sessions, with their files."""
        return self._files(ExtractionSession.id.in_(session_ids))

    def since(self, last: LastSession) -> dict[int, StoredFile] | None:
        """The sessions after ``last``; None if that one is missing or has another SHA-256."""
        found = self._files(ExtractionSession.id >= last.id)
        first = found.pop(last.id, None)
        return None if first is None or first.session.content_sha256 != last.content_sha256 else found

    def hashes(self) -> set[str]:
        """The SHA-256 of every stored file."""
        return set(self._session.scalars(select(ExtractionSession.content_sha256)))

    def last(self) -> LastSession | None:
        """The session with the highest number."""
        newest = select(func.max(ExtractionSession.id)).scalar_subquery()
        columns = (ExtractionSession.id, ExtractionSession.content_sha256)
        row = self._session.execute(select(*columns).where(ExtractionSession.id == newest)).first()
        return None if row is None else LastSession(*row)

    def counts(self) -> DatabaseCounts:
        """Counts and the last session, in two statements, because this is read often."""
        conflicts = select(func.count()).where(DataConflict.status.in_(OPEN_CONFLICTS)).scalar_subquery()
        events = select(func.count(PendingEvent.id)).scalar_subquery()
        row = self._session.execute(select(func.count(ExtractionSession.id), conflicts, events)).one()
        return DatabaseCounts(row[0], row[1], self.last(), row[2])

    def sources(self, session_ids: Collection[int]) -> dict[int, tuple[str, datetime | None]]:
        """By session, the path of its file below Results, and when it was extracted."""
        columns = (ExtractionSession.id, ExtractionSession.path, ExtractionSession.extracted_at)
        rows = self._session.execute(select(*columns).where(ExtractionSession.id.in_(session_ids)))
        return {number: (path, extracted_at) for number, path, extracted_at in rows}

    def lock(self, session_id: int) -> StoredSession | None:
        """A session, locked until the transaction ends."""
        return self._one(ExtractionSession.id == session_id, lock=True)

    def criteria(self, session_id: int) -> tuple[str, datetime | None]:
        """A session's criteria key and ``extracted_at``."""
        row = self._session.execute(
            select(ExtractionSession.criteria_key, ExtractionSession.extracted_at).where(
                ExtractionSession.id == session_id
            )
        ).one()
        return row.criteria_key, row.extracted_at

    def profile(self, session_id: int) -> str | None:
        """The name of the profile by which a session's file was read; None for a file of an earlier version."""
        return self._session.scalar(select(ExtractionSession.profile).where(ExtractionSession.id == session_id))

    def add(self, content_sha256: str, record: SessionRecord, path: str, now: datetime) -> int:
        """Add a session, whose counts ``finish`` writes. Raises DuplicateKey if a file with this SHA-256 is stored."""
        row = ExtractionSession(
            content_sha256=content_sha256,
            criteria_key=record.criteria_key,
            extracted_at=record.extracted_at,
            path=path,
            created_at=now,
            **record.values,
            **Tally().values(),
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def finish(self, session_id: int, tally: Tally) -> None:
        """Write the counts of a session."""
        self._session.execute(
            update(ExtractionSession).where(ExtractionSession.id == session_id).values(**tally.values())
        )

    def correct(self, session_ids: Sequence[int], correct: Callable[[int, Tally], None]) -> list[StoredSession]:
        """Change the counts of some sessions, locked until the transaction ends. Returns those that changed."""
        changed: list[StoredSession] = []
        if not session_ids:
            return changed
        statement = (
            select(ExtractionSession.id, ExtractionSession.content_sha256, *TALLY_COLUMNS)
            .where(ExtractionSession.id.in_(session_ids))
            .order_by(ExtractionSession.id)
            .with_for_update()
        )
        for number, sha256, *counts in self._session.execute(statement).all():
            before, tally = Tally.of(counts), Tally.of(counts)
            correct(number, tally)
            if tally != before:
                self.finish(number, tally)
                changed.append(StoredSession(number, sha256, tally))
        return changed

    def get(self, session_id: int) -> ExtractionSession | None:
        """The session with this number."""
        return self._session.get(ExtractionSession, session_id)

    def search(
        self, wanted: SessionFilter = SessionFilter(), *, limit: int = 100, after_id: int | None = None
    ) -> Page[ExtractionSession]:
        """A page of sessions in the order of their numbers."""
        conditions = wanted.conditions()
        if after_id is not None:
            conditions.append(ExtractionSession.id > after_id)
        if wanted.medication is not None:
            conditions = [ExtractionSession.id.in_(self._with_medication(wanted.medication, conditions, limit + 1))]
        statement = select(ExtractionSession).where(*conditions).order_by(ExtractionSession.id).limit(limit + 1)
        return page_of(self._session.scalars(statement).all(), limit, lambda one: one.id)

    def later_than(self, moment: datetime, limit: int) -> tuple[int, list[int]]:
        """The number of sessions with a time after ``moment``, and the numbers of the first ones."""
        later = ExtractionSession.extracted_at > moment
        number = self._number(select(func.count()).select_from(ExtractionSession).where(later))
        ids = select(ExtractionSession.id).where(later).order_by(ExtractionSession.id).limit(limit)
        return number, list(self._session.scalars(ids)) if number else []

    def with_unread_time(self) -> list[int]:
        """The numbers of the sessions with an invalid ``extracted_at``, which is kept in ``extra``."""
        kept = raw(ExtractionSession.__table__.c.extra)
        statement = (
            select(ExtractionSession.id, ExtractionSession.extra)
            .where(ExtractionSession.extracted_at.is_(None), kept.contains('"extracted_at"', autoescape=True))
            .order_by(ExtractionSession.id)
        )
        rows = self._session.execute(statement)
        stamps = ((number, (extra or {}).get("extracted_at")) for number, extra in rows)
        return [number for number, stamp in stamps if stamp is not None and str(stamp).strip()]

    def conflicts_since(self, since: datetime) -> int:
        """The number of conflicts of files that were stored since a time."""
        added = func.sum(ExtractionSession.conflicts_detected)
        return self._number(select(added).where(ExtractionSession.created_at >= since))

    def totals(self) -> Totals:
        """The totals for the registry."""
        last = self.last()
        row = self._session.execute(
            select(
                func.count(ExtractionSession.id),
                func.coalesce(func.sum(ExtractionSession.patients_new), 0),
                func.coalesce(func.sum(ExtractionSession.successful_extractions), 0),
                func.coalesce(func.sum(ExtractionSession.conflicts_detected), 0),
                func.max(ExtractionSession.extracted_at),
            )
        ).one()
        return Totals(
            total_sessions=int(row[0]),
            total_patients=int(row[1]),
            total_extractions=int(row[2]),
            total_conflicts=int(row[3]),
            last_extraction=row[4],
            total_reviews=ManualChangeRepository(self._session).decisions(),
            last_session_id=last.id if last is not None else None,
            last_session_sha256=last.content_sha256 if last is not None else None,
            open_conflicts=ConflictRepository(self._session).open(),
        )

    def _with_medication(self, medication: str, conditions: Sequence[ColumnElement[bool]], most: int) -> list[int]:
        """The numbers of the first sessions that meet the conditions and have this target medication."""
        columns = (ExtractionSession.id, ExtractionSession.target_medication)
        rows = self._session.execute(select(*columns).where(*conditions).order_by(ExtractionSession.id))
        wanted = folded(medication)
        return list(islice((number for number, target in rows if target and folded(target) == wanted), most))

    def _files(self, condition: Any) -> dict[int, StoredFile]:
        columns = (ExtractionSession.path, ExtractionSession.created_at)
        key = (ExtractionSession.id, ExtractionSession.content_sha256)
        rows = self._session.execute(select(*columns, *key, *TALLY_COLUMNS).where(condition))
        return {
            number: StoredFile(StoredSession(number, sha256, Tally.of(counts)), path, created_at)
            for path, created_at, number, sha256, *counts in rows
        }

    def _one(self, condition: Any, *, lock: bool = False) -> StoredSession | None:
        statement = select(ExtractionSession.id, ExtractionSession.content_sha256, *TALLY_COLUMNS).where(condition)
        row = self._session.execute(statement.with_for_update() if lock else statement).first()
        return None if row is None else StoredSession(row[0], row[1], Tally.of(row[2:]))
