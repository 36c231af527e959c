"""The master rows: made, locked, compared against, and brought up to date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from webautodash.database.dialects.bulk import OnExisting
from webautodash.domain.records import Demographics, PatientRecord
from webautodash.models import Patient
from webautodash.repositories.rows import insert_rows

_TABLE = cast(Table, Patient.__table__)
_DEMOGRAPHICS = tuple(Demographics.__slots__)


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

        Two statements. The insert comes first: locking rows that are not there yet, two workers would deadlock.
        """
        in_order = sorted(records, key=lambda record: record.prn)
        insert_rows(
            self._session,
            Patient,
            [_values(record.prn, record.demographics, session_id, as_of, now) for record in in_order],
            OnExisting("prn"),
        )
        rows = self._session.execute(
            select(_TABLE).where(_TABLE.c.prn.in_([r.prn for r in in_order])).order_by(_TABLE.c.prn).with_for_update()
        )
        return {
            row.prn: StoredPatient(
                id=row.id,
                demographics=Demographics(**{name: getattr(row, name) for name in _DEMOGRAPHICS}),
                as_of=row.as_of,
                session_id=row.extraction_session_id,
                is_new=row.extraction_session_id == session_id,
            )
            for row in rows
        }

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
