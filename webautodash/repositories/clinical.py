"""The rows of the four lists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from webautodash.domain.lists import LISTS, Row
from webautodash.models import Allergy, ClinicalRow, Diagnosis, HealthConcern, Medication
from webautodash.repositories.rows import insert_rows

MODELS: Mapping[str, type[ClinicalRow]] = {
    "medications": Medication,
    "diagnoses": Diagnosis,
    "allergies": Allergy,
    "health_concerns": HealthConcern,
}


class ClinicalRepository:
    """Rows of ``medications``, ``diagnoses``, ``allergies`` and ``health_concerns``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, lists: Mapping[int, Mapping[str, Sequence[Row]]]) -> dict[str, int]:
        """Store the lists of a batch, by extraction id; how many rows of each. One statement a list at most."""
        written = {}
        for which in LISTS:
            rows = [
                {**row, "patient_extraction_id": extraction_id}
                for extraction_id, patient in lists.items()
                for row in patient[which.name]
            ]
            insert_rows(self._session, MODELS[which.name], rows)
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
