"""Rows of one clinical list, held by column: what is done to all values of a field is done in one go.

A batch of patients has some ten thousand rows; each patient's are a stretch of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from webautodash.domain.lists import ClinicalList

Row = Mapping[str, Any]
"""One row by the names of its columns."""
Columns = Sequence[Sequence[Any]]
"""The values of many rows, by ``ClinicalList.columns``."""


@dataclass(frozen=True, slots=True)
class Rows(Sequence[Row]):
    """The rows of one patient, in the file's order; a mapping each for whoever looks at one."""

    which: ClinicalList
    columns: Columns
    start: int
    stop: int

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __iter__(self) -> Iterator[Row]:
        names = self.which.columns
        return (dict(zip(names, values, strict=True)) for values in zip(*self._own(), strict=True))

    def __len__(self) -> int:
        return self.stop - self.start

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Rows) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what is equal here may be a list there

    def _own(self) -> Columns:
        return [column[self.start : self.stop] for column in self.columns]


def columns(which: ClinicalList, patients: Iterable[Sequence[Row]]) -> Columns:
    """The rows of some patients by column, one patient's after the other's."""
    pieces = [_columns(which, rows) for rows in patients if rows]
    return [list(chain.from_iterable(same)) for same in zip(*pieces, strict=True)] or [[] for _ in which.columns]


def _columns(which: ClinicalList, rows: Sequence[Row]) -> Columns:
    return rows._own() if isinstance(rows, Rows) else list(zip(*map(_values_of(which), rows), strict=True))


@cache
def _values_of(which: ClinicalList) -> Callable[[Row], tuple[Any, ...]]:
    return itemgetter(*which.columns)
