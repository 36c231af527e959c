"""A check of each row as it was written, so that the one in which a byte has changed can be named.

The clinical checksum says what counts as a change; this is of every byte. A CRC-32 finds a change of up to four bytes
side by side for certain, and any other but for one in four billion. It is no signature.

An extraction keeps the checks of its own row and of its rows in the lists: eight hexadecimal digits each, its own
first, then behind a colon each list's in the order of their numbers, and behind a last colon the check of all that.
Extractions that were stored before there were other records keep four lists.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise, repeat
from struct import pack
from typing import NamedTuple
from zlib import crc32

import msgspec

from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.extraction.json_values import sorted_json
from webautodash.domain.extraction.rows import ColumnValues, Row, join_rows

NO_ROWS = ":" * (len(LISTS) - 1)
"""What stands for the lists of an extraction whose rows are another's."""


_DIGITS = 8


_encode = msgspec.msgpack.Encoder().encode


class RowChecks(NamedTuple):
    """What an extraction keeps."""

    own: int
    lists: list[list[int]]
    """As ``LISTS``."""


def crc_of_rows(columns: ColumnValues) -> list[int]:
    """The check of each row: of its texts, numbers and days, JSON as its text, in the order of the columns."""
    # Half the time of a comprehension.
    return list(map(crc32, map(_encode, zip(*columns, strict=True))))


def list_checks(lists: Sequence[Mapping[str, Sequence[Row]]]) -> list[str]:
    """What extractions keep of their rows in the lists; one whose list is not given has no rows in it."""
    kept = []
    for which in LISTS:
        rows = [each.get(which.name, ()) for each in lists]
        kept.append(_written(join_rows(which, rows), map(len, rows)))
    return list(map(":".join, zip(*kept, strict=True)))


def row_checks(extractions: ColumnValues, lists: Sequence[str]) -> list[str]:
    """What extractions keep: of their own rows, whose last column is JSON, and what ``list_checks`` says."""
    own = _written(extractions, repeat(1, len(lists)))
    return [_sealed(f"{check}:{crc_of_rows}") for check, crc_of_rows in zip(own, lists, strict=True)]


def parse_row_checks(text: str) -> RowChecks:
    """What ``row_checks`` wrote. Raises ValueError for anything else."""
    said, _, _ = text.rpartition(":")
    if _sealed(said) != text:
        raise ValueError("not as row_checks wrote it")
    (own,), *lists = map(_numbers, said.split(":"))
    missing = len(LISTS) - len(lists)
    if missing not in (0, 1):
        raise ValueError("not as row_checks wrote it")
    return RowChecks(own, [*lists, *([] for _ in range(missing))])


def same_rows(one: str | None, other: str | None) -> bool:
    """Whether two extractions keep the same checks of their clinical rows; False where either keeps none."""
    if one is None or other is None:
        return False
    # A list without rows leaves nothing behind its colon, and an older version kept one list less.
    return _parts(one)[1].rstrip(":") == _parts(other)[1].rstrip(":")


def copy_list_checks(text: str, other: str) -> str:
    """What an extraction keeps once its clinical rows are copies of the other's."""
    return _sealed(f"{_parts(text)[0]}:{_parts(other)[1]}")


def clear_list_checks(text: str) -> str:
    """What an extraction keeps once it has no clinical rows."""
    return _sealed(f"{_parts(text)[0]}:{NO_ROWS}")


def replace_own_check(text: str, before: int, now: int) -> str:
    """What an extraction keeps once its own row has changed. A row that was damaged before still shows it after."""
    own, lists = _parts(text)
    return _sealed(f"{now:08x}:{lists}") if own == f"{before:08x}" else text


def _parts(text: str) -> tuple[str, str]:
    """The check of the own row, and those of the lists."""
    said, _, _ = text.rpartition(":")
    own, _, lists = said.partition(":")
    return own, lists


def _sealed(text: str) -> str:
    return f"{text}:{crc32(text.encode()):08x}"


def _written(columns: ColumnValues, lengths: Iterable[int]) -> list[str]:
    """The digits of rows whose last column is JSON, so many rows each."""
    *others, extra = columns
    if extra.count(None) < len(extra):
        columns = [*others, [None if value is None else sorted_json(value) for value in extra]]
    found = crc_of_rows(columns)
    digits = pack(f">{len(found)}I", *found).hex()
    return [digits[_DIGITS * start : _DIGITS * stop] for start, stop in pairwise(accumulate(lengths, initial=0))]


def _numbers(digits: str) -> list[int]:
    return [int(digits[place : place + _DIGITS], 16) for place in range(0, len(digits), _DIGITS)]
