"""How the items of the lists become rows.

An item of the usual shape is decoded, checked and bounded by msgspec alone; any other one is read field by field into
the same shape. What is read out of the given values (days, strengths, codes) is then read for all items of a batch.
"""

import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from itertools import repeat
from typing import Annotated, Any, NamedTuple

import msgspec

from webautodash.domain.bounded_cache import Remembered, no_longer_than
from webautodash.domain.checksum import canonical_date, folded, is_clinical
from webautodash.domain.dates import DateOrder, days
from webautodash.domain.extraction.clinical_lists import NAMED_LISTS, OTHER_RECORDS, ClinicalList
from webautodash.domain.extraction.icd10 import read_icd10
from webautodash.domain.extraction.rows import Columns, Row, Rows, Table, joined
from webautodash.domain.extraction.strengths import read_strength
from webautodash.domain.limits import MOST_ITEMS, SHORT_TEXT_LENGTH, nested_too_deeply
from webautodash.errors import UnreadablePatient

_ROW_INDEX_MAX = 2**31 - 1
_WORDS_FOR_TYPES = {"health_concern_note": "note"}
_TO_KEEP = no_longer_than(300)
# Rows of a list that are compared with an item of another list, to bound the time.
_MOST_ALIKE = 100

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
    others = _each_list(patient, which)
    if not items.given:
        split = [key for key, _ in which.split_lists if key in others and others[key][1].given]
        bare = [name for name in which.bare_names if name in others and others[name][1].given]
        items = _joined([others.pop(key)[1] for key in split or bare[:1]])
    if not others:
        return items, {}
    return items, _unmatched(which, completed(which, [items], order)[0], others, order)


def _each_list(patient: Mapping[str, Any], which: ClinicalList) -> dict[str, tuple[list[Any], Items]]:
    """The split and bare lists of a patient, by key: each item as it came and as it is read."""
    return {
        key: (list(_items(patient, key)), _read_each(which, _items(patient, key), word))
        for key, word in (*which.split_lists, *((name, None) for name in which.bare_names))
        if patient.get(key)
    }


def _unmatched(
    which: ClinicalList, rows: Rows, others: Mapping[str, tuple[list[Any], Items]], order: DateOrder
) -> dict[str, Any]:
    """Those items of some lists of which no single row says everything, by the key of their list."""
    known = _Known(which, rows)
    unmatched = {
        key: [
            item
            for item, row in zip(raw, completed(which, [read], order)[0], strict=True)
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


def take_other_records(rest: dict[str, Any], place: Callable[..., str], kept: Container[str]) -> Items:
    """Take the lists that nothing else has read out of ``rest``, as items of ``other_records``.

    So are lists of objects that stand one level inside an object; their section is both keys, joined by a point.
    A list without items stays, as do lists and objects under the keys in ``kept``. ``place`` gives the path of a list
    by its keys. Raises UnreadablePatient for a list of which an item would be lost.
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
            raise UnreadablePatient("unknown_list", f"{place(*keys)}: its name is too long")
        if any(isinstance(item, dict) and "demographics_printable" in item for item in items):
            raise UnreadablePatient("unknown_list", f"{place(*keys)}: it has patients of its own")
        read.append(_read_each(OTHER_RECORDS, _each_item(items, "unknown_list", partial(place, *keys)), section))

    for key, value in list(rest.items()):
        if key in kept or not is_clinical(key):
            continue
        if isinstance(value, list) and any(item is not None for item in value):
            take(value, key)
            del rest[key]
        elif isinstance(value, dict):
            inner = {name: some for name, some in value.items() if is_clinical(name) and _has_objects(some)}
            for name, some in inner.items():
                take(some, key, name)
            if inner:
                rest[key] = {name: part for name, part in value.items() if name not in inner} or None
    return _joined(read) if read else NO_ITEMS


def _has_objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


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
        older = {name: rest[name] for name in which.list_keys[1:] if isinstance(rest.get(name), list)}
        with suppress(UnreadablePatient):
            if own:
                read = _each_list(older, which)
                unmatched = _unmatched(which, own, read, order)
            else:
                items, unmatched = read_items(older, which, order)
                if items.given:
                    found[which.name] = completed(which, [items], order)[0]
            rest = {key: value for key, value in rest.items() if key not in older} | unmatched
    with suppress(UnreadablePatient):
        others = take_other_records(rest, lambda *keys: ".".join(keys), kept)
        if others.given:
            rows = completed(OTHER_RECORDS, [others], order)[0]
            both = joined(OTHER_RECORDS, [found[OTHER_RECORDS.name], rows])
            [found[OTHER_RECORDS.name]] = Table(OTHER_RECORDS, both).divided([len(both[0])])
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


def _items(patient: Mapping[str, Any], key: str) -> Iterator[dict[str, Any] | str]:
    return _each_item(patient.get(key) or (), "unreadable_item", lambda: key)


def _each_item(items: Iterable[Any], reason: str, where: Callable[[], str]) -> Iterator[dict[str, Any] | str]:
    for position, item in enumerate(items):
        if isinstance(item, dict | str):
            yield item
        elif isinstance(item, int | float) and not isinstance(item, bool):
            yield str(item)
        elif item is not None:
            raise UnreadablePatient(reason, f"{where()}[{position}]")


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
        key = "own_type"
        while key in rest:
            key += "_"
        rest[key] = own
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
