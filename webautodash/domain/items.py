"""How the items of the lists become rows.

An item of the usual shape is decoded, checked and bounded by msgspec alone; any other one is read field by field into
the same shape. What is read out of the given values (days, strengths, codes) is then read for all items of a batch.
"""

import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import repeat
from typing import Annotated, Any, NamedTuple

import msgspec

from webautodash.domain.checksum import is_clinical
from webautodash.domain.codes import read_icd10
from webautodash.domain.dates import DateOrder, days
from webautodash.domain.limits import MOST_ITEMS, SHORT_TEXT_LENGTH, nested_too_deeply
from webautodash.domain.lists import NAMED_LISTS, OTHER_RECORDS, SCRAPE_FIELDS, ClinicalList
from webautodash.domain.remembered import Remembered, no_longer_than
from webautodash.domain.rows import Columns, Row, Rows, Table
from webautodash.domain.strengths import read_strength
from webautodash.errors import UnreadablePatient

_ROW_INDEX_MAX = 2**31 - 1
_WORDS_FOR_TYPES = {"health_concern_note": "note"}
_TO_KEEP = no_longer_than(300)

Prose = str | None
"""Text of any length."""
Short = Annotated[str, msgspec.Meta(max_length=SHORT_TEXT_LENGTH)] | None
"""Text that fits a column of its kind."""
_Index = Annotated[int, msgspec.Meta(ge=-_ROW_INDEX_MAX, le=_ROW_INDEX_MAX)] | None


@cache
def item_type(which: ClinicalList) -> type[msgspec.Struct]:
    """The usual shape of a list's items, its fields being ``which.given``; whatever differs from it does not decode."""
    prose = {which.text_field, *which.prose_fields}
    keys = {which.text_field: which.text_keys[0]}
    if which.type_keys:
        keys[which.type_field] = which.type_keys[0]
    fields: list[tuple[str, Any, Any]] = []
    for column in which.given:
        kind = Prose if column in prose else _Index if column == "row_index" else Short
        key = keys.get(column, column.removesuffix("_text"))
        fields.append((column, kind, msgspec.field(name=key, default=None)))
    name = f"{which.name}_item"
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, omit_defaults=True, gc=False)


class Items(NamedTuple):
    """The items of one list of one patient, of the usual shape, and what each holds beside it."""

    given: Sequence[msgspec.Struct]
    beside: Sequence[Any] | None = None
    """An ``extra`` for each; None where no item has one."""


NO_ITEMS = Items(())


def completed(which: ClinicalList, patients: Sequence[Items], order: DateOrder) -> list[Rows]:
    """The rows of each patient: what was given, and what is read out of it."""
    if which is OTHER_RECORDS and all(patient is NO_ITEMS for patient in patients):
        # As it mostly is.
        return [_NO_OTHER_RECORDS] * len(patients)
    items = [item for patient in patients for item in patient.given]
    beside = _beside(patients) if any(patient.beside for patient in patients) else None
    return Table(which, _columns(which, items, beside, order)).divided(len(patient.given) for patient in patients)


_NO_OTHER_RECORDS = Rows(Table(OTHER_RECORDS, [()] * len(OTHER_RECORDS.columns)), 0, 0)


def _beside(patients: Sequence[Items]) -> list[Any]:
    return [extra for patient in patients for extra in patient.beside or repeat(None, len(patient.given))]


def _columns(
    which: ClinicalList, items: Sequence[msgspec.Struct], beside: list[Any] | None, order: DateOrder
) -> Columns:
    if not items:
        return [()] * len(which.columns)
    given: list[Sequence[Any]] = list(zip(*map(msgspec.structs.astuple, items), strict=True))
    given[0] = [text if text and not text.isspace() else None for text in given[0]]
    if which.type_keys:
        given[1] = list(map(_TYPES.__getitem__, given[1]))
    return [*given, *read_out(which, given, beside, order), beside or [None] * len(items)]


def read_out(
    which: ClinicalList, given: Columns, beside: Sequence[Mapping[str, Any] | None] | None, order: DateOrder
) -> list[Sequence[Any]]:
    """What is read out of the given values of some rows: days, strengths, codes; in the order of ``which.read``.

    ``beside`` is the ``extra`` of each row, None where no row has one.
    """
    day = days(order).__getitem__
    first = len(which.compared)
    read: list[Sequence[Any]] = [list(map(day, column)) for column in given[first : first + len(which.date_fields)]]
    if which.strength_field:
        stated = given[which.given.index(f"{which.strength_field}_text")]
        read.append([strength or _STRENGTHS[name] for strength, name in zip(stated, given[0], strict=True)])
    if which.code_field:
        codes = list(map(_CODES.__getitem__, given[0]))
        if beside is not None:
            codes = [code or _stated_code(which, extra) for code, extra in zip(codes, beside, strict=True)]
        read.append(codes)
    return read


def _stated_code(which: ClinicalList, extra: Mapping[str, Any] | None) -> str | None:
    for key in which.code_keys if extra else ():
        if isinstance(text := (extra or {}).get(key), str) and len(text) <= SHORT_TEXT_LENGTH:
            return _CODES[f"({text})"]
    return None


def read_list(patient: Mapping[str, Any], which: ClinicalList, order: DateOrder) -> tuple[Rows, dict[str, Any]]:
    """The rows of one list, and what ``read_items`` hands back."""
    items, unmatched = read_items(patient, which, order)
    return completed(which, [items], order)[0], unmatched


def read_items(patient: Mapping[str, Any], which: ClinicalList, order: DateOrder) -> tuple[Items, dict[str, Any]]:
    """The items of one list, and those of the patient's other lists of this kind that say more.

    The data is the first of these that has items: the ``all_`` list; the older, split lists together; the first of
    the bare names.
    """
    for key in which.list_keys:
        _require_list(patient.get(key), key)
        require_few(patient.get(key), key)
    items = _all_items(patient, which)
    others = {
        key: (list(_items(patient, key)), _read_each(which, _items(patient, key), word))
        for key, word in (*which.split_lists, *((name, None) for name in which.bare_names))
        if patient.get(key)
    }
    if not items.given:
        split = [key for key, _ in which.split_lists if key in others and others[key][1].given]
        bare = [name for name in which.bare_names if name in others and others[name][1].given]
        items = _joined([others.pop(key)[1] for key in split or bare[:1]])
    if not others:
        return items, {}
    return items, _unmatched(which, completed(which, [items], order)[0], others, order)


def _unmatched(
    which: ClinicalList, rows: Rows, others: Mapping[str, tuple[list[Any], Items]], order: DateOrder
) -> dict[str, Any]:
    """Those items of some lists that say more than the rows do, by the key of their list."""
    known: dict[str | None, set[tuple[str, str]]] = {}
    for row in rows:
        known.setdefault(row[which.text_field], set()).update(_said(row, which))
    unmatched = {
        key: [
            item
            for item, row in zip(raw, completed(which, [read], order)[0], strict=True)
            if not known.get(row[which.text_field], set()) >= _said(row, which) > set()
        ]
        for key, (raw, read) in others.items()
    }
    return {key: left for key, left in unmatched.items() if left}


def take_other_records(rest: dict[str, Any], place: Callable[[str], str], kept: Container[str]) -> Items:
    """Take the lists that nothing else has read out of ``rest``, as items of ``other_records``.

    A list without items stays, as do those under the keys in ``kept``. ``place`` gives the path of a list.
    Raises UnreadablePatient for a list of which an item would be lost.
    """
    read: list[Items] = []
    number = 0
    for key in [key for key, value in rest.items() if isinstance(value, list) and key not in kept]:
        if not is_clinical(key) or all(item is None for item in rest[key]):
            continue
        number += len(rest[key])
        if number > MOST_ITEMS:
            raise UnreadablePatient("too_many_items", f"{OTHER_RECORDS.name}: more than {MOST_ITEMS:,}")
        if len(key) > SHORT_TEXT_LENGTH:
            raise UnreadablePatient("unknown_list", f"{place(key)}: its name is too long")
        items = _each_item(rest[key], "unknown_list", place(key))
        read.append(_read_each(OTHER_RECORDS, items, key))
        del rest[key]
    return _joined(read) if read else NO_ITEMS


def read_again(
    lists: Mapping[str, Rows], extra: Mapping[str, Any] | None, kept: Container[str], order: DateOrder
) -> dict[str, Rows]:
    """Stored lists as they would be read today, so that a file is not taken for a change of what it repeats.

    Rows keep in their ``extra`` what was no field when they were read, and an extraction keeps in its own what was no
    list.
    """
    rest = dict(extra or {})
    found = dict(lists)
    for which in NAMED_LISTS:
        own = found[which.name] = _rows_again(which, lists[which.name], order)
        bare = {name: rest[name] for name in which.bare_names if isinstance(rest.get(name), list)}
        with suppress(UnreadablePatient):
            if own:
                read = {name: (list(_items(bare, name)), _read_each(which, _items(bare, name), None)) for name in bare}
                unmatched = _unmatched(which, own, read, order)
            else:
                items, unmatched = read_items(bare, which, order)
                if items.given:
                    found[which.name] = completed(which, [items], order)[0]
            rest = {key: value for key, value in rest.items() if key not in bare} | unmatched
    if not found[OTHER_RECORDS.name]:
        with suppress(UnreadablePatient):
            others = take_other_records(rest, str, kept)
            if others.given:
                found[OTHER_RECORDS.name] = completed(OTHER_RECORDS, [others], order)[0]
    return found


def _rows_again(which: ClinicalList, rows: Rows, order: DateOrder) -> Rows:
    if not any(extra and not which.item_keys.isdisjoint(extra) for extra in rows.columns()[-1]):
        return rows
    items = []
    for row in rows:
        rest = dict(row["extra"] or {})
        given = [row[which.text_field] or _first(rest, which), row[which.type_field] or _taken_type(rest, which, None)]
        for column in which.given[2:]:
            field = column.removesuffix("_text")
            given.append(row[column] or _alternative(rest, which, field, _longest(which, column)) or row[column])
        items.append((item_type(which)(*given), rest or None))
    return completed(which, [_as_items(items)], order)[0]


def require_few(items: object, key: str) -> None:
    """Raises UnreadablePatient for a list of more items than any patient has."""
    if isinstance(items, list) and len(items) > MOST_ITEMS:
        raise UnreadablePatient("too_many_items", f"{key}: more than {MOST_ITEMS:,}")


def _require_list(value: object, key: str) -> None:
    if value is not None and not isinstance(value, list):
        raise UnreadablePatient("not_a_list", key)


def _all_items(patient: Mapping[str, Any], which: ClinicalList) -> Items:
    if patient.get(which.key) is None:
        return NO_ITEMS
    try:
        return Items(msgspec.convert(patient[which.key], list[item_type(which)]))  # type: ignore[misc]
    except (msgspec.ValidationError, RecursionError):
        return _read_each(which, _items(patient, which.key), None)


def _read_each(which: ClinicalList, items: Iterable[dict[str, Any] | str], listed_type: str | None) -> Items:
    return _as_items([_item(item, which, listed_type) for item in items])


def _as_items(read: Sequence[tuple[msgspec.Struct, dict[str, Any] | None]]) -> Items:
    return Items([given for given, _ in read], [extra for _, extra in read])


def _joined(lists: Sequence[Items]) -> Items:
    return Items([item for items in lists for item in items.given], _beside(lists))


def _said(row: Row, which: ClinicalList) -> set[tuple[str, str]]:
    """What a row says, but for its type, which the older list's name gives, and how it was scraped."""
    silent = {which.type_field, "extra", *SCRAPE_FIELDS}
    extra = (row["extra"] or {}).items()
    return {(name, repr(value)) for name, value in row.items() if value is not None and name not in silent} | {
        (name, repr(value)) for name, value in extra if name != "own_type"
    }


def _items(patient: Mapping[str, Any], key: str) -> Iterator[dict[str, Any] | str]:
    return _each_item(patient.get(key) or (), "unreadable_item", key)


def _each_item(items: Iterable[Any], reason: str, where: str) -> Iterator[dict[str, Any] | str]:
    for position, item in enumerate(items):
        if isinstance(item, dict | str):
            yield item
        elif isinstance(item, int | float) and not isinstance(item, bool):
            yield str(item)
        elif item is not None:
            raise UnreadablePatient(reason, f"{where}[{position}]")


def _type(text: str | None) -> str | None:
    return _WORDS_FOR_TYPES.get(text, text) if text and text.strip() else None


def _fitting(text: str | None) -> str | None:
    return text if text and len(text) <= SHORT_TEXT_LENGTH else None


_TYPES = Remembered[str | None, str | None](_type, _TO_KEEP)
_STRENGTHS = Remembered[str | None, str | None](lambda name: _fitting(read_strength(name or "")), _TO_KEEP)
_CODES = Remembered[str | None, str | None](lambda text: _fitting(", ".join(read_icd10(text or ""))), _TO_KEEP)


def _item(
    item: dict[str, Any] | str, which: ClinicalList, listed_type: str | None
) -> tuple[msgspec.Struct, dict[str, Any] | None]:
    """An item field by field; a value that is no text, or does not fit its column, is left beside it."""
    rest = dict(item) if isinstance(item, dict) else {which.text_keys[0]: item}
    given: list[Any] = [_first(rest, which), _taken_type(rest, which, listed_type)]
    for column in which.given[2:]:
        if column == "row_index":
            index = rest.get(column)
            usable = isinstance(index, int) and not isinstance(index, bool) and abs(index) <= _ROW_INDEX_MAX
            given.append(rest.pop(column) if usable else None)
        else:
            field, length = column.removesuffix("_text"), _longest(which, column)
            text = take_text(rest, field, length)
            is_blank = text is None or not text.strip()
            given.append((is_blank and _alternative(rest, which, field, length)) or text)
    return item_type(which)(*given), remaining(rest, which.name)


def _taken_type(rest: dict[str, Any], which: ClinicalList, listed_type: str | None) -> str | None:
    own = None
    for key in which.type_keys:
        if key in rest and (own := _type(take_text(rest, key))):
            break
    if listed_type and own and own != listed_type:
        # The list's name decides; what the item says of itself is kept beside it.
        rest["own_type"] = own
    return listed_type or own


def _longest(which: ClinicalList, column: str) -> int:
    return sys.maxsize if column in which.prose_fields else SHORT_TEXT_LENGTH


def _alternative(rest: dict[str, Any], which: ClinicalList, field: str, length: int) -> str | None:
    """Take the text of the first of a field's alternatives that has any."""
    for keys in which.alternatives_of.get(field, ()):
        said = {key: text for key in keys if (text := as_text(rest.get(key))) and not text.isspace()}
        joined = " ".join(said.values())
        if keys[0] in said and len(joined) <= length:
            if len(said) == 1:
                del rest[keys[0]]
            # What was joined stays beside the row: the parts cannot be told again.
            return joined
    return None


def _first(rest: dict[str, Any], which: ClinicalList) -> str | None:
    """Take the text under the first of the keys that has any; copies that do not count go with it."""
    chosen: str | None = None
    for key in which.text_keys:
        if key not in rest:
            continue
        text = as_text(rest[key])
        if text is None:
            continue
        is_blank = not text.strip()
        if chosen is None and not is_blank:
            chosen = text
            del rest[key]
        elif is_blank or (text == chosen and key in which.copy_keys):
            del rest[key]
    return chosen


def take_text(rest: dict[str, Any], key: str, length: int = SHORT_TEXT_LENGTH) -> str | None:
    """Take a text or a number out of ``rest``; what is neither, or too long, stays there."""
    text = as_text(rest.get(key))
    if text is None or len(text) > length:
        return None
    del rest[key]
    return text


def as_text(value: object) -> str | None:
    """A JSON text or number as text, None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def remaining(rest: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    """What found no column, without nulls. Raises UnreadablePatient where it is nested beyond all sense."""
    if not rest:
        return None
    extra = {key: value for key, value in rest.items() if value is not None}
    if any(nested_too_deeply(value) for value in extra.values()):
        raise UnreadablePatient("nested_too_deeply", where)
    return extra or None
