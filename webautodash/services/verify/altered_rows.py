"""Compares rows with the checksums that were stored when they were written, and names each row that differs."""

from collections import Counter
from collections.abc import Iterator, Sequence

from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.row_checks import RowChecks, parse_row_checks
from webautodash.repositories.verification import StoredExtraction, StoredRows
from webautodash.services.verify.report import EXTRACTIONS, RowFault, WrongRow

_DIFFERS = "not as it was written: its checksum in row_checks differs"


class StoredChecks:
    """Compares a batch: ``extractions`` first, then ``rows`` for each list."""

    def __init__(self) -> None:
        self._kept: dict[int, RowChecks] = {}
        self.unchecked = 0
        """Extractions of older versions, which have no checksums."""

    def extractions(self, some: Sequence[StoredExtraction]) -> Iterator[WrongRow]:
        """Yield extractions whose own row is not as it was written."""
        for one in some:
            if one.row_checks is None:
                self.unchecked += 1
                continue
            try:
                kept = parse_row_checks(one.row_checks)
            except ValueError:
                yield WrongRow(EXTRACTIONS, one.id, RowFault.UNREADABLE, "row_checks cannot be read")
                continue
            # Duplicates have no clinical rows, and one extraction may have any number of them.
            if one.duplicate_of_id is None:
                self._kept[one.id] = kept
            if kept.own != one.check:
                yield WrongRow(EXTRACTIONS, one.id, RowFault.ROW, _DIFFERS)

    def rows(self, stored: StoredRows) -> Iterator[WrongRow]:
        """Yield rows of one list that are not as they were written, and extractions with missing rows."""
        places: dict[int, list[int]] = {number: [] for number in self._kept}
        for place, owner in enumerate(stored.owners):
            if owner in places:
                places[owner].append(place)
        list_number = LISTS.index(stored.which)
        for number, found in places.items():
            now, then = [stored.checks[place] for place in found], self._kept[number].lists[list_number]
            if now == then:
                continue
            for differing in _differing(now, then):
                yield WrongRow(stored.which.name, stored.ids[found[differing]], RowFault.ROW, _DIFFERS)
            if len(now) < len(then):
                message = f"{stored.which.name}: {len(then)} rows were written, {len(now)} exist"
                yield WrongRow(EXTRACTIONS, number, RowFault.ROW, message)


def _differing(now: Sequence[int], then: Sequence[int]) -> list[int]:
    """The positions of checksums that were not written."""
    if len(now) == len(then):
        return [place for place, (one, other) in enumerate(zip(now, then, strict=True)) if one != other]
    # Missing or new rows shift the positions of the others.
    expected = Counter(then)
    differing = []
    for place, check in enumerate(now):
        if expected[check]:
            expected[check] -= 1
        else:
            differing.append(place)
    return differing
