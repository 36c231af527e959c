"""A monitor's own row: that it is there, what it did, what went wrong; and what became of others."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread
from typing import TypeVar

from sqlalchemy.orm import Session

from webautodash.domain.vocabulary import Level, MonitorState
from webautodash.errors import WebAutoDashError
from webautodash.repositories import LeaseRepository, MonitorRepository
from webautodash.repositories.monitors import KnownMonitor, heartbeat_pause
from webautodash.services.leases import host, operator
from webautodash.services.log import SystemLog
from webautodash.services.monitor.taking import LEASES
from webautodash.services.store import Store
from webautodash.version import __version__

T = TypeVar("T")

_COMPONENT = "monitor"


class Presence:
    """Says for one monitor that it is alive, in a thread: a large file takes longer than an interval."""

    def __init__(self, store: Store, interval_seconds: float) -> None:
        self._store, self._interval = store, timedelta(seconds=interval_seconds)
        self._number: int | None = None
        self._ended = Event()
        self._beating: Thread | None = None

    def begin(self) -> None:
        """Be there. Those of this machine that ended without a word are found and said to be lost."""
        with self._store.system.reading() as session:
            known = [one for one in MonitorRepository(session).all() if one.host == host()]
        lost = [one for one in known if one.state is MonitorState.RUNNING and not _is_alive(one.pid)]
        # What a stopped one did is told until its successor comes.
        stopped = [one.id for one in known if one.state is MonitorState.STOPPED]

        def write(session: Session) -> None:
            repository = MonitorRepository(session)
            LeaseRepository(session).forget_expired(LEASES)
            repository.forget(stopped)
            for one in lost:
                repository.end(one.id, MonitorState.LOST)

        self._store.system.run(write)
        for one in lost:
            self._log(Level.WARNING, "monitor_lost", f"the monitor of process {one.pid} ended without a word")
        self._add()
        self._ended.clear()
        self._beating = Thread(target=self._beat, name="heartbeat", daemon=True)
        self._beating.start()

    def end(self) -> None:
        """Be no longer there."""
        self._ended.set()
        if self._beating is not None:
            self._beating.join()
        with suppress(WebAutoDashError):
            self._change(lambda repository, number: repository.end(number, MonitorState.STOPPED))

    def begin_pass(self) -> None:
        """A pass has something to take."""
        self._change(MonitorRepository.begin_pass)

    def end_pass(self, pass_ms: int, found: int, tried: int) -> None:
        """A pass has ended."""
        self._change(lambda repository, number: repository.end_pass(number, pass_ms, found, tried))

    def say_error(self, error: str | None) -> None:
        """What goes wrong, or that nothing does any more; where that cannot be said, never mind."""
        with suppress(WebAutoDashError):
            self._change(lambda repository, number: repository.say_error(number, error))

    def others(self) -> list[KnownMonitor]:
        """All other monitors."""
        with self._store.system.reading() as session:
            return [one for one in MonitorRepository(session).all() if one.id != self._number]

    def _add(self) -> None:
        ms = max(1, round(self._interval.total_seconds() * 1000))
        add = (host(), os.getpid(), operator(), __version__, ms)
        self._number = self._store.system.run(lambda session: MonitorRepository(session).add(*add))

    def _change(self, work: Callable[[MonitorRepository, int], T]) -> T:
        number = self._number
        assert number is not None  # noqa: S101  # it has begun
        return self._store.system.run(lambda session: work(MonitorRepository(session), number))

    def _beat(self) -> None:
        while not self._ended.wait(heartbeat_pause(self._interval).total_seconds()):
            # One that fails is made up for by the next.
            with suppress(WebAutoDashError):
                if not self._change(MonitorRepository.beat):
                    # The system database was made anew, or another took this one for lost.
                    self._add()

    def _log(self, level: Level, event: str, message: str) -> None:
        SystemLog(self._store.system).record(level, _COMPONENT, event, message)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        # Another user's may not be signalled, and is there.
        return not isinstance(error, ProcessLookupError)
    return True
