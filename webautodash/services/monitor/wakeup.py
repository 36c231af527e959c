"""A sleep that a signal handler or another thread can end."""

import os
import select
from contextlib import suppress

_CLOSED = -1


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
        """Sleep so long, or until ``wake``. Returns whether it was woken."""
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
