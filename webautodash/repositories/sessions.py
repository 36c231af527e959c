"""The ledger of ingested files, in the same database and transaction as their data."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webautodash.database.products.raw import raw
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.extraction.session_metadata import SessionRecord
from webautodash.domain.vocabulary import OPEN_CONFLICTS, Severity
from webautodash.models import DataConflict, ExtractionSession, PendingEvent
from webautodash.repositories.conflicts import ConflictRepository
from webautodash.repositories.manual_changes import ManualChangeRepository
from webautodash.repositories.paging import Page


@dataclass(slots=True)
class Tally:
    """What became of a file's patients; found = stored + changed + duplicate + set aside."""

    patients_new: int = 0
    patients_stored: int = 0
    patients_changed: int = 0
    patients_duplicate: int = 0
    failed_extractions: int = 0
    conflicts_detected: int = 0
    rows: dict[str, int] = field(default_factory=lambda: {which.name: 0 for which in LISTS}, kw_only=True)
    """Clinical rows by the name of their list."""

    @classmethod
    def of(cls, counts: Sequence[int]) -> "Tally":
        """The tally of a session, from the values of ``TALLY_COLUMNS``."""
        own = len(counts) - len(LISTS)
        rows = {which.name: count for which, count in zip(LISTS, counts[own:], strict=True)}
        return cls(*counts[:own], rows=rows)

    @property
    def total_patients_found(self) -> int:
        """All of them."""
        return self.successful_extractions + self.failed_extractions

    @property
    def successful_extractions(self) -> int:
        """All that were not set aside."""
        return self.patients_stored + self.patients_changed + self.patients_duplicate

    def values(self) -> dict[str, int]:
        """By column name."""
        return (
            {name: getattr(self, name) for name in _COUNTS}
            | self.rows
            | {
                "total_patients_found": self.total_patients_found,
                "successful_extractions": self.successful_extractions,
            }
        )


@dataclass(frozen=True, slots=True)
class StoredSession:
    """One row of the ledger."""

    id: int
    content_sha256: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A session, where its file lay, and when it was stored."""

    session: StoredSession
    path: str
    created_at: datetime


class LastSession(NamedTuple):
    """The newest session of a ledger."""

    id: int
    content_sha256: str


class DatabaseCounts(NamedTuple):
    """What the system database should know of a provider's database, as far as it is cheap to read."""

    sessions: int
    open_conflicts: int | None
    """None where they were not counted yet."""
    last: LastSession | None
    events: int = 0
    """Changes that the system database may not have recorded yet."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a provider's ledger, and what of it waits."""

    total_sessions: int
    total_patients: int
    total_extractions: int
    total_conflicts: int
    last_extraction: datetime | None
    total_reviews: int
    last_session_id: int | None
    last_session_sha256: str | None
    open_conflicts: Mapping[Severity, int]
    """Those that wait for a person, by each severity."""


_COUNTS = tuple(each.name for each in fields(Tally) if each.name != "rows")
TALLY_COLUMNS = [getattr(ExtractionSession, name) for name in (*_COUNTS, *(which.name for which in LISTS))]


class SessionRepository:
    """Rows of ``extraction_sessions``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, content_sha256: str) -> StoredSession | None:
        """The session of the file with these bytes."""
        return self._one(ExtractionSession.content_sha256 == content_sha256)

    def among(self, session_ids: Collection[int]) -> dict[int, StoredSession]:
        """Those of some sessions that are there, by number."""
        rows = self._session.execute(
            select(ExtractionSession.id, ExtractionSession.content_sha256, *TALLY_COLUMNS).where(
                ExtractionSession.id.in_(session_ids)
            )
        )
        return {number: StoredSession(number, sha256, Tally.of(counts)) for number, sha256, *counts in rows}

    def files(self, session_ids: Collection[int]) -> dict[int, StoredFile]:
        """Those of some sessions that are there with their files, by number."""
        return self._files(ExtractionSession.id.in_(session_ids))

    def since(self, last: LastSession) -> dict[int, StoredFile] | None:
        """The sessions that came after one, and their files; None where that one is not here, or is of other bytes."""
        found = self._files(ExtractionSession.id >= last.id)
        first = found.pop(last.id, None)
        return None if first is None or first.session.content_sha256 != last.content_sha256 else found

    def hashes(self) -> set[str]:
        """The SHA-256 of every file that is stored."""
        return set(self._session.scalars(select(ExtractionSession.content_sha256)))

    def last(self) -> LastSession | None:
        """The one with the highest number."""
        newest = select(func.max(ExtractionSession.id)).scalar_subquery()
        columns = (ExtractionSession.id, ExtractionSession.content_sha256)
        row = self._session.execute(select(*columns).where(ExtractionSession.id == newest)).first()
        return None if row is None else LastSession(*row)

    def counts(self) -> DatabaseCounts:
        """How many there are, what waits, and which is the last: in two statements, for it is asked often."""
        waiting = select(func.count()).where(DataConflict.status.in_(OPEN_CONFLICTS)).scalar_subquery()
        events = select(func.count(PendingEvent.id)).scalar_subquery()
        row = self._session.execute(select(func.count(ExtractionSession.id), waiting, events)).one()
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

    def add(self, content_sha256: str, record: SessionRecord, path: str, now: datetime) -> int:
        """Open a session; its counts follow with ``finish``. Raises through the unique key on the same bytes."""
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
        """Write a session's counts."""
        self._session.execute(
            update(ExtractionSession).where(ExtractionSession.id == session_id).values(**tally.values())
        )

    def correct(self, session_ids: Sequence[int], correct: Callable[[int, Tally], None]) -> list[StoredSession]:
        """Change the counts of some sessions, locked until the transaction ends; those that are others now."""
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
        """The session of this number."""
        return self._session.get(ExtractionSession, session_id)

    def search(self, *, limit: int = 100, after_id: int | None = None) -> Page[ExtractionSession]:
        """The sessions in the order of their numbers."""
        statement = select(ExtractionSession).order_by(ExtractionSession.id).limit(limit + 1)
        if after_id is not None:
            statement = statement.where(ExtractionSession.id > after_id)
        rows = self._session.scalars(statement).all()
        return Page(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)

    def later_than(self, moment: datetime, limit: int) -> tuple[int, list[int]]:
        """How many sessions have a time after ``moment``, and the numbers of the first of them."""
        later = ExtractionSession.extracted_at > moment
        number = self._session.scalar(select(func.count()).select_from(ExtractionSession).where(later)) or 0
        ids = select(ExtractionSession.id).where(later).order_by(ExtractionSession.id).limit(limit)
        return number, list(self._session.scalars(ids)) if number else []

    def with_unread_time(self) -> list[int]:
        """The numbers of the sessions whose file has an ``extracted_at`` that is no time; it is kept in ``extra``."""
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
        """How many differences the files stored from then on have shown."""
        added = func.sum(ExtractionSession.conflicts_detected)
        return int(self._session.scalar(select(added).where(ExtractionSession.created_at >= since)) or 0)

    def totals(self) -> Totals:
        """What the registry shows of this provider."""
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

    def _files(self, condition: Any) -> dict[int, StoredFile]:
        columns = (ExtractionSession.path, ExtractionSession.created_at)
        ledger = (ExtractionSession.id, ExtractionSession.content_sha256)
        rows = self._session.execute(select(*columns, *ledger, *TALLY_COLUMNS).where(condition))
        return {
            number: StoredFile(StoredSession(number, sha256, Tally.of(counts)), path, created_at)
            for path, created_at, number, sha256, *counts in rows
        }

    def _one(self, condition: Any, *, lock: bool = False) -> StoredSession | None:
        statement = select(ExtractionSession.id, ExtractionSession.content_sha256, *TALLY_COLUMNS).where(condition)
        row = self._session.execute(statement.with_for_update() if lock else statement).first()
        return None if row is None else StoredSession(row[0], row[1], Tally.of(row[2:]))
