"""Differences between clinical lists: the items that were removed and added."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice, repeat
from typing import Any

from webautodash.domain.checksum import canonical_items, folded
from webautodash.domain.differences.difference import Difference, RowsByList
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.list_definition import SCRAPE_FIELDS, ClinicalList
from webautodash.domain.extraction.lists.rows import Row
from webautodash.domain.json_document import sorted_json
from webautodash.domain.vocabulary import Severity

# Limits of what a conflict about a repeated PRN shows of each list; further and longer items are only counted.
_MOST_SHOWN = 20
_LONGEST_SHOWN = 2_000

_HIDDEN = frozenset({*SCRAPE_FIELDS, "extra"})


def list_differences(before: RowsByList, new: RowsByList) -> list[Difference]:
    """One difference for each list that changed, with only the items that were removed and added."""
    found = []
    for which in LISTS:
        old, now = CountedList(which, before[which.name]), CountedList(which, new[which.name])
        if old.counts == now.counts:
            continue
        removed = [old.readable(item) for item in old.missing_in(now)]
        added = [now.readable(item) for item in now.missing_in(old)]
        found.append(
            Difference(
                which.conflict_type,
                change_severity(old, now),
                which.name,
                sorted_json(removed),
                sorted_json(added),
                f"{which.title}: {len(removed)} removed, {len(added)} added",
            )
        )
    return found


def readable_item(which: ClinicalList, row: Row) -> dict[str, Any]:
    """A row with the raw values under the keys of the input, without derived values and scrape fields."""
    shown = {}
    for name in which.copied:
        if name in _HIDDEN or row[name] in (None, ""):
            continue
        key = name.removesuffix("_text")
        shown[key if key in row else name] = row[name]
    # An unknown key can be equal to the name of a column.
    return shown | {f"other {key}" if key in shown else key: value for key, value in (row["extra"] or {}).items()}


class CountedList:
    """The items of one list of a patient, counted by their canonical form."""

    def __init__(self, which: ClinicalList, rows: Sequence[Row]) -> None:
        self.which, self.rows = which, rows
        self._items = canonical_items(which, rows)
        self.counts = Counter(self._items)
        self._short: dict[str, dict[str, Any] | None] = {}

    @cached_property
    def texts(self) -> Counter[str]:
        """How many items have each text."""
        return Counter(folded(row[self.which.text_field] or "") for row in self.rows)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.counts)

    @cached_property
    def _first_positions(self) -> dict[str, int]:
        positions: dict[str, int] = {}
        for position, item in enumerate(self._items):
            positions.setdefault(item, position)
        return positions

    def missing_in(self, other: "CountedList") -> Iterator[str]:
        """The items that ``other`` does not have, or has less often, in canonical order."""
        return chain.from_iterable(repeat(item, self.counts[item] - other.counts[item]) for item in self._sorted)

    def readable(self, item: str) -> dict[str, Any]:
        """An item for a person to read; the first of equal items stands for all."""
        return readable_item(self.which, self.rows[self._first_positions[item]])

    def first_missing(self, other: "CountedList") -> list[dict[str, Any]]:
        """The first few items that ``other`` does not have, without those that are too long to show."""
        first = [self._if_short(item) for item in islice(self.missing_in(other), _MOST_SHOWN)]
        return [item for item in first if item is not None]

    def _if_short(self, item: str) -> dict[str, Any] | None:
        if item not in self._short:
            readable = self.readable(item)
            self._short[item] = readable if len(sorted_json(readable)) <= _LONGEST_SHOWN else None
        return self._short[item]


def change_severity(before: CountedList, new: CountedList) -> Severity:
    """How much a change of a list matters."""
    which = before.which
    if which.removal_severity and any(number > new.texts[text] for text, number in before.texts.items()):
        return which.removal_severity
    return which.change_severity
