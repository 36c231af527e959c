"""Rows against the checks that were kept when they were written: each that differs is named itself."""

from collections import Counter
from collections.abc import Iterator, Sequence

from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.row_checks import RowChecks, parse_row_checks
from webautodash.repositories.verification import StoredExtraction, StoredRows
from webautodash.services.verify.report import EXTRACTIONS, RowFault, WrongRow

_DIFFERS = "not as it was written: its check in row_checks differs"


class StoredChecks:
    """The checks of some extractions and their rows; asked for the extractions first."""

    def __init__(self) -> None:
        self._kept: dict[int, RowChecks] = {}
        self.unchecked = 0
        """Extractions that were written before there were checks."""

    def extractions(self, some: Sequence[StoredExtraction]) -> Iterator[WrongRow]:
        """Those whose own rows are not as they were written."""
        for one in some:
            if one.row_checks is None:
                self.unchecked += 1
                continue
            try:
                kept = parse_row_checks(one.row_checks)
            except ValueError:
                yield WrongRow(EXTRACTIONS, one.id, RowFault.UNREADABLE, "row_checks are not what was written")
                continue
            # A repetition has no rows of its own, and of one extraction there may be any number of them.
            if one.duplicate_of_id is None:
                self._kept[one.id] = kept
            if kept.own != one.check:
                yield WrongRow(EXTRACTIONS, one.id, RowFault.ROW, _DIFFERS)

    def rows(self, stored: StoredRows) -> Iterator[WrongRow]:
        """The rows of one list that are not as they were written, and extractions of which some are gone."""
        places: dict[int, list[int]] = {number: [] for number in self._kept}
        for place, owner in enumerate(stored.owners):
            if owner in places:
                places[owner].append(place)
        list_number = LISTS.index(stored.which)
        for number, there in places.items():
            now, then = [stored.checks[place] for place in there], self._kept[number].lists[list_number]
            if now == then:
                continue
            for differing in _differing(now, then):
                yield WrongRow(stored.which.name, stored.ids[there[differing]], RowFault.ROW, _DIFFERS)
            if len(now) < len(then):
                said = f"{stored.which.name}: {len(then)} rows were written, {len(now)} are there"
                yield WrongRow(EXTRACTIONS, number, RowFault.ROW, said)


def _differing(now: Sequence[int], then: Sequence[int]) -> list[int]:
    """The places of checks that were not written."""
    if len(now) == len(then):
        return [place for place, (one, other) in enumerate(zip(now, then, strict=True)) if one != other]
    # Where rows are gone or new, the others stand at other places than before.
    expected = Counter(then)
    differing = []
    for place, check in enumerate(now):
        if expected[check]:
            expected[check] -= 1
        else:
            differing.append(place)
    return differing
