"""Which days the searches of extraction sessions cover together, and which they leave out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from webautodash.domain.checksum import folded

_EVERY_MEDICATION = "all"
_ONE_PATIENT = "single_patient"


@dataclass(frozen=True, slots=True)
class DayRange:
    """Days from the first to the last, both included; no day if the first is later than the last."""

    start_date: date
    end_date: date

    @property
    def days(self) -> int:
        """Number of days."""
        return max(0, self.end_date.toordinal() - self.start_date.toordinal() + 1)


def merged(ranges: Iterable[DayRange]) -> tuple[DayRange, ...]:
    """The same days in as few ranges as possible, earliest first; their order and repetition do not matter."""
    found: list[DayRange] = []
    for one in sorted((each for each in ranges if each.days), key=lambda each: each.start_date):
        last = found[-1] if found else None
        if last is not None and one.start_date.toordinal() <= last.end_date.toordinal() + 1:
            found[-1] = DayRange(last.start_date, max(last.end_date, one.end_date))
        else:
            found.append(one)
    return tuple(found)


def uncovered(wanted: DayRange, ranges: Iterable[DayRange]) -> tuple[DayRange, ...]:
    """The days of ``wanted`` that are in none of the ranges, in as few ranges as possible, earliest first."""
    # Numbers of days: the day after the last date of the calendar does not exist.
    next_day, last_day = wanted.start_date.toordinal(), wanted.end_date.toordinal()
    gaps: list[DayRange] = []
    for one in merged(ranges):
        start, end = one.start_date.toordinal(), one.end_date.toordinal()
        gaps += _days(next_day, min(start - 1, last_day))
        next_day = max(next_day, end + 1)
    return (*gaps, *_days(next_day, last_day))


def is_for(medication: str, target_medication: str | None) -> bool:
    """Whether a search for ``target_medication`` finds the patients with ``medication``.

    A search for ``all`` finds those of every medication; what one without a target looked for is unknown.
    """
    target = folded(target_medication or "")
    return bool(target) and target in {folded(medication), _EVERY_MEDICATION}


def is_of_one_patient(extraction_mode: str | None, patient_identifier: str | None) -> bool:
    """Whether a session looked for one patient only; without a mode, its patient identifier tells."""
    mode = folded(extraction_mode or "")
    return mode == _ONE_PATIENT if mode else bool((patient_identifier or "").strip())


def _days(first: int, last: int) -> list[DayRange]:
    return [DayRange(date.fromordinal(first), date.fromordinal(last))] if first <= last else []
