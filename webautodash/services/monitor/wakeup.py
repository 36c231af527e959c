"""Wakes a sleeping monitor: from a signal handler, from another thread, and when something changes in Results."""

import os
import select
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

_CLOSED = -1
# Changes that follow each other this closely are one event.
_DEBOUNCE_MS = 200


class Wakeup:
    """Ends a sleep through a pipe: safe in a signal handler, unlike a lock."""

    def __init__(self) -> None:
        self._read_fd, self._write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def wake(self) -> None:
        """End the current sleep, or the next one."""
        # Once closed, the number of the descriptor may belong to another file.
        if self._write_fd != _CLOSED:
            # A full pipe wakes as well.
            with suppress(OSError):
                os.write(self._write_fd, b"!")

    def sleep(self, seconds: float) -> bool:
        """Sleep for this time, or until ``wake``. Returns whether it was woken."""
        # Not select(), which refuses descriptors above 1023.
        ready = select.poll()
        ready.register(self._read_fd, select.POLLIN)
        if not ready.poll(1000 * max(0.0, seconds)):
            return False
        with suppress(BlockingIOError):
            while os.read(self._read_fd, 4096):
                pass
        return True

    def close(self) -> None:
        """Close the pipe; ``wake`` does nothing any more."""
        read_fd, write_fd = self._read_fd, self._write_fd
        self._read_fd = self._write_fd = _CLOSED
        if write_fd != _CLOSED:
            os.close(read_fd)
            os.close(write_fd)


class FsEvents:
    """Wakes the monitor when something changes below a folder; does nothing if watchfiles is not installed.

    Events only make a monitor faster: what counts is its own scan.
    """

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
            # There are no events if the folder cannot be watched or no longer exists.
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
