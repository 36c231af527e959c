"""Pauses between two attempts."""

LONGEST_SECONDS = 3600.0
LONGEST_WAIT_FOR_PERSON = 60.0
"""The longest pause for a file that waits for a person's command: checking for the command is cheap."""


def retry_pause(attempts: int, first_seconds: float, longest_seconds: float = LONGEST_SECONDS) -> float:
    """Seconds until the next attempt after ``attempts`` of them, at least one; doubled each time, up to the longest."""
    # After 32 doublings it is the longest in any case; without a limit the float would overflow.
    return min(longest_seconds, first_seconds * 2.0 ** min(attempts - 1, 32))
