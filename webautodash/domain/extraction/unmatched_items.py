"""Items of older lists that the main list does not repeat."""

from collections.abc import Mapping
from typing import Any

from webautodash.domain.checksum import canonical_date, folded
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.derived_columns import complete_rows
from webautodash.domain.extraction.item_types import Items
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.extraction.rows import Row, Rows

# Rows of a list that are compared with an item of another list, to bound the time.
_MOST_ALIKE = 100


def unmatched_items(
    which: ClinicalList, rows: Rows, others: Mapping[str, tuple[list[Any], Items]], order: DateOrder
) -> dict[str, Any]:
    """Those items of some lists of which no single row says everything, by the key of their list."""
    known = _Known(which, rows)
    unmatched = {
        key: [
            item
            for item, row in zip(raw, complete_rows(which, [read], order)[0], strict=True)
            if not known.has(_statements(row, which))
        ]
        for key, (raw, read) in others.items()
    }
    return {key: left for key, left in unmatched.items() if left}


class _Known:
    """What the rows of a list say, each for itself."""

    def __init__(self, which: ClinicalList, rows: Rows) -> None:
        self._by_statement: dict[_Statement, list[frozenset[_Statement]]] = {}
        for statements in dict.fromkeys(_statements(row, which) for row in rows):
            for statement in statements:
                self._by_statement.setdefault(statement, []).append(statements)

    def has(self, statements: frozenset["_Statement"]) -> bool:
        """Whether one row says all of them. Where too many would have to be looked at, none does."""
        fewest = min((self._by_statement.get(each, []) for each in statements), key=len, default=[])
        return len(fewest) <= _MOST_ALIKE and any(statements <= row for row in fewest)


_Statement = tuple[str, str, str]


def _statements(row: Row, which: ClinicalList) -> frozenset[_Statement]:
    """What a row says, as it is compared, but for how it was scraped."""
    said = {("", name, folded(row[name] or "")) for name in which.compared}
    said |= {("", name, canonical_date(row, name)) for name in which.date_fields}
    if which.range_field:
        said.add(("", which.range_field, folded(row[which.range_field] or "")))
    said = {each for each in said if each[-1]}
    for name, value in (row["extra"] or {}).items():
        said.add(("extra", name, folded(value) if isinstance(value, str) else repr(value)))
    return frozenset(said)
