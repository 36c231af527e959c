"""A limit of time for what may never answer: a folder on a network that is gone."""

import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, Generic, TypeVar
from weakref import finalize

from webautodash.errors import NoAnswer

T = TypeVar("T")

Progressed = Callable[[], None]
"""Called by work again and again, it says that it goes on."""
_LEAST_WAIT_SECONDS = 0.01


class TimeLimit:
    """Has work done in a thread and waits for it so long; where something hangs, nothing else is begun there.

    A call that the system never returns from cannot be ended: its thread is left alone, and another one is begun.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._hands: _Hands | None = None
        self._hanging: dict[str, _Attempt[Any]] = {}

    def within(self, where: str, work: Callable[[], T], seconds: float | None = None) -> T:
        """What ``work`` returns, or raises. Raises NoAnswer where it takes longer, or where an earlier one still hangs.

        ``where`` is the folder that it is about; ``seconds`` where less is left than there was.
        """
        end = time.monotonic() + (self.seconds if seconds is None else seconds)
        return self._done(where, lambda _: work(), lambda _: end)

    def while_progressing(self, where: str, work: Callable[[Progressed], T]) -> T:
        """The same for work that may take long: what counts is the time since it last said that it goes on."""
        return self._done(where, work, lambda attempt: attempt.moved_at + self.seconds)

    def _done(self, where: str, work: Callable[[Progressed], T], end: "Callable[[_Attempt[T]], float]") -> T:
        if where in self._hanging:
            if not self._hanging[where].ended.is_set():
                raise NoAnswer(where, self.seconds)
            del self._hanging[where]
        if self._hands is None:
            self._hands = _Hands()
        attempt = _Attempt(work)
        self._hands.give(attempt)
        while not attempt.ended.wait(max(_LEAST_WAIT_SECONDS, end(attempt) - time.monotonic())):
            if time.monotonic() >= end(attempt):
                self._hanging[where] = attempt
                self._hands = None
                raise NoAnswer(where, self.seconds)
        return attempt.outcome()


class _Attempt(Generic[T]):
    def __init__(self, work: Callable[[Progressed], T]) -> None:
        self._work = work
        self._result: T | None = None
        self._error: BaseException | None = None
        self.moved_at = time.monotonic()
        self.ended = Event()

    def move(self) -> None:
        self.moved_at = time.monotonic()

    def __call__(self) -> None:
        try:
            self._result = self._work(self.move)
        except BaseException as error:
            self._error = error
        self.ended.set()

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # without an error there is one


class _Hands:
    """A thread that does one thing after another, until nobody can give it any."""

    def __init__(self) -> None:
        self._given: SimpleQueue[_Attempt[Any] | None] = SimpleQueue()
        # A daemon: it must not keep the program from ending. It knows the queue alone, so this can be collected.
        Thread(target=_work, args=(self._given,), name="looking at files", daemon=True).start()
        finalize(self, self._given.put, None)

    def give(self, attempt: _Attempt[Any]) -> None:
        self._given.put(attempt)


def _work(given: "SimpleQueue[_Attempt[Any] | None]") -> None:
    while (attempt := given.get()) is not None:
        attempt()
        # What it holds is not kept until the next comes.
        del attempt
