"""What is the same for all tests without a database."""

from __future__ import annotations

from webautodash.domain import checksum, dates
from webautodash.domain.extraction import derived_columns

_REMEMBERED = (
    checksum._FOLDED,
    checksum._ENDS,
    derived_columns._TYPES,
    derived_columns._STRENGTHS,
    derived_columns._CODES,
    *map(dates.days, dates.DateOrder),
)


def pytest_runtest_setup() -> None:
    """Forget what earlier tests asked for: an answer that is remembered says nothing of the code that gave it."""
    for answers in _REMEMBERED:
        answers.clear()
