"""Processes groups of tasks, in this process or in several: each group in order, different groups at once."""

import gc
import logging
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Generic, TypeVar

from webautodash.config import Settings
from webautodash.errors import WebAutoDashError
from webautodash.services.callbacks import always, ignore
from webautodash.services.store import Store

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
OnBatch = Callable[[int, int], None]
"""Called while a task is processed, with the amount that is done and the whole amount."""
Prepare = Callable[[Store], Callable[[Task, OnBatch], Outcome]]
"""Called in each process with its open store; returns the function that processes one task there.

Other processes import it by name: it is a function or class of a module.
"""


_SECONDS_TO_WAIT = 1.0
_SECONDS_TO_END = 1.0


@dataclass(frozen=True, slots=True)
class GroupWork(Generic[Task, Outcome]):
    """How tasks are processed, and the functions that are called during the work, always in the calling process."""

    prepare: Prepare[Task, Outcome]
    done: Callable[[Task, Outcome], None]
    """Called with each outcome."""
    lost: Callable[[Task, int | None], Outcome]
    """Makes the outcome of a task whose process ended with this exit status."""
    before: Callable[[Task], None] = ignore
    """Called before each task is begun."""
    on_batch: Callable[[Task, int, int], None] = ignore
    """Called while a task is processed, like OnBatch."""
    while_waiting: Callable[[], None] = ignore
    """Called at least every second while other processes work."""
    may_begin: Callable[[Task, Outcome | None], bool] = always
    """Whether to begin a task, given the outcome before it in its group; if not, the group ends there."""
    modules: Sequence[str] = ()
    """Modules that each process needs, apart from the one of ``prepare``."""


@dataclass(frozen=True, slots=True)
class _BatchWritten:
    """A worker's message: part of the task is processed."""

    done: int
    of: int


@dataclass(frozen=True, slots=True)
class _TaskDone(Generic[Outcome]):
    """A worker's message: the task is processed."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _WorkerFailed:
    """A worker's message: it ends, because of an error that is not a task's own."""

    error: WebAutoDashError


def preload(modules: Sequence[str]) -> None:
    """Begin to import modules of workers in a separate process, while the caller does other tasks."""
    _set_preload(modules)
    # The process inherits the mask: Ctrl-C during its imports must not make it print a traceback.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _set_preload(modules: Sequence[str]) -> None:
    get_context("forkserver").set_forkserver_preload(list(modules))


def settings_per_process(settings: Settings, workers: int, groups: int) -> Settings:
    """The settings of each process, including the caller, if ``workers`` processes share ``groups`` groups.

    Raises ConfigurationError if there are too few connections for all.
    """
    processes = min(workers, groups)
    return settings.shared_by(processes + 1) if processes > 1 else settings


def run_groups(store: Store, groups: Sequence[list[Task]], workers: int, work: GroupWork[Task, Outcome]) -> None:
    """Process the tasks of each group in order, ``workers`` groups at a time. May empty the groups.

    With one worker or one group everything happens in this process. Otherwise a worker that dies costs the rest of its
    group, and another takes its place. No worker outlives this call by more than a moment, however it ends.
    The connections of the settings are shared among the processes. Raises ConfigurationError if they are too few, and
    any error of a worker that is not a task's own, such as DatabaseUnreachable.
    """
    if workers > 1 and len(groups) > 1:
        settings = settings_per_process(store.settings, workers, len(groups))
        with store.server.sharing(settings.max_connections):
            _run_in_processes(_Workers(settings, work), groups, workers, work)
        return
    process = work.prepare(store)
    for group in groups:
        waiting, outcome = deque(group), None
        # There may be very many tasks; each is released when its outcome takes its place.
        group.clear()
        while waiting and work.may_begin(waiting[0], outcome):
            task = waiting.popleft()
            work.before(task)
            outcome = process(task, partial(work.on_batch, task))
            work.done(task, outcome)


def _run_in_processes(
    pool: "_Workers[Task, Outcome]", groups: Sequence[Sequence[Task]], workers: int, work: GroupWork[Task, Outcome]
) -> None:
    # The largest group first, so that none is left for the end alone; groups of equal size keep their order.
    waiting = sorted(groups, key=len, reverse=True)[::-1]
    try:
        while waiting or pool.busy:
            while waiting and len(pool.busy) < workers:
                group = waiting.pop()
                if work.may_begin(group[0], None):
                    pool.begin(group)
            if not pool.busy:
                break
            for task, outcome in pool.wait():
                work.done(task, outcome)
            work.while_waiting()
    finally:
        pool.terminate()


class _Workers(Generic[Task, Outcome]):
    """The worker processes. One that has finished its group takes the next; a process is started only for a group."""

    def __init__(self, settings: Settings, work: GroupWork[Task, Outcome]) -> None:
        self._settings, self._work = settings, work
        # Not fork: this process has open connections and perhaps threads, and a child must inherit neither.
        self._context = get_context("forkserver")
        _set_preload([work.prepare.__module__, *work.modules])
        self._idle: list[tuple[Connection, ForkServerProcess]] = []
        self.busy: dict[Connection, tuple[ForkServerProcess, deque[Task]]] = {}

    def begin(self, group: Sequence[Task]) -> None:
        """Let an idle or new worker begin a group."""
        pipe, process = self._idle.pop() if self._idle else self._start()
        self.busy[pipe] = (process, deque(group))
        self._send(pipe, group[0])

    def wait(self) -> Iterator[tuple[Task, Outcome]]:
        """Wait a moment for messages. Yields what is done; the worker continues with the next task of the group."""
        ready = wait(list(self.busy), _SECONDS_TO_WAIT)
        for pipe in [pipe for pipe in self.busy if pipe in ready]:
            process, group = self.busy[pipe]
            try:
                message = pipe.recv()
            except EOFError:
                del self.busy[pipe]
                process.join(_SECONDS_TO_END)
                for task in group:
                    yield task, self._work.lost(task, process.exitcode)
                continue
            match message:
                case _WorkerFailed(error):
                    raise error
                case _BatchWritten(done, of):
                    self._work.on_batch(group[0], done, of)
                case _TaskDone(outcome):
                    yield group.popleft(), outcome
                    if group and self._work.may_begin(group[0], outcome):
                        self._send(pipe, group[0])
                    else:
                        del self.busy[pipe]
                        self._idle.append((pipe, process))

    def terminate(self) -> None:
        """End every worker."""
        processes = [process for process, _ in self.busy.values()] + [process for _, process in self._idle]
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_SECONDS_TO_END)
            process.kill()

    def _send(self, pipe: Connection, task: Task) -> None:
        self._work.before(task)
        # The death of a worker is noticed by the next wait.
        with suppress(OSError):
            pipe.send(task)

    def _start(self) -> tuple[Connection, ForkServerProcess]:
        here, there = self._context.Pipe()
        arguments = (self._settings, self._work.prepare, there)
        process = self._context.Process(target=_run_worker, args=arguments, daemon=True)
        process.start()
        there.close()
        return here, process


def _run_worker(settings: Settings, prepare: Prepare[Task, Outcome], pipe: Connection) -> None:
    """Process tasks in a worker process until the calling process ends it."""
    # Ctrl-C reaches every process of the terminal; the calling process decides for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Errors go through the pipe. Without a handler logging would print warnings, also those of libraries.
    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(True)
    collect_rarely()
    # The calling process may be gone: then the worker ends after its current task.
    with suppress(EOFError, BrokenPipeError):
        try:
            with Store.open(settings, unattended=True) as store:
                process = prepare(store)
                while True:
                    pipe.send(_TaskDone(process(pipe.recv(), partial(_send_batch, pipe))))
        except WebAutoDashError as error:
            pipe.send(_WorkerFailed(error))
        except (EOFError, BrokenPipeError):
            raise
        except Exception:
            # Python would print the error's text, which may quote a value. The caller notices the end of the process.
            sys.exit(1)


def _send_batch(pipe: Connection, done: int, of: int) -> None:
    # The task is finished even if the calling process is gone.
    with suppress(OSError):
        pipe.send(_BatchWritten(done, of))


def collect_rarely() -> None:
    """Let this process look for cyclic garbage rarely; for a program that does nothing but ingest.

    Ingestion makes a hundred thousand objects per batch and no cycles: at Python's usual pace the search for cycles
    takes a quarter of the time. The objects of imported modules are not searched at all.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
