"""Recorded differences and duplicates, and their review."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from webautodash.domain.differences.difference import Difference
from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus, ConflictType, Severity
from webautodash.models import ConflictReview, DataConflict, Patient
from webautodash.repositories.paging import Page
from webautodash.repositories.rows import insert_rows

_NOTHING_TO_DECIDE = "recorded, nothing to decide"


class ConflictEntry(NamedTuple):
    """A difference found while a file is stored: whose, between which two sessions, and in which of them."""

    patient_id: int
    prn: str
    difference: Difference
    session_id_1: int
    """Where the old value comes from."""
    session_id_2: int
    """Where the new value comes from."""
    found_in: int
    """The session that is being stored."""


class ListedConflict(NamedTuple):
    """A conflict in a list; its own values are not loaded, for each may be as long as a patient."""

    conflict: DataConflict
    old_value: str | None
    new_value: str | None
    values_left_out: bool
    """Whether a value is longer than LONGEST_LISTED, and is None here for that reason."""


LONGEST_LISTED = 4_000
"""Characters of a value that a list of conflicts shows."""


class NewConflicts(NamedTuple):
    """Conflicts of one file: how many of each severity, and the numbers of some, worst first."""

    by_severity: Mapping[Severity, int]
    ids: tuple[int, ...]


class ConflictRepository:
    """Rows of ``data_conflicts`` and ``conflict_reviews``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, entries: Sequence[ConflictEntry], detected_at: datetime) -> None:
        """Record a batch in one statement; duplicates are resolved as they come."""
        insert_rows(self._session, DataConflict, [_row(entry, detected_at) for entry in entries])

    def search(
        self,
        *,
        statuses: Sequence[ConflictStatus] = (),
        conflict_type: ConflictType | None = None,
        least: Severity | None = None,
        prn: str | None = None,
        limit: int = 100,
        after: DataConflict | None = None,
    ) -> Page[ListedConflict]:
        """The conflicts that fit, worst first, then oldest first; without ``statuses`` of every status.

        ``least`` is the severity that they have at least.
        """
        rank = _rank()
        old, new = DataConflict.old_value, DataConflict.new_value
        statement = (
            select(DataConflict, _if_short(old), _if_short(new), or_(_is_long(old), _is_long(new)))
            .options(*_WITHOUT_VALUES)
            .order_by(rank, DataConflict.detected_at, DataConflict.id)
            .limit(limit + 1)
        )
        if statuses:
            statement = statement.where(DataConflict.status.in_(statuses))
        if conflict_type is not None:
            statement = statement.where(DataConflict.conflict_type == conflict_type)
        if least is not None:
            statement = statement.where(DataConflict.severity.in_(least.and_above))
        if prn is not None:
            # The table's index is on the patient.
            patient = select(Patient.id).where(Patient.prn == prn).scalar_subquery()
            statement = statement.where(DataConflict.patient_id == patient)
        if after is not None:
            statement = statement.where(_behind(after, rank))
        rows = [
            ListedConflict(row, old, new, bool(left_out))
            for row, old, new, left_out in self._session.execute(statement)
        ]
        return Page(tuple(rows[:limit]), rows[limit - 1].conflict.id if len(rows) > limit else None)

    def get(self, conflict_id: int) -> DataConflict | None:
        """The conflict of this number."""
        return self._session.get(DataConflict, conflict_id)

    def history(self, conflict_id: int) -> list[ConflictReview]:
        """Every step of a conflict's review, first to last."""
        statement = (
            select(ConflictReview)
            .where(ConflictReview.conflict_id == conflict_id)
            .order_by(ConflictReview.reviewed_at, ConflictReview.id)
        )
        return list(self._session.scalars(statement))

    def lock(self, conflict_id: int) -> DataConflict | None:
        """The conflict of this number, held until the transaction ends."""
        statement = select(DataConflict).where(DataConflict.id == conflict_id).with_for_update()
        return self._session.scalars(statement.execution_options(populate_existing=True)).first()

    def set_status(self, conflict: DataConflict, status: ConflictStatus, by: str, why: str, at: datetime) -> None:
        """Take a step in the review of a locked conflict; the row shows the last step, the history keeps all."""
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
        """The conflicts of one patient, without the values, by the session whose values were the newer ones."""
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
        """How many wait for a person, by severity; every severity is there."""
        rows = self._session.execute(
            select(DataConflict.severity, func.count())
            .where(DataConflict.status.in_(OPEN_CONFLICTS))
            .group_by(DataConflict.severity)
        )
        return dict.fromkeys(Severity, 0) | {Severity(severity): number for severity, number in rows}

    def new_conflicts(self, session_id: int | None, since: datetime, least: Severity, most: int) -> NewConflicts:
        """What came with a session and is unresolved, of at least this severity: how many, and the worst of them.

        What was found before ``since`` does not count. Without a session, what the whole database has.
        """
        found = [DataConflict.status == ConflictStatus.UNRESOLVED, DataConflict.severity.in_(least.and_above)]
        if session_id is not None:
            in_time = and_(
                DataConflict.found_in_session_id.is_(None), DataConflict.extraction_session_id_2 == session_id
            )
            found += [
                or_(in_time, DataConflict.found_in_session_id == session_id),
                DataConflict.detected_at >= since,
            ]
        counts = select(DataConflict.severity, func.count()).where(*found).group_by(DataConflict.severity)
        ids = select(DataConflict.id).where(*found).order_by(_rank(), DataConflict.id).limit(most)
        numbers = {Severity(word): number for word, number in self._session.execute(counts)}
        return NewConflicts(numbers, tuple(self._session.scalars(ids)))

    def counts(self) -> dict[tuple[ConflictType, Severity, ConflictStatus], int]:
        """How many there are of each type, severity and status; a combination without any is left out."""
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
    decided = entry.difference.conflict_type is ConflictType.EXTRACTION_DUPLICATE
    return {
        "patient_id": entry.patient_id,
        "prn": entry.prn,
        "conflict_type": entry.difference.conflict_type,
        "severity": entry.difference.severity,
        "status": ConflictStatus.RESOLVED if decided else ConflictStatus.UNRESOLVED,
        "field_name": entry.difference.field_name,
        "old_value": entry.difference.old_value,
        "new_value": entry.difference.new_value,
        "extraction_session_id_1": entry.session_id_1,
        "extraction_session_id_2": entry.session_id_2,
        "found_in_session_id": None if entry.found_in == entry.session_id_2 else entry.found_in,
        "conflict_description": entry.difference.description,
        "detected_at": detected_at,
        "resolution_notes": _NOTHING_TO_DECIDE if decided else None,
    }


def _rank() -> ColumnElement[int]:
    """0 for critical to 3 for low."""
    return case({str(word): len(Severity) - 1 - word.rank for word in Severity}, value=DataConflict.severity)


def _behind(after: DataConflict, rank: ColumnElement[int]) -> ColumnElement[bool]:
    own = len(Severity) - 1 - Severity(after.severity).rank
    later = or_(
        DataConflict.detected_at > after.detected_at,
        and_(DataConflict.detected_at == after.detected_at, DataConflict.id > after.id),
    )
    return or_(rank > own, and_(rank == own, later))
