"""The master rows: made, locked, compared against, and brought up to date."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from webautodash.database.dialects.bulk import OnExisting
from webautodash.domain.records import DEMOGRAPHICS, Demographics, PatientRecord
from webautodash.models import Patient
from webautodash.repositories.rows import insert_tuples

_TABLE = cast(Table, Patient.__table__)
_WRITTEN = ("prn", "as_of", "extraction_session_id", "created_at", "updated_at", *DEMOGRAPHICS)
_THERE = select(_TABLE.c.prn).where(_TABLE.c.prn.in_(bindparam("prns", expanding=True)))
_LOCKED = (
    select(_TABLE.c.id, _TABLE.c.prn, _TABLE.c.extraction_session_id)
    .where(_TABLE.c.prn.in_(bindparam("prns", expanding=True)))
    .order_by(_TABLE.c.prn)
    .with_for_update()
)
_KNOWN = select(
    _TABLE.c.id,
    _TABLE.c.prn,
    _TABLE.c.extraction_session_id,
    _TABLE.c.as_of,
    *(_TABLE.c[name] for name in DEMOGRAPHICS),
).where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))


class StoredPatient(NamedTuple):
    """A locked master row."""

    id: int
    demographics: Demographics
    as_of: datetime | None
    session_id: int
    is_new: bool
    """Made by this very transaction, out of the record at hand."""


class PatientRepository:
    """Rows of ``patients``, a batch at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(
        self, records: Sequence[PatientRecord], session_id: int, as_of: datetime | None, now: datetime
    ) -> dict[str, StoredPatient]:
        """The master rows of a batch by PRN, made where missing, locked in PRN order until the transaction ends.

        Four statements. The insert comes before the lock: locking rows that are not there, two workers would deadlock.
        """
        in_order = sorted(records, key=lambda record: record.prn)
        prns = [record.prn for record in in_order]
        there = set(self._session.scalars(_THERE, {"prns": prns}))
        missing = {record.prn: record.demographics for record in in_order if record.prn not in there}
        self._write(missing, session_id, as_of, now, OnExisting("prn"))
        locked = self._session.execute(_LOCKED, {"prns": prns}).all()
        made = {row.prn: row.id for row in locked if row.extraction_session_id == session_id}
        people = {
            record.prn: StoredPatient(made[record.prn], record.demographics, as_of, session_id, is_new=True)
            for record in in_order
            if record.prn in made
        }
        if known := [row.id for row in locked if row.prn not in made]:
            for number, prn, since, known_as_of, *values in self._session.execute(_KNOWN, {"ids": known}):
                people[prn] = StoredPatient(number, Demographics(*values), known_as_of, since, is_new=False)
        return people

    def bring_up_to_date(
        self, people: dict[str, Demographics], session_id: int, as_of: datetime | None, now: datetime
    ) -> None:
        """Replace the values of these PRNs' rows, which ``lock`` has locked; one statement."""
        changing = (*DEMOGRAPHICS, "as_of", "extraction_session_id", "updated_at")
        self._write(dict(sorted(people.items())), session_id, as_of, now, OnExisting("prn", changing))

    def _write(
        self,
        people: Mapping[str, Demographics],
        session_id: int,
        as_of: datetime | None,
        now: datetime,
        on_existing: OnExisting,
    ) -> None:
        rows = [(prn, as_of, session_id, now, now, *person.in_order()) for prn, person in people.items()]
        insert_tuples(self._session, Patient, _WRITTEN, rows, on_existing)
