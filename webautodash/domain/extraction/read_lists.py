"""The lists of a patient."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.derived_columns import complete_rows
from webautodash.domain.extraction.item_types import NO_ITEMS, Items, item_type, joined_items
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.extraction.read_item import list_items, read_each_item
from webautodash.domain.extraction.rows import Rows
from webautodash.domain.extraction.unmatched_items import unmatched_items
from webautodash.domain.limits import MOST_ITEMS
from webautodash.errors import UnreadablePatient


def read_list(patient: Mapping[str, Any], which: ClinicalList, order: DateOrder) -> tuple[Rows, dict[str, Any]]:
    """The rows of one list, and what ``read_items`` hands back."""
    items, unmatched = read_items(patient, which, order)
    return complete_rows(which, [items], order)[0], unmatched


def read_items(patient: Mapping[str, Any], which: ClinicalList, order: DateOrder) -> tuple[Items, dict[str, Any]]:
    """The items of one list, and those of the patient's other lists of this kind that say more.

    The data is the first of these that has items: the ``all_`` list; the older, split lists together; the first of
    the bare names.
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
    """The split and bare lists of a patient, by key: each item as it came and as it is read."""
    return {
        key: (list(list_items(patient, key)), read_each_item(which, list_items(patient, key), word))
        for key, word in (*which.split_lists, *((name, None) for name in which.bare_names))
        if patient.get(key)
    }


def _require_list(value: object, key: str) -> None:
    if value is not None and not isinstance(value, list):
        raise UnreadablePatient("not_a_list", key)


def require_few(items: object, key: str) -> None:
    """Raises UnreadablePatient for a list of more items than any patient has."""
    if isinstance(items, list) and len(items) > MOST_ITEMS:
        raise UnreadablePatient("too_many_items", f"{key}: more than {MOST_ITEMS:,}")


def _all_items(patient: Mapping[str, Any], which: ClinicalList) -> Items:
    if patient.get(which.key) is None:
        return NO_ITEMS
    try:
        return Items(msgspec.convert(patient[which.key], list[item_type(which)]))  # type: ignore[misc]
    except (msgspec.ValidationError, RecursionError):
        return read_each_item(which, list_items(patient, which.key), None)
