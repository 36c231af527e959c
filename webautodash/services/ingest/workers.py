"""Work of several processes: groups of things at once, the things of one group in order in one of them."""

import logging
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Generic, TypeVar

from webautodash.config import Settings
from webautodash.errors import WebAutoDashError
from webautodash.services.callbacks import ignore
from webautodash.services.ingest.progress import OnBatch
from webautodash.services.store import Store

Thing = TypeVar("Thing")
Outcome = TypeVar("Outcome")
# Takes one thing with an open store; has to be a function of a module, for it travels by name.
Take = Callable[[Store, Thing, OnBatch], Outcome]
GoesOn = Callable[[Thing, Outcome | None], bool]
"""Whether a thing is to be begun, after the outcome of the one before it in its group; else the rest is left."""


def always(*_: object) -> bool:
    """Whatever comes."""
    return True


INGEST, MIGRATE = "webautodash.services.ingest.process_file", "webautodash.services.fleet.migrate_all"
# What a work loads only once it has begun.
_LATER = {MIGRATE: ["alembic.command"]}
_SECONDS_TO_HEAR = 1.0
_SECONDS_TO_LEAVE = 1.0


def preload(work: str) -> None:
    """Begin to import what workers need, in a process of its own, while the caller does other things."""
    _preload(work)
    # Ctrl-C in the middle of its imports is not for it to answer; it inherits the mask.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _preload(work: str) -> None:
    get_context("forkserver").set_forkserver_preload([work, *_LATER.get(work, ())])


def settings_per_process(settings: Settings, workers: int, groups: int) -> Settings:
    """The settings of each of the processes that so many groups need, the caller among them.

    Raises ConfigurationError where there are too few connections for all.
    """
    processes = min(workers, groups)
    return settings.shared_by(processes + 1) if processes > 1 else settings


def run_in_processes(
    store: Store,
    groups: Sequence[Sequence[Thing]],
    workers: int,
    take: Take[Thing, Outcome],
    *,
    done: Callable[[Thing, Outcome], None],
    lost: Callable[[Thing, int | None], Outcome],
    on_batch: Callable[[Thing, int, int], None] = ignore,
    before: Callable[[Thing], None] = ignore,
    meanwhile: Callable[[], None] = ignore,
    goes_on: GoesOn[Thing, Outcome] = always,
) -> None:
    """Take every group's things in order, ``workers`` groups at a time; ``done`` hears of each here.

    ``before`` hears of each thing that is begun, ``on_batch`` of each batch, as OnBatch does. ``meanwhile`` is called
    again and again, at least every second.

    A worker that dies costs the rest of its group, of which ``lost`` says the outcome, by the exit status; another
    takes its place. Whatever ends this call, no worker outlives it by more than a moment.
    The connections of the settings are shared among all. Raises ConfigurationError where they are too few, and what a
    worker raised that is no thing's own fault, such as DatabaseUnreachable.
    """
    share = settings_per_process(store.settings, workers, len(groups))
    with store.server.sharing(share.max_connections):
        _in_processes(_Crew(share, take, lost, on_batch, before), groups, workers, done, meanwhile, goes_on)


def _in_processes(
    crew: "_Crew[Thing, Outcome]",
    groups: Sequence[Sequence[Thing]],
    workers: int,
    done: Callable[[Thing, Outcome], None],
    meanwhile: Callable[[], None],
    goes_on: GoesOn[Thing, Outcome],
) -> None:
    # The largest last in the list, first out of it: none is left for the end alone. Equal ones in their order.
    waiting = sorted(groups, key=len, reverse=True)[::-1]
    try:
        while waiting or crew.at_work:
            while waiting and len(crew.at_work) < workers:
                group = waiting.pop()
                if goes_on(group[0], None):
                    crew.give(group)
            if not crew.at_work:
                break
            for thing, outcome in crew.hear(goes_on):
                done(thing, outcome)
            meanwhile()
    finally:
        crew.dismiss()


class _Crew(Generic[Thing, Outcome]):
    """The worker processes. One that has done its group takes the next; there is never one without a group."""

    def __init__(
        self,
        settings: Settings,
        take: Take[Thing, Outcome],
        lost: Callable[[Thing, int | None], Outcome],
        on_batch: Callable[[Thing, int, int], None],
        before: Callable[[Thing], None],
    ) -> None:
        self._settings, self._take, self._lost, self._on_batch = settings, take, lost, on_batch
        self._before = before
        # Not fork: this process has open connections and perhaps threads, and a child must inherit neither.
        self._context = get_context("forkserver")
        _preload(take.__module__)
        self._idle: list[tuple[Connection, ForkServerProcess]] = []
        self.at_work: dict[Connection, tuple[ForkServerProcess, deque[Thing]]] = {}

    def give(self, group: Sequence[Thing]) -> None:
        pipe, process = self._idle.pop() if self._idle else self._hire()
        self.at_work[pipe] = (process, deque(group))
        self._send(pipe, group[0])

    def hear(self, goes_on: GoesOn[Thing, Outcome]) -> Iterator[tuple[Thing, Outcome]]:
        """Wait a moment for news of any worker, and say what is done; who is done goes on with the next of a group."""
        ready = wait(list(self.at_work), _SECONDS_TO_HEAR)
        for pipe in [pipe for pipe in self.at_work if pipe in ready]:
            process, group = self.at_work[pipe]
            try:
                said = pipe.recv()
            except EOFError:
                del self.at_work[pipe]
                process.join(_SECONDS_TO_LEAVE)
                for thing in group:
                    yield thing, self._lost(thing, process.exitcode)
                continue
            if isinstance(said, BaseException):
                raise said
            if isinstance(said, tuple):
                self._on_batch(group[0], *said)
                continue
            thing = group.popleft()
            yield thing, said
            if group and goes_on(group[0], said):
                self._send(pipe, group[0])
            else:
                group.clear()
                del self.at_work[pipe]
                self._idle.append((pipe, process))

    def _send(self, pipe: Connection, thing: Thing) -> None:
        self._before(thing)
        # One that has died is heard of at the next look.
        with suppress(OSError):
            pipe.send(thing)

    def dismiss(self) -> None:
        processes = [process for process, _ in self.at_work.values()] + [process for _, process in self._idle]
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_SECONDS_TO_LEAVE)
            process.kill()

    def _hire(self) -> tuple[Connection, ForkServerProcess]:
        here, there = self._context.Pipe()
        process = self._context.Process(target=_work, args=(self._settings, self._take, there), daemon=True)
        process.start()
        there.close()
        return here, process


def _work(settings: Settings, take: Take[Thing, Outcome], pipe: Connection) -> None:
    # Ctrl-C reaches every process of the terminal; the one that was called decides for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What there is to say goes through the pipe. Without a handler logging would print warnings, libraries' too.
    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(True)
    # Whoever called may be gone: then there is nobody to tell, and the thing in hand was the last.
    with suppress(EOFError, BrokenPipeError):
        try:
            with Store.open(settings, unattended=True) as store:
                while True:
                    pipe.send(take(store, pipe.recv(), partial(_tell, pipe)))
        except WebAutoDashError as error:
            pipe.send(error)
        except (EOFError, BrokenPipeError):
            raise
        except Exception:
            # Python would print its text, which may quote a value. The caller hears that this process has ended.
            sys.exit(1)


def _tell(pipe: Connection, done: int, of: int) -> None:
    # The thing in hand is finished, whoever listens.
    with suppress(OSError):
        pipe.send((done, of))
