"""A sleep that can be ended, also by a signal's handler."""

import os
import select
from contextlib import suppress


class Bell:
    """Rung by whoever wants attention. A pipe: a lock that a handler finds taken would never be free again."""

    def __init__(self) -> None:
        self._ear, self._rope = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def ring(self) -> None:
        """End the sleep that is on, or the next one."""
        # Full means that it was rung already.
        with suppress(OSError):
            os.write(self._rope, b"!")

    def sleep(self, seconds: float) -> bool:
        """Sleep so long, or until it rings; whether it rang."""
        if not select.select([self._ear], [], [], max(0.0, seconds))[0]:
            return False
        with suppress(BlockingIOError):
            while os.read(self._ear, 4096):
                pass
        return True

    def close(self) -> None:
        """Never ring again."""
        os.close(self._ear)
        os.close(self._rope)
