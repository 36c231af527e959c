"""Rows of patients: inserted, locked and updated in batches."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, select

from webautodash.database.products.inserts import OnExisting
from webautodash.domain.differences.difference import FieldValues
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS, Demographics
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.patient_names import NameKeys, name_keys
from webautodash.domain.patient_outcome import PatientValues
from webautodash.models import Patient
from webautodash.repositories.base import Repository
from webautodash.repositories.rows import insert_tuples

_TABLE = cast(Table, Patient.__table__)
_AT_ONCE = 10_000
_WRITTEN = (
    "prn",
    "as_of",
    "extraction_session_id",
    "created_at",
    "updated_at",
    "other_demographics",
    *NameKeys._fields,
    *DEMOGRAPHIC_COLUMNS,
)
_CHANGING = (
    *DEMOGRAPHIC_COLUMNS,
    *NameKeys._fields,
    "other_demographics",
    "as_of",
    "extraction_session_id",
    "updated_at",
)
_EXISTING = (
    select(
        _TABLE.c.id,
        _TABLE.c.prn,
        _TABLE.c.extraction_session_id,
        _TABLE.c.as_of,
        _TABLE.c.other_demographics,
        *(_TABLE.c[name] for name in DEMOGRAPHIC_COLUMNS),
    )
    .where(_TABLE.c.prn.in_(bindparam("prns", expanding=True)))
    .order_by(_TABLE.c.prn)
    .with_for_update()
)
_INSERTED = (
    select(_TABLE.c.id, _TABLE.c.prn)
    .where(
        _TABLE.c.prn.in_(bindparam("prns", expanding=True)), _TABLE.c.extraction_session_id == bindparam("session_id")
    )
    .order_by(_TABLE.c.prn)
)


class StoredPatient(NamedTuple):
    """A locked patient row."""

    id: int
    demographics: Demographics
    as_of: datetime | None
    session_id: int
    is_new: bool
    """Whether this transaction inserted it from the present record."""
    other: FieldValues | None = None
    """Fields of ``demographics_printable`` without a column."""


class PatientRow(NamedTuple):
    """The values of a patient's row, and the time and session that they come from."""

    prn: str
    demographics: Demographics
    as_of: datetime | None
    session_id: int
    other: FieldValues | None = None
    """Fields of ``demographics_printable`` without a column."""


class PatientRepository(Repository):
    """Rows of ``patients``, a batch at a time."""

    def lock(
        self, records: Sequence[PatientRecord], session_id: int, as_of: datetime | None, now: datetime
    ) -> dict[str, StoredPatient]:
        """By PRN, the rows of a batch, inserted if missing, locked in PRN order until the transaction ends.

        One statement if all exist, three if all are new, four if another worker has just inserted some.
        """
        in_order = sorted(records, key=lambda record: record.prn)
        people = self._existing([record.prn for record in in_order])
        missing = {
            record.prn: PatientValues(record.demographics, record.other_demographics)
            for record in in_order
            if record.prn not in people
        }
        if not missing:
            return people
        # If another worker inserts the same rows, this insert waits for it and then locks its rows. The query before
        # locks only existing rows, not gaps (READ COMMITTED); otherwise two inserts would wait for each other.
        self._write(missing, session_id, as_of, now, OnExisting("prn"))
        inserted = self._session.execute(_INSERTED, {"prns": list(missing), "session_id": session_id})
        for number, prn in inserted:
            new = missing.pop(prn)
            people[prn] = StoredPatient(number, new.demographics, as_of, session_id, is_new=True, other=new.other)
        return people | self._existing(list(missing)) if missing else people

    def lock_existing(self, prns: Sequence[str]) -> dict[str, StoredPatient]:
        """By PRN, the existing rows, locked in PRN order until the transaction ends."""
        return self._existing(prns) if prns else {}

    def replace(self, rows: Sequence[PatientRow], now: datetime) -> None:
        """Replace the values of locked rows; one statement."""
        values = [
            (row.prn, row.as_of, row.session_id, now, now, row.other, *_keys(row.demographics), *row.demographics)
            for row in rows
        ]
        insert_tuples(self._session, Patient, _WRITTEN, values, OnExisting("prn", _CHANGING))

    def prns(self) -> Iterator[str]:
        """Every PRN, read in portions."""
        yield from self._session.scalars(select(_TABLE.c.prn).execution_options(yield_per=_AT_ONCE))

    def _existing(self, prns: Sequence[str]) -> dict[str, StoredPatient]:
        rows = self._session.execute(_EXISTING, {"prns": prns})
        return {
            prn: StoredPatient(number, Demographics._make(values), as_of, session_id, is_new=False, other=other)
            for number, prn, session_id, as_of, other, *values in rows
        }

    def update_values(
        self, people: dict[str, PatientValues], session_id: int, as_of: datetime | None, now: datetime
    ) -> None:
        """Replace the values of rows that ``lock`` has locked; one statement."""
        self._write(dict(sorted(people.items())), session_id, as_of, now, OnExisting("prn", _CHANGING))

    def _write(
        self,
        people: Mapping[str, PatientValues],
        session_id: int,
        as_of: datetime | None,
        now: datetime,
        on_existing: OnExisting,
    ) -> None:
        rows = [
            (prn, as_of, session_id, now, now, new.other, *_keys(new.demographics), *new.demographics)
            for prn, new in people.items()
        ]
        insert_tuples(self._session, Patient, _WRITTEN, rows, on_existing)


def _keys(who: Demographics) -> NameKeys:
    return name_keys(who.patient_name, who.first_name, who.last_name)
