"""Days that ranges cover and leave out, and which sessions count."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, strategies as st

from webautodash.domain.coverage import DayRange, is_for, is_of_one_patient, merged, uncovered

# A month at each end of the calendar: enough for every way in which ranges can touch.
_DAYS = st.one_of(st.dates(date(2024, 1, 1), date(2024, 1, 31)), st.dates(date(9999, 12, 20), date.max))
_RANGES = st.builds(DayRange, _DAYS, _DAYS)
# A range over both ends has millions of days.
_SHORT = _RANGES.filter(lambda one: one.days < 100)
_LISTS = st.lists(_SHORT, max_size=8)


def days_of(*ranges: DayRange) -> set[int]:
    return {day for one in ranges for day in range(one.start_date.toordinal(), one.end_date.toordinal() + 1)}


@given(_LISTS)
def test_merging_keeps_the_days_in_ranges_that_do_not_touch(ranges: list[DayRange]) -> None:
    found = merged(ranges)
    assert days_of(*found) == days_of(*ranges)
    assert sum(one.days for one in found) == len(days_of(*ranges))
    assert all(a.end_date.toordinal() + 1 < b.start_date.toordinal() for a, b in pairwise(found))
    assert merged(found) == found


@given(_LISTS, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(ranges: list[DayRange], random: Random) -> None:
    shuffled = [*ranges, *ranges]
    random.shuffle(shuffled)
    assert merged(shuffled) == merged(ranges)


@given(_SHORT, _LISTS)
def test_the_uncovered_days_are_those_of_no_range(wanted: DayRange, ranges: list[DayRange]) -> None:
    gaps = uncovered(wanted, ranges)
    assert days_of(*gaps) == days_of(wanted) - days_of(*ranges)
    assert merged(gaps) == gaps


@given(_SHORT, _LISTS)
def test_searching_the_uncovered_days_covers_everything(wanted: DayRange, ranges: list[DayRange]) -> None:
    assert uncovered(wanted, [*ranges, *uncovered(wanted, ranges)]) == ()


def test_the_whole_calendar_is_one_range() -> None:
    calendar = DayRange(date.min, date.max)
    assert uncovered(calendar, []) == (calendar,)
    assert uncovered(calendar, [calendar]) == ()


@pytest.mark.parametrize(
    ("target", "is_found"),
    [
        (" LISINOPRIL ", True),
        ("All", True),
        ("Lisinopril HCTZ", False),
        ("", False),
        (None, False),
    ],
)
def test_a_search_is_for_its_target_or_for_all(target: str | None, is_found: bool) -> None:
    assert is_for("Lisinopril", target) is is_found


def test_a_search_for_one_medication_is_not_one_for_all() -> None:
    assert not is_for("all", "Lisinopril")
    assert is_for(" ALL", "all")


@pytest.mark.parametrize(
    ("mode", "identifier", "is_single"),
    [
        ("SINGLE_PATIENT", None, True),
        ("ALL_PATIENTS", "P-1", False),
        (None, "P-1", True),
        (None, " ", False),
        (None, None, False),
    ],
)
def test_the_mode_tells_whether_a_session_is_of_one_patient(
    mode: str | None, identifier: str | None, is_single: bool
) -> None:
    assert is_of_one_patient(mode, identifier) is is_single
