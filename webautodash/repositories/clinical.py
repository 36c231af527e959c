"""Rows of the clinical lists."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from sqlalchemy import Table as SqlTable, func, select, union_all

from webautodash.database.products.bulk import write
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.rows import Row, Rows, RowTable, join_rows
from webautodash.models import ClinicalRow
from webautodash.repositories.base import Repository
from webautodash.repositories.rows import insert

MODELS: Mapping[str, type[ClinicalRow]] = {model.__tablename__: model for model in ClinicalRow.__subclasses__()}
"""The table of each list, by the list's name."""


class ClinicalRepository(Repository):
    """Rows of the lists' tables."""

    def add(self, patients: Sequence[tuple[int, Mapping[str, Sequence[Row]]]]) -> dict[str, int]:
        """Store the lists of a batch of extractions, one statement per list. Returns the number of rows per list."""
        written, inserts = {}, []
        for which in LISTS:
            own = join_rows(which, [lists[which.name] for _, lists in patients])
            ids = [number for number, lists in patients for _ in range(len(lists[which.name]))]
            written[which.name] = len(ids)
            if ids:
                names = ("patient_extraction_id", *which.columns)
                inserts.append(insert(MODELS[which.name], names, [ids, *own]))
        write(self._session.connection(), inserts)
        return written

    def numbers(self, extraction_ids: Sequence[int]) -> Counter[int]:
        """The number of rows of some extractions over all lists. One statement."""
        found: Counter[int] = Counter()
        if not extraction_ids:
            return found
        owners = [model.patient_extraction_id for model in MODELS.values()]
        counts = [select(owner, func.count()).where(owner.in_(extraction_ids)).group_by(owner) for owner in owners]
        for number, rows in self._session.execute(union_all(*counts)):
            found[number] += rows
        return found

    def counts(self, extraction_ids: Collection[int]) -> dict[int, dict[str, int]]:
        """By extraction and list, the number of rows. One statement per list."""
        found = {number: dict.fromkeys(MODELS, 0) for number in extraction_ids}
        if not found:
            return found
        for name, model in MODELS.items():
            owner = model.patient_extraction_id
            statement = select(owner, func.count()).where(owner.in_(found)).group_by(owner)
            for number, count in self._session.execute(statement):
                found[number][name] = count
        return found

    def load(self, extraction_ids: Sequence[int]) -> dict[int, dict[str, Rows]]:
        """The lists of some extractions in the order of the file. One statement per list."""
        found: dict[int, dict[str, Rows]] = {extraction_id: {} for extraction_id in extraction_ids}
        if not extraction_ids:
            return found
        for which in LISTS:
            table = cast(SqlTable, MODELS[which.name].__table__)
            owner = table.c.patient_extraction_id
            rows = self._session.execute(
                select(owner, *(table.c[name] for name in which.columns))
                .where(owner.in_(extraction_ids))
                .order_by(owner, table.c.id)
            )
            owners, *columns = list(zip(*rows, strict=True)) or [()] * (1 + len(which.columns))
            numbers = Counter(owners)
            in_order = sorted(found)
            pieces = RowTable(which, columns).divided(numbers[extraction_id] for extraction_id in in_order)
            for extraction_id, own in zip(in_order, pieces, strict=True):
                found[extraction_id][which.name] = own
        return found
