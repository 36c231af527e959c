"""The canonical form of a patient's clinical content: what counts as the same.

Unicode is composed, white space collapsed, case folded, dates are ISO if they parse; null and empty are like missing.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

import msgspec

from webautodash.domain.bounded_cache import BoundedCache, up_to_length
from webautodash.domain.dates import parse_date
from webautodash.domain.extraction.lists.clinical_lists import LISTS, OTHER_RECORDS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.rows import ColumnValues, Row, Rows, join_rows

_EMPTY: tuple[object, ...] = ("", [], {}, None)

# Python counts it as white space, so no folded text contains it.
_SEPARATOR = "\x1f"
_encode = msgspec.json.Encoder(order="sorted").encode

# Fields that change from one visit to the next although the patient does not.
_SCRAPED = frozenset({"patient_id", "age", "row_index", "extracted_at", "found_at", "extraction_method", "scraped_at"})

# Sorting n combining marks on one letter takes n² steps; no language needs this many.
_MOST_MARKS = 100

_SHORT = 100

# The dash of a printed range; either end may be missing.
_DASH = re.compile(r"(?:^| )-(?: |$)")


def checksum(prn: str, demographics: Mapping[str, Any], lists: Mapping[str, Sequence[Row]]) -> str:
    """Fingerprint of a patient's clinical content, to tell a repeat from a change.

    The lists are multisets: the portal's order does not count, the number of equal rows does. UUID, age, scrape
    times, URLs and filter fields are left out, because they differ between identical visits. Lists that were added in
    later versions are left out if they are empty, so that earlier checksums stay valid.

    Takes the columns of ``patients`` and of the lists' tables, so that stored rows give the same fingerprint.
    Returns the SHA-256 of the canonical UTF-8 JSON, 64 hexadecimal digits.
    Source: the manual, "What counts as a change".
    """
    canonical = canonical_person(prn, demographics)
    for which in LISTS:
        if (rows := lists.get(which.name, ())) or which.counts_when_empty:
            canonical[which.name] = sorted(canonical_items(which, rows))
    return sha256(_encode(canonical)).hexdigest()


def canonical_person(prn: str, demographics: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of a patient's identity."""
    return {
        "prn": prn,
        "name": folded(demographics["patient_name"] or ""),
        "date_of_birth": canonical_date(demographics, "date_of_birth"),
        "gender": folded(demographics["gender"] or ""),
    }


def folded(text: str) -> str:
    """The canonical form of a text: composed, white space collapsed, case folded."""
    return _FOLDED[text]


def _fold(text: str | None) -> str:
    if text is None:
        return ""
    if not text.isascii() and (len(text) <= _MOST_MARKS or _most_marks(text) <= _MOST_MARKS):
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(text.casefold().split())


_FOLDED = BoundedCache[str | None, str](_fold, up_to_length(_SHORT))


def _most_marks(text: str) -> int:
    runs = groupby(map(unicodedata.combining, text), key=bool)
    return max((sum(1 for _ in run) for is_marks, run in runs if is_marks), default=0)


def canonical_date(row: Mapping[str, Any], field: str) -> str:
    """The canonical form of a date: ISO if it parsed, else its folded text."""
    parsed = row[field]
    return parsed.isoformat() if parsed else folded(row[f"{field}_text"] or "")


def canonical_items(which: ClinicalList, rows: Sequence[Row]) -> list[str]:
    """The canonical form of each row: the fields in their order, then the unknown fields as JSON."""
    if not isinstance(rows, Rows):
        return _canonical(which, join_rows(which, [rows]))
    if rows.table.canonical is None:
        # All patients of a table at once cost much less than one by one.
        rows.table.canonical = _canonical(which, rows.table.columns)
    return rows.table.canonical[rows.start : rows.stop]


def _canonical(which: ClinicalList, table: ColumnValues) -> list[str]:
    fold = _FOLDED.__getitem__
    fields = [list(map(fold, column)) for column in table[: len(which.compared)]]
    for field in which.date_fields:
        parsed, text = (table[which.columns.index(name)] for name in (field, f"{field}_text"))
        fields.append([fold(raw) if day is None else day.isoformat() for day, raw in zip(parsed, text, strict=True)])
    if which.range_field:
        fields.append(list(map(_range, table[which.columns.index(which.range_field)])))
    items = list(map(_SEPARATOR.join, zip(*fields, strict=True)))
    for position, extra in enumerate(table[-1]):
        if extra:
            unknown = _canonical_value(_without_copies(which, extra, [column[position] for column in fields]))
            if which is OTHER_RECORDS:
                unknown = _numbers_as_text(unknown)
            if unknown:
                # Separate from the columns: an unknown key ("name" beside "allergen") can be the name of a column.
                items[position] += _SEPARATOR + _dump(unknown)
    return items


def _without_copies(which: ClinicalList, extra: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Unknown fields without copies of the text or the type."""
    copies = dict.fromkeys(which.text_copies, fields[0]) | dict.fromkeys(which.type_copies, fields[1])
    return {
        key: value
        for key, value in extra.items()
        if not (key in copies and isinstance(value, str) and folded(value) == copies[key])
    }


def is_clinical(key: str) -> bool:
    """Whether the value under a key is compared; URLs and fields that describe the visit are not."""
    return key not in _SCRAPED and not key.lower().endswith("url")


def _range(text: str | None) -> str:
    """A printed range of dates ("10/20/1988 - ") with both ends as ISO."""
    if not text:
        return ""
    begin, dash, end = text.partition(" - ")
    first, last = _ENDS[begin], _ENDS[end]
    if dash and first is not None and last is not None:
        return f"{first} - {last}".strip()
    ends = _DASH.split(" ".join(text.split()))
    return _fold(" - ".join(parsed.isoformat() if (parsed := parse_date(end)) else end for end in ends))


def _end(text: str) -> str | None:
    """ISO for a date, empty for an empty text, None for anything else."""
    parsed = parse_date(text)
    return parsed.isoformat() if parsed else None if text else ""


_ENDS = BoundedCache[str, str | None](_end, up_to_length(_SHORT))


def canonical_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """The canonical form of unknown fields, each as JSON, without empty fields and fields that describe the visit."""
    return {key: _dump(value) for key, value in _canonical_value(fields).items()}


def _canonical_value(value: Any) -> Any:
    match value:
        case str():
            return folded(value)
        case list():
            return [_canonical_value(part) for part in value]
        case dict():
            parts = {key: _canonical_value(part) for key, part in value.items() if is_clinical(key)}
            return {key: part for key, part in parts.items() if part not in _EMPTY}
        case _:
            return value


def _numbers_as_text(value: Any) -> Any:
    """A JSON value in which 60, 60.0 and "60" are equal."""
    match value:
        case list():
            return [_numbers_as_text(part) for part in value]
        case dict():
            return {key: _numbers_as_text(part) for key, part in value.items()}
        case bool():
            return value
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            return value


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
