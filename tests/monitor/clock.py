"""A clock that only tests move."""

SHORT_PAUSES = {"settle_seconds": 0.15, "retry_seconds": 0.01, "retry_attempts": 3}


class Clock:
    """Replaces the module `time` where it decides whether a file has settled."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment."""
        return self._seconds

    def settle(self) -> None:
        """Let a file settle."""
        self._seconds += 2 * SHORT_PAUSES["settle_seconds"]
