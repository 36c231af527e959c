"""When what failed is tried again, and when no more."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_SECONDS = 3600.0


LONGEST_WAIT_FOR_PERSON = 60.0
"""The longest pause for what waits for a person's command: it is cheap to look whether it was given."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What is to become of something that failed: tried again at a time, or held."""

    next_attempt_at: datetime | None
    held: bool = False


def retry_pause(attempts: int, first_seconds: float, longest_seconds: float = LONGEST_SECONDS) -> float:
    """Seconds until the next attempt after so many, at least one; twice as long after each, up to the longest."""
    # Beyond 32 doublings it is the longest in any case, and a float ends.
    return min(longest_seconds, first_seconds * 2.0 ** min(attempts - 1, 32))


def after_failure(now: datetime, attempts: int, first_seconds: float, most: int | None) -> RetryDecision:
    """What becomes of something after its attempt of this number; ``most`` is None where time alone may heal it."""
    if most is not None and attempts >= most:
        return RetryDecision(None, held=True)
    return RetryDecision(now + timedelta(seconds=retry_pause(attempts, first_seconds)))


def after_waiting_for_person(now: datetime, attempts: int, first_seconds: float) -> RetryDecision:
    """The same for what waits until a person has done something."""
    return RetryDecision(now + timedelta(seconds=retry_pause(attempts, first_seconds, LONGEST_WAIT_FOR_PERSON)))
