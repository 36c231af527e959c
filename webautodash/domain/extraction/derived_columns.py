"""Columns that are derived from others."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from webautodash.domain.bounded_cache import BoundedCache, up_to_length
from webautodash.domain.dates import DateOrder, days
from webautodash.domain.extraction.clinical_lists import OTHER_RECORDS
from webautodash.domain.extraction.icd10 import read_icd10
from webautodash.domain.extraction.item_types import NO_ITEMS, Items, extras_of
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.domain.extraction.read_item import type_word
from webautodash.domain.extraction.rows import ColumnValues, Rows, RowTable
from webautodash.domain.extraction.strengths import read_strength
from webautodash.domain.limits import SHORT_TEXT_LENGTH

_TO_KEEP = up_to_length(300)


def complete_rows(which: ClinicalList, patients: Sequence[Items], order: DateOrder) -> list[Rows]:
    """The rows of each patient: what was given, and what is read out of it."""
    if which is OTHER_RECORDS and all(patient is NO_ITEMS for patient in patients):
        # As it mostly is.
        return [_NO_OTHER_RECORDS] * len(patients)
    items = [item for patient in patients for item in patient.structs]
    beside = extras_of(patients) if any(patient.extras for patient in patients) else None
    return RowTable(which, _columns(which, items, beside, order)).divided(len(patient.structs) for patient in patients)


_NO_OTHER_RECORDS = Rows(RowTable(OTHER_RECORDS, [()] * len(OTHER_RECORDS.columns)), 0, 0)


def _columns(
    which: ClinicalList, items: Sequence[msgspec.Struct], beside: list[Any] | None, order: DateOrder
) -> ColumnValues:
    if not items:
        return [()] * len(which.columns)
    given: list[Sequence[Any]] = list(zip(*map(msgspec.structs.astuple, items), strict=True))
    given[0] = [text if text and not text.isspace() else None for text in given[0]]
    if which.type_keys:
        given[1] = list(map(_TYPES.__getitem__, given[1]))
    return [*given, *derived_columns(which, given, beside, order), beside or [None] * len(items)]


def derived_columns(
    which: ClinicalList, given: ColumnValues, beside: Sequence[Mapping[str, Any] | None] | None, order: DateOrder
) -> list[Sequence[Any]]:
    """What is read out of the given values of some rows: days, strengths, codes; in the order of ``which.derived``.

    ``beside`` is the ``extra`` of each row, None where no row has one.
    """
    day = days(order).__getitem__
    first = len(which.compared)
    read: list[Sequence[Any]] = [list(map(day, column)) for column in given[first : first + len(which.date_fields)]]
    if which.strength_field:
        stated = given[which.copied.index(f"{which.strength_field}_text")]
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


def _fitting(text: str | None) -> str | None:
    return text if text and len(text) <= SHORT_TEXT_LENGTH else None


_TYPES = BoundedCache[str | None, str | None](type_word, _TO_KEEP)


_STRENGTHS = BoundedCache[str | None, str | None](lambda name: _fitting(read_strength(name or "")), _TO_KEEP)


_CODES = BoundedCache[str | None, str | None](lambda text: _fitting(", ".join(read_icd10(text or ""))), _TO_KEEP)
