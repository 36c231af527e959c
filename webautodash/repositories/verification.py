"""Reads extractions and their rows for verification; any stored value may be damaged."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, cast

from sqlalchemy import BigInteger, Integer, Select, Table, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from webautodash.database.products.statements import all_rows, raw
from webautodash.database.products.types import Day, JsonText
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.rows import ColumnValues
from webautodash.domain.extraction.patient.patient_record import CHECKED_COLUMNS
from webautodash.domain.limits import nested_too_deeply
from webautodash.domain.row_checks import crc_of_rows
from webautodash.models import ExtractionSession, Patient, PatientExtraction
from webautodash.repositories.base import Repository
from webautodash.repositories.clinical import MODELS

ORIGINALS = 500
DUPLICATES = 5_000
BATCH_BYTES = 16 << 20
_ROW_BYTES = 500
"""Memory of a row apart from its texts."""

_CHECKSUM_COLUMNS = ("prn", "patient_name", "date_of_birth", "date_of_birth_text", "gender")
"""Columns of an extraction that the checksum covers, and their sources."""
_LARGE = ("address", "filter_medication_name", "summary_page_url", "extra")
"""Columns of an extraction with texts of any length."""
_CRITERIA = ("criteria_key", "target_medication", "start_date", "end_date", "extra")
"""Columns of a session's criteria; values that fit no column are in ``extra``."""
_EXTRACTIONS = cast(Table, PatientExtraction.__table__)
_SESSIONS = cast(Table, ExtractionSession.__table__)


class UnreadableValue(NamedTuple):
    """A value that does not fit the type of its column."""

    table: str
    id: int
    column: str


class StoredCriteria(NamedTuple):
    """The criteria of a session."""

    session_id: int
    key: str
    values: dict[str, Any]
    """The columns that the key is derived from."""


class StoredExtraction(NamedTuple):
    """A row of ``patient_extractions`` with the columns that the checksum covers."""

    id: int
    session_id: int
    duplicate_of_id: int | None
    status: str
    checksum: str
    prn: str
    patient_prn: str | None
    """The PRN of the linked patient."""
    demographics: dict[str, Any]
    check: int
    """The checksum of the row as it is now."""
    row_checks: str | None
    """The stored checksums of this row and its clinical rows; None for rows of older versions."""


class StoredRows(NamedTuple):
    """Rows of one list, ordered by extraction."""

    which: ClinicalList
    ids: Sequence[int]
    owners: Sequence[int]
    columns: ColumnValues
    checks: Sequence[int]
    """The checksum of each row as it is now."""


class ExtractionRange(NamedTuple):
    """A range of numbers, and the extractions in it that are not duplicates."""

    after: int | None
    until: int | None
    originals: Sequence[StoredExtraction]


class VerificationRepository(Repository):
    """Reads all rows of a provider's database once, range by range. ``unreadable`` collects unreadable values."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.unreadable: list[UnreadableValue] = []

    def extractions(self) -> int:
        """Count the extractions."""
        return self._number(select(func.count()).select_from(PatientExtraction))

    def criteria(self) -> list[StoredCriteria]:
        """The criteria of every session."""
        columns = [raw(_SESSIONS.c[name]) for name in _CRITERIA]
        found = all_rows(self._session.connection(), select(_SESSIONS.c.id, *columns).order_by(_SESSIONS.c.id))
        if not found:
            return []
        ids, *columns_read = list(zip(*found, strict=True))
        read = [self._read(_SESSIONS, name, ids, column) for name, column in zip(_CRITERIA, columns_read, strict=True)]
        return [
            StoredCriteria(number, key or "", dict(zip(_CRITERIA[1:], values, strict=True)))
            for number, key, *values in zip(ids, *read, strict=True)
        ]

    def ranges(self) -> Iterator[ExtractionRange]:
        """All extractions that are not duplicates, in ranges with at most 16 MB of rows, or of one extraction."""
        after: int | None = None
        while True:
            statement = _of_patients().where(PatientExtraction.duplicate_of_id.is_(None))
            if after is not None:
                statement = statement.where(PatientExtraction.id > after)
            found = self._extractions(statement.order_by(PatientExtraction.id).limit(ORIGINALS))
            if not found:
                yield ExtractionRange(after, None, found)
                return
            some = found[: self._number_that_fits(after, found)]
            until = some[-1].id
            yield ExtractionRange(after, until, some)
            after = until

    def rows(self, which: ClinicalList, part: ExtractionRange) -> StoredRows:
        """The rows of one list that refer to an extraction number in the range."""
        table = cast(Table, MODELS[which.name].__table__)
        owner = table.c.patient_extraction_id
        statement = (
            select(table.c.id, owner, *(raw(table.c[name]) for name in which.columns))
            .where(_within(owner, part))
            .order_by(owner, table.c.id)
        )
        found = all_rows(self._session.connection(), statement)
        ids, owners, *columns = list(zip(*found, strict=True)) or [()] * (2 + len(which.columns))
        read = [self._read(table, name, ids, column) for name, column in zip(which.columns, columns, strict=True)]
        return StoredRows(which, ids, owners, read, crc_of_rows(columns))

    def duplicates(self, part: ExtractionRange) -> Iterator[StoredExtraction]:
        """The extractions that repeat an extraction number in the range."""
        number, repeated = PatientExtraction.id, PatientExtraction.duplicate_of_id
        last: StoredExtraction | None = None
        while True:
            statement = _of_patients().where(_within(repeated, part))
            if last is not None:
                next_one = and_(repeated == last.duplicate_of_id, number > last.id)
                statement = statement.where(or_(repeated > last.duplicate_of_id, next_one))
            found = self._extractions(statement.order_by(repeated, number).limit(DUPLICATES))
            yield from found
            if len(found) < DUPLICATES:
                return
            last = found[-1]

    def _number_that_fits(self, after: int | None, found: Sequence[StoredExtraction]) -> int:
        sizes = dict.fromkeys((one.id for one in found), 0)
        part = ExtractionRange(after, found[-1].id, found)
        for which in LISTS:
            table = cast(Table, MODELS[which.name].__table__)
            owner = table.c.patient_extraction_id
            prose = [func.coalesce(func.length(table.c[name]), 0) for name in (which.text_field, *which.prose_fields)]
            size = func.sum(sum(prose, func.coalesce(func.length(raw(table.c.extra)), 0)) + _ROW_BYTES)
            statement = select(owner, size).where(_within(owner, part)).group_by(owner)
            for number, added in self._session.execute(statement):
                # Rows of duplicates or of missing extractions are not counted.
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
        ids, sessions, repeated, statuses, sums, kept, patients, sizes, *columns = list(zip(*found, strict=True))
        prns, *people = [
            self._read(_EXTRACTIONS, name, ids, column) for name, column in zip(_CHECKSUM_COLUMNS, columns, strict=True)
        ]
        persons = (dict(zip(_CHECKSUM_COLUMNS[1:], person, strict=True)) for person in zip(*people, strict=True))
        own = self._own_checks(ids, sizes)
        each = zip(ids, sessions, repeated, statuses, sums, prns, patients, persons, own, kept, strict=True)
        return [
            StoredExtraction(number, since, of, status, sha256, prn or "", theirs, person, now, then)
            for number, since, of, status, sha256, prn, theirs, person, now, then in each
        ]

    def _own_checks(self, ids: Sequence[int], sizes: Sequence[int]) -> list[int]:
        """The checksum of each extraction as it is now; large texts are read in portions."""
        found: dict[int, int] = {}
        some: list[int] = []
        total = 0
        for number, size in zip(ids, sizes, strict=True):
            if some and total + size > BATCH_BYTES:
                found |= self._checks_of(some)
                some, total = [], 0
            some.append(number)
            total += size
        found |= self._checks_of(some)
        return [found[number] for number in ids]

    def _checks_of(self, some: Sequence[int]) -> dict[int, int]:
        columns = [raw(_EXTRACTIONS.c[name]) for name in CHECKED_COLUMNS]
        rows = all_rows(
            self._session.connection(), select(_EXTRACTIONS.c.id, *columns).where(_EXTRACTIONS.c.id.in_(some))
        )
        numbers, *own = list(zip(*rows, strict=True))
        return dict(zip(numbers, crc_of_rows(own), strict=True))

    def _read(self, table: Table, name: str, ids: Sequence[int], values: Sequence[Any]) -> Sequence[Any]:
        """Convert the values of a column; unreadable values are recorded and become None."""
        kind = table.c[name].type
        if not isinstance(kind, JsonText | Day):
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
                self.unreadable.append(UnreadableValue(table.name, number, name))
                found.append(None)
        return found


def _of_patients() -> Select[*tuple[Any, ...]]:
    return select(
        PatientExtraction.id,
        PatientExtraction.extraction_session_id,
        PatientExtraction.duplicate_of_id,
        PatientExtraction.processing_status,
        PatientExtraction.data_checksum,
        PatientExtraction.row_checks,
        Patient.prn,
        sum((func.coalesce(func.length(raw(_EXTRACTIONS.c[name])), 0) for name in _LARGE), literal(_ROW_BYTES)),
        *(raw(_EXTRACTIONS.c[name]) for name in _CHECKSUM_COLUMNS),
    ).join(Patient, Patient.id == PatientExtraction.patient_id, isouter=True)


def _within(owner: Any, part: ExtractionRange) -> Any:
    bounds = []
    if part.after is not None:
        bounds.append(owner > part.after)
    if part.until is not None:
        bounds.append(owner <= part.until)
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
