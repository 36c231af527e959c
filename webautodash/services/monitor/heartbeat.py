"""A monitor's own row: that it is there, what it did, what went wrong; and what became of others."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread
from typing import TypeVar

from webautodash.domain.vocabulary import Level, MonitorState
from webautodash.errors import WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.repositories import MonitorRepository
from webautodash.repositories.monitors import MonitorKey, MonitorRecord, heartbeat_pause
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.alerts import monitor_silent, raise_alerts
from webautodash.services.leases import host, operator
from webautodash.services.monitor.ingest_due import LEASES
from webautodash.services.processes import has_ended, process_key
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter
from webautodash.version import __version__

T = TypeVar("T")

_COMPONENT = "monitor"


class Heartbeat:
    """Says for one monitor that it is alive, in a thread: a large file takes longer than an interval."""

    def __init__(self, store: Store, interval_seconds: float) -> None:
        self._store, self._interval = store, timedelta(seconds=interval_seconds)
        self._key: MonitorKey | None = None
        self._error: str | None = None
        self._said_error: str | None = None
        self._ended = Event()
        self._beating: Thread | None = None

    @property
    def key(self) -> MonitorKey | None:
        """Its own row, once it has begun."""
        return self._key

    def begin(self) -> None:
        """Be there, as the successor of those of this machine that ended."""

        def write(work: SystemWork) -> None:
            repository = work.monitors
            work.leases.forget_expired(LEASES)
            # What became of one that ended is told until its successor comes.
            repository.forget([one.id for one in _of_this_machine(work) if one.state is not MonitorState.RUNNING])

        self._store.system.run(write)
        self.find_lost()
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
            self._change(lambda repository, key: repository.end(key, MonitorState.STOPPED))

    def find_lost(self) -> None:
        """Say of those of this machine that ended without a word that they are lost."""
        with self._store.system.reading() as work:
            missed = [one for one in _of_this_machine(work) if _is_lost(one)]
        if not missed:
            return

        def write(work: SystemWork) -> list[MonitorRecord]:
            # Of two who find it at once, one says so.
            lost = [one for one in missed if work.monitors.end(one.key, MonitorState.LOST)]
            raise_alerts(work, self._store.settings, [monitor_silent(one) for one in lost], utc_now())
            return lost

        for one in self._store.system.run(write):
            self._log(Level.WARNING, "monitor_lost", f"the monitor of process {one.pid} ended without a word")

    def begin_pass(self) -> None:
        """A pass has something to take."""
        self._change(MonitorRepository.begin_pass)

    def end_pass(self, pass_ms: int, found: int, tried: int) -> None:
        """A pass has ended."""
        self._change(lambda repository, key: repository.end_pass(key, pass_ms, found, tried))

    def say_error(self, error: str | None) -> None:
        """What goes wrong, or that nothing does any more, for `status`; said once.

        Where that cannot be said now, a heartbeat says it.
        """
        if error != self._error:
            self._error = error
            self._say_error()

    def _say_error(self) -> None:
        error = self._error
        with suppress(WebAutoDashError):
            if self._change(lambda repository, key: repository.say_error(key, error)):
                self._said_error = error

    def _add(self) -> None:
        ms, pid = max(1, round(self._interval.total_seconds() * 1000)), os.getpid()
        add, process = (host(), pid, operator(), __version__, ms), process_key(pid)
        self._key = self._store.system.run(lambda work: work.monitors.add(*add, process=process))
        self._said_error = None

    def _change(self, change: Callable[[MonitorRepository, MonitorKey], T]) -> T:
        key = self._key
        assert key is not None  # noqa: S101  # it has begun
        return self._store.system.run(lambda work: change(work.monitors, key))

    def _beat(self) -> None:
        while not self._ended.wait(heartbeat_pause(self._interval).total_seconds()):
            # One that fails is made up for by the next.
            with suppress(WebAutoDashError):
                if not self._change(MonitorRepository.beat):
                    # The system database was made anew, or another took this one for lost.
                    self._add()
            if self._said_error != self._error:
                self._say_error()

    def _log(self, level: Level, event: str, message: str) -> None:
        SystemLogWriter(self._store.system).record(level, _COMPONENT, event, message)


def _of_this_machine(work: SystemWork) -> list[MonitorRecord]:
    return [one for one in work.monitors.all() if one.host == host()]


def _is_lost(one: MonitorRecord) -> bool:
    """Whether one of this machine's name is no more: by its process where that is to be seen, else by its heartbeat."""
    if one.state is not MonitorState.RUNNING:
        return False
    ended = has_ended(one.pid, one.process)
    return one.silent if ended is None else ended
