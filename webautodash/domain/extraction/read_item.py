"""One item, read field by field."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from webautodash.domain.extraction.item_types import ROW_INDEX_MAX, Items, as_items, item_type
from webautodash.domain.extraction.json_values import scalar_text, take_text, unmapped
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.limits import SHORT_TEXT_LENGTH
from webautodash.errors import UnreadablePatient

_WORDS_FOR_TYPES = {"health_concern_note": "note"}


def read_item(
    item: dict[str, Any] | str, which: ClinicalList, listed_type: str | None
) -> tuple[msgspec.Struct, dict[str, Any] | None]:
    """An item field by field; a value that is no text, or does not fit its column, is left beside it."""
    rest = dict(item) if isinstance(item, dict) else {which.text_keys[0]: item}
    given: list[Any] = [take_item_text(rest, which), take_type(rest, which, listed_type)]
    for column in which.copied[2:]:
        if column == "row_index":
            index = rest.get(column)
            usable = isinstance(index, int) and not isinstance(index, bool) and abs(index) <= ROW_INDEX_MAX
            given.append(rest.pop(column) if usable else None)
        else:
            field, length = column.removesuffix("_text"), longest(which, column)
            text = take_text(rest, field, length)
            is_blank = text is None or not text.strip()
            given.append((is_blank and take_alternative(rest, which, field, length)) or text)
    return item_type(which)(*given), unmapped(rest, which.name)


def take_type(rest: dict[str, Any], which: ClinicalList, listed_type: str | None) -> str | None:
    own = None
    for key in which.type_keys:
        if key in rest and (own := type_word(take_text(rest, key))):
            break
    if listed_type and own and own != listed_type:
        # The list's name decides; what the item says of itself is kept beside it.
        key = "own_type"
        while key in rest:
            key += "_"
        rest[key] = own
    return listed_type or own


def longest(which: ClinicalList, column: str) -> int:
    return sys.maxsize if column in which.prose_fields else SHORT_TEXT_LENGTH


def take_alternative(rest: dict[str, Any], which: ClinicalList, field: str, length: int) -> str | None:
    """Take the text of the first of a field's alternatives that has any."""
    for keys in which.alternatives_by_field.get(field, ()):
        said = {key: text for key in keys if (text := scalar_text(rest.get(key))) and not text.isspace()}
        joined = " ".join(said.values())
        if keys[0] in said and len(joined) <= length:
            if len(said) == 1:
                del rest[keys[0]]
            # What was joined stays beside the row: the parts cannot be told again.
            return joined
    return None


def take_item_text(rest: dict[str, Any], which: ClinicalList) -> str | None:
    """Take the text under the first of the keys that has any; copies that do not count go with it."""
    chosen: str | None = None
    for key in which.text_keys:
        if key not in rest:
            continue
        text = scalar_text(rest[key])
        if text is None:
            continue
        is_blank = not text.strip()
        if chosen is None and not is_blank:
            chosen = text
            del rest[key]
        elif is_blank or (text == chosen and key in which.copy_keys):
            del rest[key]
    return chosen


def type_word(text: str | None) -> str | None:
    return _WORDS_FOR_TYPES.get(text, text) if text and text.strip() else None


def read_each_item(which: ClinicalList, items: Iterable[dict[str, Any] | str], listed_type: str | None) -> Items:
    return as_items([read_item(item, which, listed_type) for item in items])


def list_items(patient: Mapping[str, Any], key: str) -> Iterator[dict[str, Any] | str]:
    return each_item(patient.get(key) or (), "unreadable_item", lambda: key)


def each_item(items: Iterable[Any], reason: str, where: Callable[[], str]) -> Iterator[dict[str, Any] | str]:
    for position, item in enumerate(items):
        if isinstance(item, dict | str):
            yield item
        elif isinstance(item, int | float) and not isinstance(item, bool):
            yield str(item)
        elif item is not None:
            raise UnreadablePatient(reason, f"{where()}[{position}]")
