"""Reads the clinical lists of a patient, which can be under several keys."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.derived_columns import complete_rows
from webautodash.domain.extraction.item_types import NO_ITEMS, Items, item_type, joined_items
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.extraction.read_item import list_items, read_each_item
from webautodash.domain.extraction.unmatched_items import unmatched_items
from webautodash.domain.limits import MOST_ITEMS
from webautodash.errors import UnreadablePatient


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
