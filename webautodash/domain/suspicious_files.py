"""Decides whether a file is suspicious: far more empty lists, or far fewer patients, than is usual for its portal.

The usual values are those of the sessions that are stored. The reasons hold names of lists and numbers only.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import NamedTuple

FEWEST_PATIENTS = 20
"""A file of fewer patients is never suspicious: a few patients have no share that says anything."""
FEWEST_SESSIONS = 3
"""The fewest sessions that tell what is usual."""
MOST_SESSIONS = 20
"""The latest sessions that tell what is usual, so that a lasting change becomes usual."""
_TIMES_AS_OFTEN = 3
_POINTS_OVER = Fraction(40, 100)
_LEAST_OF_USUAL = 3


class ListCounts(NamedTuple):
    """What one file has of its lists."""

    patients: int
    """All patients of the file."""
    counted: int
    """The patients whose lists are counted: those that are read without an error and whose extraction is complete."""
    empty: Mapping[str, int]
    """By list, the number of these patients who have no item in it."""


def suspicious_reasons(file: ListCounts, history: Sequence[ListCounts]) -> Iterator[str]:
    """Why a file is suspicious, compared with earlier files of the same provider, portal and extraction mode."""
    if file.patients < FEWEST_PATIENTS or len(history) < FEWEST_SESSIONS:
        return
    usual_patients = median(one.patients for one in history)
    if _LEAST_OF_USUAL * file.patients < usual_patients:
        yield f"{file.patients:,} patients, usually {usual_patients:,.0f}"
    if file.counted < FEWEST_PATIENTS:
        return
    for name, empty in file.empty.items():
        share, usual = Fraction(empty, file.counted), _usual_share(name, history)
        if usual is not None and share >= _TIMES_AS_OFTEN * usual and share - usual >= _POINTS_OVER:
            yield f"{name}: empty for {float(share):.0%} of the patients, usually for {float(usual):.0%}"


def _usual_share(name: str, history: Sequence[ListCounts]) -> Fraction | None:
    """The share of patients with an empty list in all earlier files together; None if there are too few of them."""
    known = [one for one in history if name in one.empty]
    counted = sum(one.counted for one in known)
    if len(known) < FEWEST_SESSIONS or counted < FEWEST_PATIENTS:
        return None
    return Fraction(sum(one.empty[name] for one in known), counted)
