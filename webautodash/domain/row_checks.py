"""A check of each stored row, to find the row in which a byte has changed.

The clinical checksum tells what counts as a change; a row check covers every byte. A CRC-32 finds every change of up
to four adjacent bytes, and any other change except one in four billion. It is not a signature.

An extraction keeps one text: the check of its own row, then for each list a colon and the checks of its rows in the
order of their ids, then a colon and the check of all of this. Each check has eight hexadecimal digits. Extractions that
were stored before a list existed have no part for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise, repeat
from struct import pack
from typing import NamedTuple
from zlib import crc32

import msgspec

from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.rows import ColumnValues, Row, join_rows
from webautodash.domain.json_document import sorted_json

NO_ROWS = ":" * (len(LISTS) - 1)
"""The lists of an extraction that has no clinical rows of its own."""

_DIGITS = 8
_FEWEST_LISTS = sum(which.counts_when_empty for which in LISTS)
_encode = msgspec.msgpack.Encoder().encode


class RowChecks(NamedTuple):
    """The row checks of one extraction."""

    own: int
    lists: list[list[int]]
    """In the order of ``LISTS``."""


def crc_of_rows(columns: ColumnValues) -> list[int]:
    """The check of each row: its texts, numbers and days, and JSON as text, in the order of the columns."""
    # Half the time of a comprehension.
    return list(map(crc32, map(_encode, zip(*columns, strict=True))))


def list_checks(lists: Sequence[Mapping[str, Sequence[Row]]]) -> list[str]:
    """For each extraction, the part of its row checks that covers the lists. A missing list has no rows."""
    parts = []
    for which in LISTS:
        rows = [each.get(which.name, ()) for each in lists]
        parts.append(_digits(join_rows(which, rows), map(len, rows)))
    return list(map(":".join, zip(*parts, strict=True)))


def row_checks(extractions: ColumnValues, lists: Sequence[str]) -> list[str]:
    """The row checks of extractions: of their own rows, whose last column is JSON, and of their ``list_checks``."""
    own = _digits(extractions, repeat(1, len(lists)))
    return [_sealed(f"{check}:{checks}") for check, checks in zip(own, lists, strict=True)]


def parse_row_checks(text: str) -> RowChecks:
    """Parse what ``row_checks`` returned. Raises ValueError for anything else."""
    content, _, _ = text.rpartition(":")
    if _sealed(content) != text:
        raise ValueError("not a result of row_checks")
    (own,), *lists = map(_numbers, content.split(":"))
    if not _FEWEST_LISTS <= len(lists) <= len(LISTS):
        raise ValueError("not a result of row_checks")
    return RowChecks(own, [*lists, *([] for _ in range(len(LISTS) - len(lists)))])


def same_rows(one: str | None, other: str | None) -> bool:
    """Whether two extractions have the same checks of their clinical rows; False if either has no checks."""
    if one is None or other is None:
        return False
    # An empty list leaves only its colon, and earlier versions had fewer lists.
    return _parts(one)[1].rstrip(":") == _parts(other)[1].rstrip(":")


def copy_list_checks(text: str, other: str) -> str:
    """The row checks ``text`` for an extraction whose clinical rows are now copies of the rows of ``other``."""
    return _sealed(f"{_parts(text)[0]}:{_parts(other)[1]}")


def clear_list_checks(text: str) -> str:
    """The row checks ``text`` for an extraction that has no clinical rows any more."""
    return _sealed(f"{_parts(text)[0]}:{NO_ROWS}")


def replace_own_check(text: str, before: int, now: int) -> str:
    """The row checks ``text`` after a change of the extraction's own row. A damaged row stays recognisable."""
    own, lists = _parts(text)
    return _sealed(f"{now:08x}:{lists}") if own == f"{before:08x}" else text


def _parts(text: str) -> tuple[str, str]:
    """The check of the own row, and the checks of the lists."""
    content, _, _ = text.rpartition(":")
    own, _, lists = content.partition(":")
    return own, lists


def _sealed(text: str) -> str:
    return f"{text}:{crc32(text.encode()):08x}"


def _digits(columns: ColumnValues, lengths: Iterable[int]) -> list[str]:
    """The checks of consecutive groups of rows, of these lengths. The last column is JSON."""
    *others, extra = columns
    if extra.count(None) < len(extra):
        columns = [*others, [None if value is None else sorted_json(value) for value in extra]]
    found = crc_of_rows(columns)
    digits = pack(f">{len(found)}I", *found).hex()
    return [digits[_DIGITS * start : _DIGITS * stop] for start, stop in pairwise(accumulate(lengths, initial=0))]


def _numbers(digits: str) -> list[int]:
    return [int(digits[place : place + _DIGITS], 16) for place in range(0, len(digits), _DIGITS)]
