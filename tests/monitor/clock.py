"""Time that passes only where a test says so."""

from __future__ import annotations

PATIENCE = {"settle_seconds": 0.15, "retry_seconds": 0.01, "retry_attempts": 3}


class Clock:
    """The part of the module `time` that says when a file has rested."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._seconds

    def settle(self) -> None:
        """Let so much time pass that a file has rested."""
        self._seconds += 2 * PATIENCE["settle_seconds"]
