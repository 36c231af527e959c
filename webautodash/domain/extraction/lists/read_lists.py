"""Reads the lists of a patient.

A clinical list can be under several keys: items of older keys that the main list does not repeat are found. The items
of a list that has no table of its own become other records.
"""

from collections.abc import Callable, Container, Mapping
from functools import partial
from typing import Any

import msgspec

from webautodash.domain.checksum import canonical_date, folded, is_clinical
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.json_values import has_objects
from webautodash.domain.extraction.lists.clinical_lists import OTHER_RECORDS
from webautodash.domain.extraction.lists.derived_columns import complete_rows
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.read_item import (
    NO_ITEMS,
    Items,
    each_item,
    item_type,
    joined_items,
    list_items,
    read_each_item,
)
from webautodash.domain.extraction.lists.rows import Row, Rows
from webautodash.domain.limits import MOST_ITEMS, SHORT_TEXT_LENGTH
from webautodash.errors import UnreadablePatient

# The largest number of rows that an item is compared with, to limit the time.
_MOST_CANDIDATES = 100
_Fact = tuple[str, str, str]
"""The place of a field (column or ``extra``), its name and its canonical value."""


def read_items(patient: Mapping[str, Any], which: ClinicalList, order: DateOrder) -> tuple[Items, dict[str, Any]]:
    """The items of one list, and the items of its other keys that hold something else, by key.

    The list is the first of these that has items: the ``all_`` key; all split lists together; the first bare name.
    """
    for key in which.list_keys:
        _require_list(patient.get(key), key)
        require_few(patient.get(key), key)
    items = _all_items(patient, which)
    others = older_lists(patient, which)
    if not items.structs:
        split = [key for key, _ in which.split_lists if key in others and others[key][1].structs]
        bare = [name for name in which.bare_names if name in others and others[name][1].structs]
        items = joined_items([others.pop(key)[1] for key in split or bare[:1]])
    if not others:
        return items, {}
    return items, unmatched_items(which, complete_rows(which, [items], order)[0], others, order)


def older_lists(patient: Mapping[str, Any], which: ClinicalList) -> dict[str, tuple[list[Any], Items]]:
    """The split and bare lists of a patient, by key: the items as they are in the file, and as they are read."""
    return {
        key: (list(list_items(patient, key)), read_each_item(which, list_items(patient, key), implied))
        for key, implied in (*which.split_lists, *((name, None) for name in which.bare_names))
        if patient.get(key)
    }


def _require_list(value: object, key: str) -> None:
    if value is not None and not isinstance(value, list):
        raise UnreadablePatient("not_a_list", key)


def require_few(items: object, key: str) -> None:
    """Raise UnreadablePatient for a list with more items than any patient has."""
    if isinstance(items, list) and len(items) > MOST_ITEMS:
        raise UnreadablePatient("too_many_items", f"{key}: more than {MOST_ITEMS:,}")


def _all_items(patient: Mapping[str, Any], which: ClinicalList) -> Items:
    if patient.get(which.key) is None:
        return NO_ITEMS
    try:
        return Items(msgspec.convert(patient[which.key], list[item_type(which)]))  # type: ignore[misc]
    except (msgspec.ValidationError, RecursionError):
        return read_each_item(which, list_items(patient, which.key), None)


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


def take_other_records(rest: dict[str, Any], place: Callable[..., str], kept: Container[str]) -> Items:
    """Take all lists out of ``rest``, as items of ``other_records``.

    This includes lists of objects one level inside an object; their section is both keys joined by a point. A list
    without items stays in ``rest``, as do lists and objects under the keys in ``kept``. ``place`` returns the path of a
    list by its keys. Raises UnreadablePatient if an item of a list would be lost.
    """
    read: list[Items] = []
    number = 0

    def take(items: list[Any], *keys: str) -> None:
        nonlocal number
        section = ".".join(keys)
        number += len(items)
        if number > MOST_ITEMS:
            raise UnreadablePatient("too_many_items", f"{OTHER_RECORDS.name}: more than {MOST_ITEMS:,}")
        if len(section) > SHORT_TEXT_LENGTH:
            raise UnreadablePatient("unknown_list", f"{place(*keys)}: the name of the list is too long")
        if any(isinstance(item, dict) and "demographics_printable" in item for item in items):
            raise UnreadablePatient("unknown_list", f"{place(*keys)}: the list holds patients")
        read.append(read_each_item(OTHER_RECORDS, each_item(items, "unknown_list", partial(place, *keys)), section))

    for key, value in list(rest.items()):
        if key in kept or not is_clinical(key):
            continue
        if isinstance(value, list) and any(item is not None for item in value):
            take(value, key)
            del rest[key]
        elif isinstance(value, dict):
            inner = {name: some for name, some in value.items() if is_clinical(name) and has_objects(some)}
            for name, some in inner.items():
                take(some, key, name)
            if inner:
                rest[key] = {name: part for name, part in value.items() if name not in inner} or None
    return joined_items(read) if read else NO_ITEMS
