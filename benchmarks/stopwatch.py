"""Time by stage, taken from outside: functions of the product are wrapped while it runs, and put back.

The product prepares batches in a thread while another waits for the server, so each thread has its own stack of
stages; a stage has the time that no stage inside it has.
"""

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter, thread_time
from typing import Any


@dataclass
class Spent:
    """Seconds of a stage: elapsed, of the client's processor, waiting in the driver for the server."""

    wall: float = 0.0
    cpu: float = 0.0
    waited: float = 0.0

    def add(self, other: "Spent", factor: int = 1) -> None:
        """Add another's seconds, or take them away."""
        self.wall += factor * other.wall
        self.cpu += factor * other.cpu
        self.waited += factor * other.waited


class _Thread(threading.local):
    def __init__(self) -> None:
        self.inside: list[Spent] = []
        self.waited = 0.0


class Stopwatch:
    """Collects the seconds of stages, over all threads."""

    def __init__(self) -> None:
        self.stages: dict[str, Spent] = {}
        self._thread = _Thread()
        self._lock = threading.Lock()

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted for a stage; that of a generator, item by item."""
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generate(*args: Any, **options: Any) -> Iterator[Any]:
                step, end = self.timed(stage, next), object()
                items = function(*args, **options)
                while (item := step(items, end)) is not end:
                    yield item

            return generate

        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            mine, inner = self._thread, Spent()
            mine.inside.append(inner)
            waited, wall, cpu = mine.waited, perf_counter(), thread_time()
            try:
                return function(*args, **options)
            finally:
                all_of_it = Spent(perf_counter() - wall, thread_time() - cpu, mine.waited - waited)
                mine.inside.pop()
                if mine.inside:
                    mine.inside[-1].add(all_of_it)
                all_of_it.add(inner, -1)
                with self._lock:
                    self.stages.setdefault(stage, Spent()).add(all_of_it)

        return run

    def waiting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, what it does not compute counted as waiting for the server."""

        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            wall, cpu = perf_counter(), thread_time()
            try:
                return function(*args, **options)
            finally:
                self._thread.waited += (perf_counter() - wall) - (thread_time() - cpu)

        return run


@contextmanager
def wrapped(stages: Mapping[str, Sequence[str]], waiting: Sequence[str]) -> Iterator[Stopwatch]:
    """Time functions, named as ``module:name`` or ``module:Class.name`` where they are looked up.

    Raises AttributeError or ImportError for one that is not there.
    """
    watch = Stopwatch()
    undo: list[tuple[Any, str, Any]] = []

    def replace(name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        owner, attribute = _find(name)
        before = getattr(owner, attribute)
        undo.append((owner, attribute, before))
        setattr(owner, attribute, wrap(before))

    try:
        for name in waiting:
            replace(name, watch.waiting)
        for stage, names in stages.items():
            for name in names:
                replace(name, functools.partial(watch.timed, stage))
        yield watch
    finally:
        for owner, attribute, before in reversed(undo):
            setattr(owner, attribute, before)


def _find(name: str) -> tuple[Any, str]:
    module, _, path = name.partition(":")
    owner: Any = import_module(module)
    *inner, attribute = path.split(".")
    for part in inner:
        owner = getattr(owner, part)
    if attribute not in vars(owner):
        raise AttributeError(f"the profile knows {name}, which is not there; correct benchmarks/scenarios/profile.py")
    return owner, attribute
