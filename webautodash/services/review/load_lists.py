"""Loads clinical rows and other stored fields of many extractions in bounded portions."""

from collections.abc import Mapping, Sequence
from typing import Any

from webautodash.domain.extraction.lists.rows import Rows
from webautodash.repositories.unit_of_work import ProviderWork

_MOST_ROWS = 20_000
"""Maximum number of clinical rows in memory, unless a single group of extractions has more."""
_EXTRAS_AT_ONCE = 50


class ListLoader:
    """Clinical rows of groups of extractions; several groups are loaded at once, and must be read in order."""

    def __init__(self, work: ProviderWork, groups: Sequence[tuple[int, ...]]) -> None:
        self._clinical, self._groups = work.clinical, groups
        self.counts = work.clinical.counts({number for group in groups for number in group})
        """By extraction and list, the number of rows."""
        self._place = 0
        self._loaded: dict[int, dict[str, Rows]] = {}

    def of(self, group: tuple[int, ...]) -> Mapping[int, dict[str, Rows]]:
        """The rows of the next group; nothing for an empty group."""
        if not group:
            return {}
        if any(number not in self._loaded for number in group):
            self._load()
        self._place += 1
        return self._loaded

    def _load(self) -> None:
        wanted: set[int] = set()
        rows = 0
        for group in self._groups[self._place :]:
            new = set(group) - wanted
            rows += sum(sum(self.counts[number].values()) for number in new)
            if wanted and rows > _MOST_ROWS:
                break
            wanted |= new
        self._loaded = dict(self._clinical.load(sorted(wanted)))


class ExtraLoader:
    """The ``extra`` column of extractions; several are loaded at once, and must be read in order."""

    def __init__(self, work: ProviderWork, extraction_ids: Sequence[int]) -> None:
        self._extractions, self._ids = work.extractions, extraction_ids
        self._place = 0
        self._loaded: dict[int, dict[str, Any] | None] = {}

    def of(self, extraction_id: int) -> dict[str, Any] | None:
        """The ``extra`` of the next extraction."""
        if extraction_id not in self._loaded:
            some = self._ids[self._place : self._place + _EXTRAS_AT_ONCE]
            self._loaded = self._extractions.extras(sorted(set(some)))
        self._place += 1
        return self._loaded[extraction_id]
