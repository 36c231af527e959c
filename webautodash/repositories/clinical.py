"""The rows of the four lists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from webautodash.domain.documents import to_json
from webautodash.domain.lists import LISTS, Row
from webautodash.models import Allergy, ClinicalRow, Diagnosis, HealthConcern, Medication
from webautodash.repositories.rows import insert_tuples

MODELS: Mapping[str, type[ClinicalRow]] = {
    "medications": Medication,
    "diagnoses": Diagnosis,
    "allergies": Allergy,
    "health_concerns": HealthConcern,
}

_APART = frozenset({"id", "patient_extraction_id", "extra"})
_COLUMNS = {
    name: tuple(column.name for column in model.__table__.columns if column.name not in _APART)
    for name, model in MODELS.items()
}


class ClinicalRepository:
    """Rows of ``medications``, ``diagnoses``, ``allergies`` and ``health_concerns``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, lists: Mapping[int, Mapping[str, Sequence[Row]]]) -> dict[str, int]:
        """Store the lists of a batch, by extraction id; how many rows of each. One statement a list at most."""
        written = {}
        for which in LISTS:
            columns = _COLUMNS[which.name]
            values = itemgetter(*columns)
            rows = [
                (extraction_id, *values(row), None if row["extra"] is None else to_json(row["extra"]))
                for extraction_id, patient in lists.items()
                for row in patient[which.name]
            ]
            insert_tuples(self._session, MODELS[which.name], ("patient_extraction_id", *columns, "extra"), rows)
            written[which.name] = len(rows)
        return written

    def load(self, extraction_ids: Sequence[int]) -> dict[int, dict[str, list[Row]]]:
        """The lists of some extractions, as ``add`` took them, in the file's order. One statement a list."""
        found: dict[int, dict[str, list[Row]]] = {
            extraction_id: {which.name: [] for which in LISTS} for extraction_id in extraction_ids
        }
        if not extraction_ids:
            return found
        for which in LISTS:
            table = cast(Table, MODELS[which.name].__table__)
            by_extraction: dict[int, list[Row]] = defaultdict(list)
            rows = self._session.execute(
                select(table).where(table.c.patient_extraction_id.in_(extraction_ids)).order_by(table.c.id)
            )
            for row in rows.mappings():
                values = dict(row)
                del values["id"]
                by_extraction[values.pop("patient_extraction_id")].append(values)
            for extraction_id, values_list in by_extraction.items():
                found[extraction_id][which.name] = values_list
        return found
