"""Hints that something changed in Results, where the system gives any; looking is what counts."""

from pathlib import Path
from threading import Event, Thread

from webautodash.services.monitor.wakeup import Bell

# How long a change is waited for that belongs to the last one, in milliseconds.
_TOGETHER_MS = 200


class Hints:
    """Rings when something changes below a folder; never, where watchfiles is not installed."""

    def __init__(self, folder: Path, bell: Bell) -> None:
        self._ended = Event()
        try:
            import watchfiles
        except ImportError:
            return

        def listen() -> None:
            # A folder that cannot be watched, or is gone: then there are no hints.
            try:
                for _ in watchfiles.watch(
                    folder, debounce=_TOGETHER_MS, stop_event=self._ended, raise_interrupt=False, watch_filter=None
                ):
                    bell.ring()
            except (OSError, RuntimeError):
                return

        Thread(target=listen, name="hints", daemon=True).start()

    def end(self) -> None:
        """Listen no longer."""
        self._ended.set()
