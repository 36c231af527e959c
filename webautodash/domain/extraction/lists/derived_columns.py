"""Completes rows: parses days, strengths and codes out of the columns that were copied from the items.

Each column of a batch is parsed at once, with caches, because portals repeat the same few values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from webautodash.domain.bounded_cache import BoundedCache, up_to_length
from webautodash.domain.dates import DateOrder, days
from webautodash.domain.extraction.lists.clinical_lists import OTHER_RECORDS
from webautodash.domain.extraction.lists.icd10 import read_icd10
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.read_item import NO_ITEMS, Items, extras_of, type_word
from webautodash.domain.extraction.lists.rows import ColumnValues, Rows, RowTable, no_rows
from webautodash.domain.extraction.lists.strengths import read_strength
from webautodash.domain.limits import SHORT_TEXT_LENGTH

_is_cached = up_to_length(300)
_NO_OTHER_RECORDS = no_rows(OTHER_RECORDS)


def complete_rows(which: ClinicalList, patients: Sequence[Items], order: DateOrder) -> list[Rows]:
    """The rows of each patient, with their derived columns."""
    if which is OTHER_RECORDS and all(patient is NO_ITEMS for patient in patients):
        # Most patients have none.
        return [_NO_OTHER_RECORDS] * len(patients)
    items = [item for patient in patients for item in patient.structs]
    extras = extras_of(patients) if any(patient.extras for patient in patients) else None
    return RowTable(which, _columns(which, items, extras, order)).divided(len(patient.structs) for patient in patients)


def _columns(
    which: ClinicalList, items: Sequence[msgspec.Struct], extras: list[Any] | None, order: DateOrder
) -> ColumnValues:
    if not items:
        return [()] * len(which.columns)
    copied: list[Sequence[Any]] = list(zip(*map(msgspec.structs.astuple, items), strict=True))
    copied[0] = [text if text and not text.isspace() else None for text in copied[0]]
    if which.type_keys:
        copied[1] = list(map(_TYPES.__getitem__, copied[1]))
    return [*copied, *derived_columns(which, copied, extras, order), extras or [None] * len(items)]


def derived_columns(
    which: ClinicalList, copied: ColumnValues, extras: Sequence[Mapping[str, Any] | None] | None, order: DateOrder
) -> list[Sequence[Any]]:
    """The derived columns of some rows (days, strengths, codes), in the order of ``which.derived``.

    ``extras`` holds the ``extra`` of each row; None if no row has one.
    """
    day = days(order).__getitem__
    first = len(which.compared)
    derived: list[Sequence[Any]] = [list(map(day, column)) for column in copied[first : first + len(which.date_fields)]]
    if which.strength_field:
        stated = copied[which.copied.index(f"{which.strength_field}_text")]
        derived.append([strength or _STRENGTHS[name] for strength, name in zip(stated, copied[0], strict=True)])
    if which.code_field:
        codes = list(map(_CODES.__getitem__, copied[0]))
        if extras is not None:
            codes = [code or _stated_code(which, extra) for code, extra in zip(codes, extras, strict=True)]
        derived.append(codes)
    return derived


def _stated_code(which: ClinicalList, extra: Mapping[str, Any] | None) -> str | None:
    for key in which.code_keys if extra else ():
        if isinstance(text := (extra or {}).get(key), str) and len(text) <= SHORT_TEXT_LENGTH:
            return _CODES[f"({text})"]
    return None


def _if_short(text: str | None) -> str | None:
    return text if text and len(text) <= SHORT_TEXT_LENGTH else None


_TYPES = BoundedCache[str | None, str | None](type_word, _is_cached)
_STRENGTHS = BoundedCache[str | None, str | None](lambda name: _if_short(read_strength(name or "")), _is_cached)
_CODES = BoundedCache[str | None, str | None](lambda text: _if_short(", ".join(read_icd10(text or ""))), _is_cached)
