"""A sleep that can be ended, also by a signal's handler."""

import os
import select
from contextlib import suppress

_CLOSED = -1


class Bell:
    """Rung by whoever wants attention. A pipe: a lock that a handler finds taken would never be free again."""

    def __init__(self) -> None:
        self._ear, self._rope = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def ring(self) -> None:
        """End the sleep that is on, or the next one."""
        # Full means that it was rung already. Once closed, the number may be another file's.
        if self._rope != _CLOSED:
            with suppress(OSError):
                os.write(self._rope, b"!")

    def sleep(self, seconds: float) -> bool:
        """Sleep so long, or until it rings; whether it rang."""
        # Not select(), which knows no descriptor beyond 1023.
        ready = select.poll()
        ready.register(self._ear, select.POLLIN)
        if not ready.poll(1000 * max(0.0, seconds)):
            return False
        with suppress(BlockingIOError):
            while os.read(self._ear, 4096):
                pass
        return True

    def close(self) -> None:
        """Never ring again."""
        ear, rope = self._ear, self._rope
        self._ear = self._rope = _CLOSED
        if rope != _CLOSED:
            os.close(ear)
            os.close(rope)
