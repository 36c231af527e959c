"""Differences between clinical lists."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice, repeat
from typing import Any

from webautodash.domain.checksum import canonical_items, folded
from webautodash.domain.differences.difference import Difference, RowsByList
from webautodash.domain.extraction.clinical_lists import ALLERGIES, LISTS, MEDICATIONS, ClinicalList
from webautodash.domain.extraction.json_values import sorted_json
from webautodash.domain.extraction.rows import Row
from webautodash.domain.vocabulary import ConflictType, Severity

# Of each list in the conflict about a PRN that stands several times in a file; a longer item is only counted.
_MOST_SHOWN = 20


_LONGEST_SHOWN = 2_000


_SCRAPE_COLUMNS = frozenset({"row_index", "extraction_method", "extracted_at", "extra"})


def list_differences(before: RowsByList, new: RowsByList) -> list[Difference]:
    """One difference for each list whose items differ, with just the items that went and came."""
    found = []
    for which in LISTS:
        old, now = CountedList(which, before[which.name]), CountedList(which, new[which.name])
        if old.counts == now.counts:
            continue
        went = [old.presented(item) for item in old.missing_in(now)]
        came = [now.presented(item) for item in now.missing_in(old)]
        found.append(
            Difference(
                ConflictType.MEDICATION_CONFLICT if which is MEDICATIONS else ConflictType.DATA_CHANGED,
                list_severity(which, old, now),
                which.name,
                sorted_json(went),
                sorted_json(came),
                f"{which.name.replace('_', ' ')}: {len(went)} went, {len(came)} came",
            )
        )
    return found


def presented(row: Row) -> dict[str, Any]:
    """A row under the input's names, raw, without what says only how it was scraped."""
    shown = {}
    for name, value in row.items():
        if name in _SCRAPE_COLUMNS or value in (None, ""):
            continue
        if name.endswith("_text") and name.removesuffix("_text") in row:
            shown[name.removesuffix("_text")] = value
        elif f"{name}_text" not in row and name != "diagnosis_code":
            shown[name] = value
    # Not even an alias that has a column's name hides what the column says.
    return shown | {f"other {key}" if key in shown else key: value for key, value in (row["extra"] or {}).items()}


class CountedList:
    """The items of one list of a patient, counted in their canonical form."""

    def __init__(self, which: ClinicalList, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._items = canonical_items(which, rows)
        self.counts = Counter(self._items)
        self._small: dict[str, dict[str, Any] | None] = {}

    @cached_property
    def allergens(self) -> Counter[str]:
        """How often each allergy is named."""
        return Counter(folded(row["allergy_name"] or "") for row in self.rows)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.counts)

    @cached_property
    def _places(self) -> dict[str, int]:
        """The first place of each item: of equal ones it stands for all."""
        places: dict[str, int] = {}
        for place, item in enumerate(self._items):
            places.setdefault(item, place)
        return places

    def missing_in(self, other: "CountedList") -> Iterator[str]:
        """The items that ``other`` has not, or not as often, in their canonical order."""
        return chain.from_iterable(repeat(item, self.counts[item] - other.counts[item]) for item in self._sorted)

    def presented(self, item: str) -> dict[str, Any]:
        """An item for a person to read."""
        return presented(self.rows[self._places[item]])

    def shown(self, other: "CountedList") -> list[dict[str, Any]]:
        """The first few items that ``other`` has not, those that are small."""
        few = [self._if_small(item) for item in islice(self.missing_in(other), _MOST_SHOWN)]
        return [item for item in few if item is not None]

    def _if_small(self, item: str) -> dict[str, Any] | None:
        if item not in self._small:
            shown = self.presented(item)
            self._small[item] = shown if len(sorted_json(shown)) <= _LONGEST_SHOWN else None
        return self._small[item]


def list_severity(which: ClinicalList, before: CountedList, new: CountedList) -> Severity:
    if which is ALLERGIES:
        is_lost = any(number > new.allergens[name] for name, number in before.allergens.items())
        return Severity.HIGH if is_lost else Severity.MEDIUM
    return Severity.MEDIUM if which is MEDICATIONS else Severity.LOW
