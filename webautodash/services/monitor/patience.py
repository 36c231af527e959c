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
        self._seconds, self._complaint = seconds, complaint
        self._hanging: Thread | None = None

    def within(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, or raises. Raises NoAnswer where it takes too long."""
        if self._hanging is not None:
            self._hanging.join(self._seconds)
            if self._hanging.is_alive():
                raise self._no_answer()
            self._hanging = None
        attempt = _Attempt(work)
        # A call that the system never returns from must not keep the program from ending.
        thread = Thread(target=attempt, name="looking at files", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if thread.is_alive():
            self._hanging = thread
            raise self._no_answer()
        if attempt.error is not None:
            raise attempt.error
        return attempt.result  # type: ignore[return-value]  # without an error there is one

    def _no_answer(self) -> NoAnswer:
        return NoAnswer(self._complaint, self._seconds)
