"""Decides whether a provider's files are overdue, from the times at which its files were stored."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

MOST_TIMES = 1000
"""The latest files from which the interval is learned."""
_TOGETHER = timedelta(hours=1)
_MOST_INTERVALS = 10
_FEWEST_INTERVALS = 3
_MISSED = 3


class Overdue(NamedTuple):
    """Files that should have come."""

    last_at: datetime
    """When the last file was stored."""
    interval: timedelta
    """The usual time between two arrivals."""


def overdue(times: Iterable[datetime], now: datetime) -> Overdue | None:
    """Whether three usual intervals have passed without a file.

    Files that are stored less than an hour after another belong to one arrival. The usual interval is the median of the
    last ten; with fewer than three, nothing is usual.
    """
    arrivals = _arrivals(times)
    intervals = [later - earlier for earlier, later in pairwise(arrivals)][-_MOST_INTERVALS:]
    if len(intervals) < _FEWEST_INTERVALS:
        return None
    interval = timedelta(seconds=median(one.total_seconds() for one in intervals))
    return Overdue(arrivals[-1], interval) if now - arrivals[-1] > _MISSED * interval else None


def ended(times: Iterable[datetime]) -> Overdue | None:
    """What was overdue until the last arrival; None if that came in time."""
    arrivals = _arrivals(times)
    return overdue(arrivals[:-1], arrivals[-1]) if arrivals else None


def _arrivals(times: Iterable[datetime]) -> list[datetime]:
    arrivals: list[datetime] = []
    previous = None
    for time in sorted(times):
        if previous is not None and time - previous < _TOGETHER:
            arrivals.pop()
        arrivals.append(time)
        previous = time
    return arrivals
