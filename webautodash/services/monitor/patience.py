"""A limit of time for what may never answer: a folder on a network that is gone."""

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from webautodash.errors import NoAnswer

T = TypeVar("T")


class _Attempt(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.result: T | None = None
        self.error: BaseException | None = None

    def __call__(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error


class Patience:
    """Has work done in a thread and waits for it so long; while one hangs no other is begun."""

    def __init__(self, seconds: float, complaint: str) -> None:
        self.seconds, self._complaint = seconds, complaint
        self._hanging: Thread | None = None

    def within(self, work: Callable[[], T], seconds: float) -> T:
        """What ``work`` returns, or raises. Raises NoAnswer where it takes longer than that."""
        if self._hanging is not None:
            self._wait_for(self._hanging, seconds)
            self._hanging = None
        attempt = _Attempt(work)
        # A call that the system never returns from must not keep the program from ending.
        self._hanging = Thread(target=attempt, name="looking at files", daemon=True)
        self._hanging.start()
        self._wait_for(self._hanging, seconds)
        self._hanging = None
        if attempt.error is not None:
            raise attempt.error
        return attempt.result  # type: ignore[return-value]  # without an error there is one

    def _wait_for(self, thread: Thread, seconds: float) -> None:
        thread.join(max(0.0, seconds))
        if thread.is_alive():
            raise NoAnswer(self._complaint, self.seconds)
