"""The usual shape of each list's items, and reading the items of another shape field by field."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Annotated, Any, NamedTuple

import msgspec

from webautodash.domain.extraction.json_values import scalar_text, take_text, unmapped
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.limits import SHORT_TEXT_LENGTH
from webautodash.errors import UnreadablePatient

ROW_INDEX_MAX = 2**31 - 1

AnyText = str | None
"""Text of any length."""
ShortString = Annotated[str, msgspec.Meta(max_length=SHORT_TEXT_LENGTH)] | None
"""Text that fits into a short column."""
_Index = Annotated[int, msgspec.Meta(ge=-ROW_INDEX_MAX, le=ROW_INDEX_MAX)] | None
_WORDS_FOR_TYPES = {"health_concern_note": "note"}


@cache
def item_type(which: ClinicalList) -> type[msgspec.Struct]:
    """The usual shape of a list's items, with the fields ``which.copied``. An item of another shape does not decode."""
    prose = {which.text_field, *which.prose_fields}
    keys = {which.text_field: which.text_keys[0]}
    if which.type_keys:
        keys[which.type_field] = which.type_keys[0]
    fields: list[tuple[str, Any, Any]] = []
    for column in which.copied:
        kind = AnyText if column in prose else _Index if column == "row_index" else ShortString
        key = keys.get(column, column.removesuffix("_text"))
        fields.append((column, kind, msgspec.field(name=key, default=None)))
    name = f"{which.name}_item"
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, omit_defaults=True, gc=False)


class Items(NamedTuple):
    """The items of one list of one patient in the usual shape, and the values that have no field there."""

    structs: Sequence[msgspec.Struct]
    extras: Sequence[Any] | None = None
    """The ``extra`` of each item; None if no item has one."""


NO_ITEMS = Items(())


def as_items(read: Sequence[tuple[msgspec.Struct, dict[str, Any] | None]]) -> Items:
    """Items from pairs of struct and ``extra``."""
    return Items([struct for struct, _ in read], [extra for _, extra in read])


def joined_items(lists: Sequence[Items]) -> Items:
    """The items of several lists, one list after the other."""
    return Items([item for items in lists for item in items.structs], extras_of(lists))


def extras_of(patients: Sequence[Items]) -> list[Any]:
    """The ``extra`` of each item of several patients."""
    return [extra for patient in patients for extra in patient.extras or repeat(None, len(patient.structs))]


def read_item(
    item: dict[str, Any] | str, which: ClinicalList, listed_type: str | None
) -> tuple[msgspec.Struct, dict[str, Any] | None]:
    """Read an item. Returns its fields, and the values that are not text or do not fit their column."""
    rest = dict(item) if isinstance(item, dict) else {which.text_keys[0]: item}
    fields: list[Any] = [take_item_text(rest, which), take_type(rest, which, listed_type)]
    for column in which.copied[2:]:
        if column == "row_index":
            index = rest.get(column)
            usable = isinstance(index, int) and not isinstance(index, bool) and abs(index) <= ROW_INDEX_MAX
            fields.append(rest.pop(column) if usable else None)
        else:
            field, length = column.removesuffix("_text"), longest(which, column)
            text = take_text(rest, field, length)
            is_blank = text is None or not text.strip()
            fields.append((is_blank and take_alternative(rest, which, field, length)) or text)
    return item_type(which)(*fields), unmapped(rest, which.name)


def take_type(rest: dict[str, Any], which: ClinicalList, listed_type: str | None) -> str | None:
    """Take the type of an item; the type that the key of its list implies wins."""
    own = None
    for key in which.type_keys:
        if key in rest and (own := type_word(take_text(rest, key))):
            break
    if listed_type and own and own != listed_type:
        # The item's own type is kept in extra.
        key = "own_type"
        while key in rest:
            key += "_"
        rest[key] = own
    return listed_type or own


def longest(which: ClinicalList, column: str) -> int:
    """The largest length of a text in a column."""
    return sys.maxsize if column in which.prose_fields else SHORT_TEXT_LENGTH


def take_alternative(rest: dict[str, Any], which: ClinicalList, field: str, length: int) -> str | None:
    """Take the text of the first alternative of a field that has one."""
    for keys in which.alternatives_by_field.get(field, ()):
        texts = {key: text for key in keys if (text := scalar_text(rest.get(key))) and not text.isspace()}
        joined = " ".join(texts.values())
        if keys[0] in texts and len(joined) <= length:
            if len(texts) == 1:
                del rest[keys[0]]
            # Several parts also stay in extra, because the joined text does not tell where each ends.
            return joined
    return None


def take_item_text(rest: dict[str, Any], which: ClinicalList) -> str | None:
    """Take the text under the first key that has one, and its copies that are not compared."""
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
    """The word for a type as it is stored; None for a blank text."""
    return _WORDS_FOR_TYPES.get(text, text) if text and text.strip() else None


def read_each_item(which: ClinicalList, items: Iterable[dict[str, Any] | str], listed_type: str | None) -> Items:
    """Read several items of a list whose key implies ``listed_type``."""
    return as_items([read_item(item, which, listed_type) for item in items])


def list_items(patient: Mapping[str, Any], key: str) -> Iterator[dict[str, Any] | str]:
    """The items under a key of a patient. Raises UnreadablePatient for an item of another type."""
    return each_item(patient.get(key) or (), "unreadable_item", lambda: key)


def each_item(items: Iterable[Any], reason: str, where: Callable[[], str]) -> Iterator[dict[str, Any] | str]:
    """The items of a list, numbers as text, without nulls. Raises UnreadablePatient, with ``reason``, for others."""
    for position, item in enumerate(items):
        if isinstance(item, dict | str):
            yield item
        elif isinstance(item, int | float) and not isinstance(item, bool):
            yield str(item)
        elif item is not None:
            raise UnreadablePatient(reason, f"{where()}[{position}]")
