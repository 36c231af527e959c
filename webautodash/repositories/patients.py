"""The master rows: made, locked, compared against, and brought up to date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from webautodash.database.dialects.bulk import OnExisting
from webautodash.domain.records import Demographics, PatientRecord
from webautodash.models import Patient
from webautodash.repositories.rows import insert_rows

_TABLE = cast(Table, Patient.__table__)
_DEMOGRAPHICS = tuple(Demographics.__slots__)
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
    *(_TABLE.c[name] for name in _DEMOGRAPHICS),
).where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class StoredPatient:
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

        Three statements. The insert comes first: locking rows that are not there yet, two workers would deadlock.
        """
        in_order = sorted(records, key=lambda record: record.prn)
        insert_rows(
            self._session,
            Patient,
            [_values(record.prn, record.demographics, session_id, as_of, now) for record in in_order],
            OnExisting("prn"),
        )
        locked = self._session.execute(_LOCKED, {"prns": [record.prn for record in in_order]}).all()
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
        insert_rows(
            self._session,
            Patient,
            [_values(prn, person, session_id, as_of, now) for prn, person in sorted(people.items())],
            OnExisting("prn", (*_DEMOGRAPHICS, "as_of", "extraction_session_id", "updated_at")),
        )


def _values(
    prn: str, person: Demographics, session_id: int, as_of: datetime | None, now: datetime
) -> dict[str, object]:
    return {
        "prn": prn,
        "as_of": as_of,
        "extraction_session_id": session_id,
        "created_at": now,
        "updated_at": now,
        **person.values(),
    }
