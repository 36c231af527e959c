"""Events of the file system. They only make a monitor faster: what counts is its own scan."""

from pathlib import Path
from threading import Event, Thread

from webautodash.services.monitor.wakeup import Wakeup

# In milliseconds: changes that follow each other this closely are one event.
_DEBOUNCE_MS = 200


class FsEvents:
    """Wakes the monitor when something changes below a folder; does nothing if watchfiles is not installed."""

    def __init__(self, folder: Path, wakeup: Wakeup) -> None:
        self._folder, self._wakeup = folder, wakeup
        self._stopped = Event()

    def start(self) -> None:
        """Listen in a thread."""
        try:
            import watchfiles
        except ImportError:
            return

        def listen() -> None:
            # Without events if the folder cannot be watched or is gone.
            try:
                for _ in watchfiles.watch(
                    self._folder,
                    debounce=_DEBOUNCE_MS,
                    stop_event=self._stopped,
                    raise_interrupt=False,
                    watch_filter=None,
                ):
                    self._wakeup.wake()
            except (OSError, RuntimeError):
                return

        Thread(target=listen, name="fs_events", daemon=True).start()

    def stop(self) -> None:
        """Listen no longer."""
        self._stopped.set()
