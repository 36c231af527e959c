"""What is stored, read to be compared with what it was: nothing is written, and nothing is believed."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, cast

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, Select, Table, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from webautodash.database.dialects.raw import all_rows, file_faults, raw
from webautodash.database.dialects.statements import exactly
from webautodash.database.dialects.types import JsonText
from webautodash.domain.limits import nested_too_deeply
from webautodash.domain.lists import LISTS, ClinicalList
from webautodash.domain.records import DEMOGRAPHICS
from webautodash.domain.rows import Columns
from webautodash.domain.vocabulary import ConflictType
from webautodash.models import (
    DataConflict,
    ExtractionSession,
    Patient,
    PatientExtraction,
    ProviderBase,
    SetAsidePatient,
)
from webautodash.repositories.clinical import MODELS
from webautodash.repositories.sessions import Tally

ORIGINALS = 500
DUPLICATES = 5_000
BATCH_BYTES = 16 << 20
_ROW_BYTES = 500
"""What a row takes in memory beside its texts."""

CHECKED = ("prn", "patient_name", "date_of_birth", "date_of_birth_text", "gender")
"""Columns of an extraction that its checksum covers, and what they are read out of."""
_EXTRACTIONS = cast(Table, PatientExtraction.__table__)
_PATIENTS = cast(Table, Patient.__table__)
_CLINICAL = frozenset(which.name for which in LISTS)


class Unreadable(NamedTuple):
    """A value that is not what its column holds."""

    table: str
    id: int
    column: str


class StoredExtraction(NamedTuple):
    """One row of ``patient_extractions``, as far as its checksum goes."""

    id: int
    session_id: int
    duplicate_of_id: int | None
    status: str
    checksum: str
    prn: str
    patient_prn: str | None
    """That of the patient that the extraction hangs on."""
    demographics: dict[str, Any]


class StoredRows(NamedTuple):
    """Rows of one list, in the order of their extractions."""

    which: ClinicalList
    ids: Sequence[int]
    owners: Sequence[int]
    columns: Columns


class Stretch(NamedTuple):
    """Some extractions that have rows of their own, and all rows and repetitions of extractions with such numbers."""

    after: int | None
    until: int | None
    originals: Sequence[StoredExtraction]


class Master(NamedTuple):
    """A patient and the extraction that the patient's values come from; the columns in which they differ."""

    patient_id: int
    extraction_id: int | None
    columns: tuple[str, ...]


class Ledger(NamedTuple):
    """A session's counts, and how many set-aside patients there are of it."""

    id: int
    content_sha256: str
    extra: str | None
    found: int
    successful: int
    tally: Tally
    waiting: int
    """Set-aside patients that nobody has taken in."""
    repeated: int
    """Set-aside patients whose PRN stands at a later place of the file, which is stored."""
    conflicts: int
    """Recorded differences that the session brought, duplicates apart."""


class VerificationRepository:
    """Reads all rows of a provider's database once, in stretches. ``unreadable`` is what it came upon meanwhile."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.unreadable: list[Unreadable] = []

    def extractions(self) -> int:
        """How many there are."""
        return self._session.scalar(select(func.count()).select_from(PatientExtraction)) or 0

    def stretches(self) -> Iterator[Stretch]:
        """All extractions that repeat no other, some at a time: as many as go with 16 MB of rows, at least one."""
        after: int | None = None
        while True:
            statement = _of_patients().where(PatientExtraction.duplicate_of_id.is_(None))
            if after is not None:
                statement = statement.where(PatientExtraction.id > after)
            found = self._extractions(statement.order_by(PatientExtraction.id).limit(ORIGINALS))
            if not found:
                yield Stretch(after, None, found)
                return
            some = found[: self._as_many_as_fit(after, found)]
            until = some[-1].id
            yield Stretch(after, until, some)
            after = until

    def rows(self, which: ClinicalList, stretch: Stretch) -> StoredRows:
        """The rows of one list that say they belong to an extraction with a number of this stretch."""
        table = cast(Table, MODELS[which.name].__table__)
        owner = table.c.patient_extraction_id
        statement = (
            select(table.c.id, owner, *(raw(table.c[name]) for name in which.columns))
            .where(_within(owner, stretch))
            .order_by(owner, table.c.id)
        )
        found = all_rows(self._session.connection(), statement)
        ids, owners, *columns = list(zip(*found, strict=True)) or [()] * (2 + len(which.columns))
        read = [self._read(table, name, ids, column) for name, column in zip(which.columns, columns, strict=True)]
        return StoredRows(which, ids, owners, read)

    def duplicates(self, stretch: Stretch) -> Iterator[StoredExtraction]:
        """The extractions that say they repeat one with a number of this stretch."""
        number, repeated = PatientExtraction.id, PatientExtraction.duplicate_of_id
        last: StoredExtraction | None = None
        while True:
            statement = _of_patients().where(_within(repeated, stretch))
            if last is not None:
                next_one = and_(repeated == last.duplicate_of_id, number > last.id)
                statement = statement.where(or_(repeated > last.duplicate_of_id, next_one))
            found = self._extractions(statement.order_by(repeated, number).limit(DUPLICATES))
            yield from found
            if len(found) < DUPLICATES:
                return
            last = found[-1]

    def apart_from_session(self) -> list[int]:
        """Extractions whose criteria or time are not their session's; one that is not whole has no criteria."""
        key, theirs = PatientExtraction.criteria_key, ExtractionSession.criteria_key
        return list(
            self._session.scalars(
                select(PatientExtraction.id)
                .join(ExtractionSession, ExtractionSession.id == PatientExtraction.extraction_session_id)
                .where(
                    or_(
                        and_(key != theirs, key != ""),
                        PatientExtraction.extracted_at.is_distinct_from(ExtractionSession.extracted_at),
                    )
                )
                .order_by(PatientExtraction.id)
            )
        )

    def masters(self, but_of: Sequence[int]) -> list[Master]:
        """The patients that are not as the extraction says that they come from; but for those of some sessions."""
        connection = self._session.connection()

        def differ(mine: ColumnElement[Any], said: ColumnElement[Any]) -> Any:
            if isinstance(mine.type, Date):
                return and_(said.is_not(None), mine.is_distinct_from(said))
            one, other = exactly(connection, mine), exactly(connection, said)
            return and_(said.is_not(None), one.is_distinct_from(other))

        unlike = {name: differ(_PATIENTS.c[name], _EXTRACTIONS.c[name]) for name in DEMOGRAPHICS}
        unlike["as_of"] = Patient.as_of.is_distinct_from(PatientExtraction.extracted_at)
        source = and_(
            PatientExtraction.patient_id == Patient.id,
            PatientExtraction.extraction_session_id == Patient.extraction_session_id,
            PatientExtraction.prn == Patient.prn,
        )
        statement = (
            select(Patient.id, PatientExtraction.id, *(case((test, 1), else_=0) for test in unlike.values()))
            .join(PatientExtraction, source, isouter=True)
            .where(or_(PatientExtraction.id.is_(None), *unlike.values()))
            .where(Patient.extraction_session_id.not_in(but_of) if but_of else true())
            .order_by(Patient.id)
        )
        return [
            Master(number, source_id, tuple(name for name, flag in zip(unlike, flags, strict=True) if flag))
            for number, source_id, *flags in self._session.execute(statement)
        ]

    def ledger(self) -> list[Ledger]:
        """Every session."""
        aside: dict[int, tuple[int, int]] = {
            number: (int(waiting), int(repeated))
            for number, waiting, repeated in self._session.execute(
                select(
                    SetAsidePatient.extraction_session_id,
                    func.sum(case((SetAsidePatient.taken_in_at.is_(None), 1), else_=0)),
                    func.sum(case((SetAsidePatient.reason == "repeated_prn", 1), else_=0)),
                ).group_by(SetAsidePatient.extraction_session_id)
            )
        }
        newer = DataConflict.extraction_session_id_2
        differences = select(newer, func.count()).where(DataConflict.conflict_type != ConflictType.EXTRACTION_DUPLICATE)
        brought = Counter({number: int(count) for number, count in self._session.execute(differences.group_by(newer))})
        counted = [getattr(ExtractionSession, name) for name in Tally.__slots__]
        rows = all_rows(
            self._session.connection(),
            select(
                ExtractionSession.id,
                ExtractionSession.content_sha256,
                raw(cast(Table, ExtractionSession.__table__).c.extra),
                ExtractionSession.total_patients_found,
                ExtractionSession.successful_extractions,
                *counted,
            ).order_by(ExtractionSession.id),
        )
        return [
            Ledger(
                number, sha256, extra, found, successful, Tally(*counts), *aside.get(number, (0, 0)), brought[number]
            )
            for number, sha256, extra, found, successful, *counts in rows
        ]

    def without_parent(self) -> Iterator[Unreadable]:
        """Rows whose foreign keys lead nowhere, those of the four lists apart: ``rows`` brings them."""
        for table in ProviderBase.metadata.sorted_tables:
            if table.name in _CLINICAL:
                continue
            for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
                parent = key.column.table.alias()
                found = self._session.scalars(
                    select(table.c.id)
                    .join(parent, parent.c[key.column.name] == key.parent, isouter=True)
                    .where(key.parent.is_not(None), parent.c[key.column.name].is_(None))
                    .order_by(table.c.id)
                )
                yield from (Unreadable(table.name, number, key.parent.name) for number in found)

    def file_faults(self) -> list[str]:
        """What a database that is a file says of its own structure."""
        return file_faults(self._session.connection())

    def _as_many_as_fit(self, after: int | None, found: Sequence[StoredExtraction]) -> int:
        sizes = dict.fromkeys((one.id for one in found), 0)
        stretch = Stretch(after, found[-1].id, found)
        for which in LISTS:
            table = cast(Table, MODELS[which.name].__table__)
            owner = table.c.patient_extraction_id
            prose = [func.coalesce(func.length(table.c[name]), 0) for name in (which.text_field, *which.prose_fields)]
            size = func.sum(sum(prose, func.coalesce(func.length(raw(table.c.extra)), 0)) + _ROW_BYTES)
            statement = select(owner, size).where(_within(owner, stretch)).group_by(owner)
            for number, added in self._session.execute(statement):
                # Of those that have no extraction, or a duplicate, there should be none.
                if number in sizes:
                    sizes[number] += int(added)
        total = 0
        for place, one in enumerate(found):
            total += sizes[one.id]
            if total > BATCH_BYTES:
                return max(place, 1)
        return len(found)

    def _extractions(self, statement: Select[*tuple[Any, ...]]) -> list[StoredExtraction]:
        found = all_rows(self._session.connection(), statement)
        if not found:
            return []
        ids, sessions, repeated, statuses, checksums, patients, *said = list(zip(*found, strict=True))
        prns, *people = [
            self._read(_EXTRACTIONS, name, ids, column) for name, column in zip(CHECKED, said, strict=True)
        ]
        persons = (dict(zip(CHECKED[1:], person, strict=True)) for person in zip(*people, strict=True))
        columns = (ids, sessions, repeated, statuses, checksums, prns, patients, persons)
        return [
            StoredExtraction(number, since, of, status, sha256, prn or "", theirs, person)
            for number, since, of, status, sha256, prn, theirs, person in zip(*columns, strict=True)
        ]

    def _read(self, table: Table, name: str, ids: Sequence[int], values: Sequence[Any]) -> Sequence[Any]:
        """The values of a column as the program knows them; what cannot be read is noted, and counts as nothing."""
        kind = table.c[name].type
        if not isinstance(kind, JsonText | Date):
            expected = int if isinstance(kind, Integer | BigInteger) else str
            if set(map(type, values)) <= {expected, type(None)}:
                return values
            return self._each(table, name, ids, values, _integer if expected is int else _text)
        if not any(value is not None and not isinstance(value, date) for value in values):
            return values
        return self._each(table, name, ids, values, _json if isinstance(kind, JsonText) else _day)

    def _each(
        self, table: Table, name: str, ids: Sequence[int], values: Sequence[Any], read: Callable[[Any], Any]
    ) -> list[Any]:
        found = []
        for number, value in zip(ids, values, strict=True):
            try:
                found.append(None if value is None else read(value))
            except (ValueError, TypeError, RecursionError):
                self.unreadable.append(Unreadable(table.name, number, name))
                found.append(None)
        return found


def _of_patients() -> Select[*tuple[Any, ...]]:
    return select(
        PatientExtraction.id,
        PatientExtraction.extraction_session_id,
        PatientExtraction.duplicate_of_id,
        PatientExtraction.processing_status,
        PatientExtraction.data_checksum,
        Patient.prn,
        *(raw(_EXTRACTIONS.c[name]) for name in CHECKED),
    ).join(Patient, Patient.id == PatientExtraction.patient_id, isouter=True)


def _within(owner: Any, stretch: Stretch) -> Any:
    bounds = []
    if stretch.after is not None:
        bounds.append(owner > stretch.after)
    if stretch.until is not None:
        bounds.append(owner <= stretch.until)
    return and_(*bounds) if bounds else owner.is_not(None)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _json(value: Any) -> dict[str, Any] | None:
    found = json.loads(value)
    if (found is not None and not isinstance(found, dict)) or nested_too_deeply(found):
        raise TypeError
    return found
