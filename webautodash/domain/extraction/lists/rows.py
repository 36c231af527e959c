"""Rows of one clinical list, stored by column, so that all values of a column are processed at once.

A batch of patients has about ten thousand rows; the rows of each patient are a slice of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, chain, pairwise
from operator import itemgetter
from typing import Any

from webautodash.domain.extraction.lists.list_definition import ClinicalList

Row = Mapping[str, Any]
"""One row by column name."""
ColumnValues = Sequence[Sequence[Any]]
"""The values of many rows, one sequence for each column in ``ClinicalList.columns``."""


@dataclass(slots=True, eq=False)
class RowTable:
    """Rows of many patients. ``canonical`` caches the canonical form of each row."""

    which: ClinicalList
    columns: ColumnValues = field(repr=False)
    canonical: list[str] | None = field(default=None, repr=False)

    def divided(self, lengths: Iterable[int]) -> list["Rows"]:
        """Consecutive slices of these lengths."""
        return [Rows(self, start, stop) for start, stop in pairwise(accumulate(lengths, initial=0))]


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Sequence[Row]):  # noqa: PLW1641  # equal to any sequence of equal rows, which cannot be hashed
    """The rows of one patient in the order of the file; each is a mapping when it is accessed."""

    table: RowTable
    start: int
    stop: int

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return list(self)[index]
        place = range(self.start, self.stop)[index]
        return {name: column[place] for name, column in zip(self.table.which.columns, self.table.columns, strict=True)}

    def __iter__(self) -> Iterator[Row]:
        names = self.table.which.columns
        return (dict(zip(names, values, strict=True)) for values in zip(*self.columns(), strict=True))

    def __len__(self) -> int:
        return self.stop - self.start

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    def has_content(self) -> bool:
        """Whether any row has content; an empty object or text is no content."""
        which, columns = self.table.which, self.table.columns
        if any(columns[0][self.start : self.stop]):
            return True  # nearly every item has a text
        return any(
            _is_content(value)
            for name, column in zip(which.columns, columns, strict=True)
            if name in which.content
            for value in column[self.start : self.stop]
        )

    def columns(self) -> ColumnValues:
        """The columns of these rows only."""
        return [column[self.start : self.stop] for column in self.table.columns]


def no_rows(which: ClinicalList) -> Rows:
    """A list without items."""
    return Rows(RowTable(which, [()] * len(which.columns)), 0, 0)


def _is_content(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        # The type is no content.
        return any(_is_content(each) for key, each in value.items() if key != "own_type")
    return any(map(_is_content, value)) if isinstance(value, list) else value is not None


def join_rows(which: ClinicalList, patients: Iterable[Sequence[Row]]) -> ColumnValues:
    """The columns of the rows of several patients, one patient after the other."""
    some = [rows for rows in patients if rows]
    if (slice_ := _as_one_slice(some)) is not None:
        return slice_.columns()
    pieces = [
        rows.columns() if isinstance(rows, Rows) else list(zip(*map(_values_of(which), rows), strict=True))
        for rows in some
    ]
    return [list(chain.from_iterable(same)) for same in zip(*pieces, strict=True)] or [()] * len(which.columns)


def _as_one_slice(patients: Sequence[Sequence[Row]]) -> Rows | None:
    """All rows as one slice of one table if they are consecutive, as the rows of new patients are; else None."""
    if not patients:
        return None
    first, last = patients[0], patients[-1]
    if not isinstance(first, Rows) or not isinstance(last, Rows):
        return None
    end = first.start
    for rows in patients:
        if not isinstance(rows, Rows) or rows.table is not first.table or rows.start != end:
            return None
        end = rows.stop
    return Rows(first.table, first.start, last.stop)


@cache
def _values_of(which: ClinicalList) -> Callable[[Row], tuple[Any, ...]]:
    return itemgetter(*which.columns)
