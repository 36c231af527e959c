"""Limits the time of calls that may never return, as for a network folder that is gone."""

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar
from weakref import finalize

from webautodash.domain.extraction.document.private_copy import KeepAlive
from webautodash.errors import NoAnswer

T = TypeVar("T")

_SHORTEST_WAIT_SECONDS = 0.01


class TimeLimit:
    """Calls functions in a thread and waits for them with a limit; while one hangs in a folder, no other begins there.

    A system call that never returns cannot be ended: its thread is abandoned, and another thread takes its place.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._worker: _Worker | None = None
        self._hanging: dict[str, _Call[Any]] = {}

    def within(self, where: str, work: Callable[[], T], seconds: float | None = None) -> T:
        """Call ``work``, which concerns the folder ``where``; ``seconds`` is another limit than the usual one.

        Raises NoAnswer if it takes longer, or if an earlier call still hangs in this folder.
        """
        end = time.monotonic() + (self.seconds if seconds is None else seconds)
        return self._wait(where, lambda _: work(), lambda _: end)

    def while_progressing(self, where: str, work: Callable[[KeepAlive], T]) -> T:
        """Like ``within``, for long calls: the limit is for the time since they last called their argument."""
        return self._wait(where, work, lambda call: call.alive_at + self.seconds)

    def _wait(self, where: str, work: Callable[[KeepAlive], T], end: "Callable[[_Call[T]], float]") -> T:
        if where in self._hanging:
            if not self._hanging[where].future.done():
                raise NoAnswer(where, self.seconds)
            del self._hanging[where]
        if self._worker is None:
            self._worker = _Worker()
        call = _Call(work)
        self._worker.add(call)
        while wait([call.future], max(_SHORTEST_WAIT_SECONDS, end(call) - time.monotonic())).not_done:
            if time.monotonic() >= end(call):
                self._hanging[where] = call
                self._worker = None
                raise NoAnswer(where, self.seconds)
        return call.future.result()


class _Call(Generic[T]):
    def __init__(self, work: Callable[[KeepAlive], T]) -> None:
        self._work = work
        self.future: Future[T] = Future()
        self.alive_at = time.monotonic()

    def keep_alive(self) -> None:
        self.alive_at = time.monotonic()

    def __call__(self) -> None:
        try:
            self.future.set_result(self._work(self.keep_alive))
        except BaseException as error:
            self.future.set_exception(error)


class _Worker:
    """A thread that makes one call after another, until this object is garbage."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        # A daemon, so that a hanging call does not keep the program from ending. The thread refers to the queue only,
        # so that this object can be collected.
        Thread(target=_run, args=(self._calls,), name="time limit", daemon=True).start()
        finalize(self, self._calls.put, None)

    def add(self, call: _Call[Any]) -> None:
        self._calls.put(call)


def _run(calls: "SimpleQueue[_Call[Any] | None]") -> None:
    while (call := calls.get()) is not None:
        call()
        # Releases what the call holds before the next one comes.
        del call
