"""The rows of the four lists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from webautodash.database.dialects.bulk import write
from webautodash.domain.documents import to_json
from webautodash.domain.lists import LISTS
from webautodash.domain.rows import Row, columns
from webautodash.models import Allergy, ClinicalRow, Diagnosis, HealthConcern, Medication
from webautodash.repositories.rows import insert

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
        written, inserts = {}, []
        for which in LISTS:
            own = columns(which, [patient[which.name] for patient in lists.values()])
            ids = chain.from_iterable(repeat(number, len(patient[which.name])) for number, patient in lists.items())
            # The column ``extra``, the last of a row, takes JSON as text.
            extra = [None if value is None else to_json(value) for value in own[-1]]
            written[which.name] = len(extra)
            if extra:
                names = ("patient_extraction_id", *which.columns)
                inserts.append(insert(MODELS[which.name], names, [list(ids), *own[:-1], extra]))
        write(self._session.connection(), inserts)
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
