"""The types that the items of each list are decoded into."""

from collections.abc import Sequence
from functools import cache
from itertools import repeat
from typing import Annotated, Any, NamedTuple

import msgspec

from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.limits import SHORT_TEXT_LENGTH

ROW_INDEX_MAX = 2**31 - 1

AnyText = str | None
"""Text of any length."""
ShortString = Annotated[str, msgspec.Meta(max_length=SHORT_TEXT_LENGTH)] | None
"""Text that fits into a short column."""
_Index = Annotated[int, msgspec.Meta(ge=-ROW_INDEX_MAX, le=ROW_INDEX_MAX)] | None


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
