"""Finds the items of older lists that the main list does not repeat."""

from collections.abc import Mapping
from typing import Any

from webautodash.domain.checksum import canonical_date, folded
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.derived_columns import complete_rows
from webautodash.domain.extraction.item_types import Items
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.extraction.rows import Row, Rows

# The largest number of rows that an item is compared with, to limit the time.
_MOST_CANDIDATES = 100

_Fact = tuple[str, str, str]
"""The place of a field (column or ``extra``), its name and its canonical value."""


def unmatched_items(
    which: ClinicalList, rows: Rows, others: Mapping[str, tuple[list[Any], Items]], order: DateOrder
) -> dict[str, Any]:
    """The items of other lists that no single row contains completely, by the key of their list."""
    index = _RowIndex(which, rows)
    unmatched = {
        key: [
            item
            for item, row in zip(raw, complete_rows(which, [read], order)[0], strict=True)
            if not index.has_row_with(_facts(row, which))
        ]
        for key, (raw, read) in others.items()
    }
    return {key: items for key, items in unmatched.items() if items}


class _RowIndex:
    """The rows of a list by each of their facts."""

    def __init__(self, which: ClinicalList, rows: Rows) -> None:
        self._by_fact: dict[_Fact, list[frozenset[_Fact]]] = {}
        for facts in dict.fromkeys(_facts(row, which) for row in rows):
            for fact in facts:
                self._by_fact.setdefault(fact, []).append(facts)

    def has_row_with(self, facts: frozenset[_Fact]) -> bool:
        """Whether one row has all of the facts; False if there are too many candidates."""
        candidates = min((self._by_fact.get(fact, []) for fact in facts), key=len, default=[])
        return len(candidates) <= _MOST_CANDIDATES and any(facts <= row for row in candidates)


def _facts(row: Row, which: ClinicalList) -> frozenset[_Fact]:
    """The fields of a row in canonical form, without scrape fields."""
    facts = {("", name, folded(row[name] or "")) for name in which.compared}
    facts |= {("", name, canonical_date(row, name)) for name in which.date_fields}
    if which.range_field:
        facts.add(("", which.range_field, folded(row[which.range_field] or "")))
    facts = {fact for fact in facts if fact[-1]}
    for name, value in (row["extra"] or {}).items():
        facts.add(("extra", name, folded(value) if isinstance(value, str) else repr(value)))
    return frozenset(facts)
