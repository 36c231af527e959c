"""Lists that have no table of their own: their items become other records."""

from collections.abc import Callable, Container
from functools import partial
from typing import Any

from webautodash.domain.checksum import is_clinical
from webautodash.domain.extraction.clinical_lists import OTHER_RECORDS
from webautodash.domain.extraction.item_types import NO_ITEMS, Items, joined_items
from webautodash.domain.extraction.json_values import has_objects
from webautodash.domain.extraction.read_item import each_item, read_each_item
from webautodash.domain.limits import MOST_ITEMS, SHORT_TEXT_LENGTH
from webautodash.errors import UnreadablePatient


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
