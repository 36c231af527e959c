"""Rows of recorded differences and duplicates, and of their review."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, defer

from webautodash.domain.differences.difference import Difference
from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus, ConflictType, Severity
from webautodash.models import ConflictReview, DataConflict, Patient
from webautodash.repositories.base import Repository
from webautodash.repositories.paging import Page, page_of
from webautodash.repositories.rows import insert_rows

_DUPLICATE_NOTES = "recorded, nothing to decide"


class ConflictEntry(NamedTuple):
    """A difference that was found while a file is stored."""

    patient_id: int
    prn: str
    difference: Difference
    session_id_1: int
    """The session of the old value."""
    session_id_2: int
    """The session of the new value."""
    found_in: int
    """The session that is being stored."""


class ListedConflict(NamedTuple):
    """A conflict in a list; the values of ``conflict`` are not loaded, because they can be large."""

    conflict: DataConflict
    old_value: str | None
    new_value: str | None
    values_left_out: bool
    """Whether a value is None because it is longer than LONGEST_LISTED."""


LONGEST_LISTED = 4_000
"""Maximum number of characters of a value in a list."""


@dataclass(frozen=True, slots=True)
class ConflictFilter:
    """Which conflicts to list; by default the open ones."""

    statuses: Collection[ConflictStatus] = OPEN_CONFLICTS
    """Empty for every status."""
    conflict_type: ConflictType | None = None
    least: Severity | None = None
    """The lowest severity to list."""
    prn: str | None = None


class NewConflicts(NamedTuple):
    """Conflicts of one file: the number of each severity, and the ids of the most severe ones."""

    by_severity: Mapping[Severity, int]
    ids: tuple[int, ...]


class ConflictRepository(Repository):
    """Rows of ``data_conflicts`` and ``conflict_reviews``."""

    def add(self, entries: Sequence[ConflictEntry], detected_at: datetime) -> None:
        """Record a batch in one statement; duplicates are stored as resolved."""
        insert_rows(self._session, DataConflict, [_row(entry, detected_at) for entry in entries])

    def search(self, wanted: ConflictFilter, *, limit: int, after: DataConflict | None = None) -> Page[ListedConflict]:
        """A page of conflicts, most severe first, then oldest first."""
        rank = _rank()
        old, new = DataConflict.old_value, DataConflict.new_value
        statement = (
            select(DataConflict, _if_short(old), _if_short(new), or_(_is_long(old), _is_long(new)))
            .options(*_WITHOUT_VALUES)
            .order_by(rank, DataConflict.detected_at, DataConflict.id)
            .limit(limit + 1)
        )
        if wanted.statuses:
            statement = statement.where(DataConflict.status.in_(wanted.statuses))
        if wanted.conflict_type is not None:
            statement = statement.where(DataConflict.conflict_type == wanted.conflict_type)
        if wanted.least is not None:
            statement = statement.where(DataConflict.severity.in_(wanted.least.and_above))
        if wanted.prn is not None:
            # The index is on the patient.
            patient = select(Patient.id).where(Patient.prn == wanted.prn).scalar_subquery()
            statement = statement.where(DataConflict.patient_id == patient)
        if after is not None:
            statement = statement.where(_after(after, rank))
        rows = [
            ListedConflict(row, old, new, bool(left_out))
            for row, old, new, left_out in self._session.execute(statement)
        ]
        return page_of(rows, limit, lambda one: one.conflict.id)

    def get(self, conflict_id: int) -> DataConflict | None:
        """The conflict with this number."""
        return self._session.get(DataConflict, conflict_id)

    def history(self, conflict_id: int) -> list[ConflictReview]:
        """The steps of a conflict's review, oldest first."""
        statement = (
            select(ConflictReview)
            .where(ConflictReview.conflict_id == conflict_id)
            .order_by(ConflictReview.reviewed_at, ConflictReview.id)
        )
        return list(self._session.scalars(statement))

    def lock(self, conflict_id: int) -> DataConflict | None:
        """The conflict with this number, locked until the transaction ends."""
        statement = select(DataConflict).where(DataConflict.id == conflict_id).with_for_update()
        return self._session.scalars(statement.execution_options(populate_existing=True)).first()

    def set_status(self, conflict: DataConflict, status: ConflictStatus, by: str, why: str, at: datetime) -> None:
        """Add a review step to a locked conflict; the conflict's row has the values of the last step."""
        earlier = select(func.count()).where(ConflictReview.conflict_id == conflict.id)
        self._session.add(
            ConflictReview(
                conflict_id=conflict.id,
                step=self._session.scalars(earlier).one() + 1,
                old_status=conflict.status,
                new_status=status,
                reviewed_by=by,
                reviewed_at=at,
                notes=why,
            )
        )
        conflict.status = status
        conflict.reviewed_by, conflict.reviewed_at, conflict.resolution_notes = by, at, why
        self._session.flush()

    def by_patient(self, patient_id: int) -> Mapping[int, list[DataConflict]]:
        """The conflicts of a patient, without values, by the session of the new value."""
        found: dict[int, list[DataConflict]] = {}
        statement = (
            select(DataConflict)
            .options(*_WITHOUT_VALUES)
            .where(DataConflict.patient_id == patient_id)
            .order_by(_rank(), DataConflict.detected_at, DataConflict.id)
        )
        for conflict in self._session.scalars(statement):
            found.setdefault(conflict.extraction_session_id_2, []).append(conflict)
        return found

    def open(self) -> dict[Severity, int]:
        """The number of open conflicts by severity, including zeros."""
        rows = self._session.execute(
            select(DataConflict.severity, func.count())
            .where(DataConflict.status.in_(OPEN_CONFLICTS))
            .group_by(DataConflict.severity)
        )
        return dict.fromkeys(Severity, 0) | {Severity(severity): number for severity, number in rows}

    def new_conflicts(self, session_id: int | None, since: datetime, least: Severity, most: int) -> NewConflicts:
        """The unresolved conflicts that a session caused since a time: their number, and the ``most`` most severe.

        ``least`` is the lowest severity that counts. Without a session, all unresolved conflicts of the database.
        """
        found = [DataConflict.status == ConflictStatus.UNRESOLVED, DataConflict.severity.in_(least.and_above)]
        if session_id is not None:
            in_time = and_(
                DataConflict.found_in_session_id.is_(None), DataConflict.extraction_session_id_2 == session_id
            )
            found += [or_(in_time, DataConflict.found_in_session_id == session_id), DataConflict.detected_at >= since]
        counts = select(DataConflict.severity, func.count()).where(*found).group_by(DataConflict.severity)
        ids = select(DataConflict.id).where(*found).order_by(_rank(), DataConflict.id).limit(most)
        numbers = {Severity(word): number for word, number in self._session.execute(counts)}
        return NewConflicts(numbers, tuple(self._session.scalars(ids)))

    def counts(self) -> dict[tuple[ConflictType, Severity, ConflictStatus], int]:
        """The number of conflicts by type, severity and status, without zeros."""
        words = (DataConflict.conflict_type, DataConflict.severity, DataConflict.status)
        statement = select(*words, func.count()).group_by(*words)
        return {
            (ConflictType(kind), Severity(severity), ConflictStatus(status)): number
            for kind, severity, status, number in self._session.execute(statement)
        }


_WITHOUT_VALUES = tuple(defer(value, raiseload=True) for value in (DataConflict.old_value, DataConflict.new_value))


def _is_long(value: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return func.coalesce(func.char_length(value), 0) > LONGEST_LISTED


def _if_short(value: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    return case((_is_long(value), None), else_=value)


def _row(entry: ConflictEntry, detected_at: datetime) -> dict[str, object]:
    is_duplicate = entry.difference.conflict_type is ConflictType.EXTRACTION_DUPLICATE
    return {
        "patient_id": entry.patient_id,
        "prn": entry.prn,
        "conflict_type": entry.difference.conflict_type,
        "severity": entry.difference.severity,
        "status": ConflictStatus.RESOLVED if is_duplicate else ConflictStatus.UNRESOLVED,
        "field_name": entry.difference.field_name,
        "old_value": entry.difference.old_value,
        "new_value": entry.difference.new_value,
        "extraction_session_id_1": entry.session_id_1,
        "extraction_session_id_2": entry.session_id_2,
        "found_in_session_id": None if entry.found_in == entry.session_id_2 else entry.found_in,
        "conflict_description": entry.difference.description,
        "detected_at": detected_at,
        "resolution_notes": _DUPLICATE_NOTES if is_duplicate else None,
    }


def _rank() -> ColumnElement[int]:
    """0 for critical to 3 for low."""
    return case({str(word): len(Severity) - 1 - word.rank for word in Severity}, value=DataConflict.severity)


def _after(after: DataConflict, rank: ColumnElement[int]) -> ColumnElement[bool]:
    own = len(Severity) - 1 - Severity(after.severity).rank
    later = or_(
        DataConflict.detected_at > after.detected_at,
        and_(DataConflict.detected_at == after.detected_at, DataConflict.id > after.id),
    )
    return or_(rank > own, and_(rank == own, later))
