"""Keeps a monitor's row up to date, and marks other monitors of this machine that ended without recording it."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread
from typing import TypeVar

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import Level, MonitorState
from webautodash.errors import WebAutoDashError
from webautodash.repositories.monitors import MonitorKey, MonitorRecord, MonitorRepository, heartbeat_pause
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.alerts import monitor_silent, raise_alerts
from webautodash.services.leases import host, operator
from webautodash.services.monitor.ingest_due import LEASE_PREFIX
from webautodash.services.processes import has_ended, process_key
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter
from webautodash.version import __version__

T = TypeVar("T")


class Heartbeat:
    """Records for one monitor that it is alive, in a thread, because a large file takes longer than an interval."""

    def __init__(self, store: Store, interval_seconds: float) -> None:
        self._store, self._interval = store, timedelta(seconds=interval_seconds)
        self._key: MonitorKey | None = None
        self._error: str | None = None
        self._recorded_error: str | None = None
        self._stopped = Event()
        self._thread: Thread | None = None

    @property
    def key(self) -> MonitorKey | None:
        """Identifies the monitor's own row; None before ``start``."""
        return self._key

    def start(self) -> None:
        """Add the monitor's row, delete those of ended monitors of this machine, and begin to beat."""

        def clean_up(work: SystemWork) -> None:
            work.leases.delete_expired(LEASE_PREFIX)
            # The row of an ended monitor is kept until the next one starts.
            work.monitors.delete([one.id for one in _of_this_machine(work) if one.state is not MonitorState.RUNNING])

        self._store.system.run(clean_up)
        self.mark_lost()
        self._add()
        self._stopped.clear()
        self._thread = Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Record that the monitor stopped; nothing if it never started."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        if self._key is not None:
            with suppress(WebAutoDashError):
                self._change(lambda monitors, key: monitors.end(key, MonitorState.STOPPED))

    def mark_lost(self) -> None:
        """Mark the monitors of this machine that ended without recording it as lost, and raise an alert for each."""
        with self._store.system.reading() as work:
            missed = [one for one in _of_this_machine(work) if _is_lost(one)]
        if not missed:
            return

        def mark(work: SystemWork) -> list[MonitorRecord]:
            # If two processes find it at once, only one succeeds.
            lost = [one for one in missed if work.monitors.end(one.key, MonitorState.LOST)]
            raise_alerts(work, self._store.settings, [monitor_silent(one) for one in lost], utc_now())
            return lost

        for one in self._store.system.run(mark):
            message = f"the monitor of process {one.pid} ended without recording it"
            SystemLogWriter(self._store.system).record(Level.WARNING, "monitor", "monitor_lost", message)

    def begin_pass(self) -> None:
        """Record that a pass begins to process files."""
        self._change(MonitorRepository.begin_pass)

    def end_pass(self, pass_ms: int, found: int, processed: int) -> None:
        """Record the end of a pass."""
        self._change(lambda monitors, key: monitors.end_pass(key, pass_ms, found, processed))

    def record_error(self, error: str | None) -> None:
        """Record the monitor's current error, or None, for `status`. If that fails now, the next heartbeat does it."""
        if error != self._error:
            self._error = error
            self._write_error()

    def _write_error(self) -> None:
        error = self._error
        with suppress(WebAutoDashError):
            if self._change(lambda monitors, key: monitors.record_error(key, error)):
                self._recorded_error = error

    def _add(self) -> None:
        ms, pid = max(1, round(self._interval.total_seconds() * 1000)), os.getpid()
        add, process = (host(), pid, operator(), __version__, ms), process_key(pid)
        self._key = self._store.system.run(lambda work: work.monitors.add(*add, process=process))
        self._recorded_error = None

    def _change(self, change: Callable[[MonitorRepository, MonitorKey], T]) -> T:
        key = self._key
        assert key is not None  # noqa: S101  # start() has set it
        return self._store.system.run(lambda work: change(work.monitors, key))

    def _beat(self) -> None:
        while not self._stopped.wait(heartbeat_pause(self._interval).total_seconds()):
            # If a heartbeat fails, the next one follows soon.
            with suppress(WebAutoDashError):
                if not self._change(MonitorRepository.beat):
                    # The system database was created anew, or another process marked this monitor as lost.
                    self._add()
            if self._recorded_error != self._error:
                self._write_error()


def _of_this_machine(work: SystemWork) -> list[MonitorRecord]:
    return [one for one in work.monitors.all() if one.host == host()]


def _is_lost(one: MonitorRecord) -> bool:
    """Whether a monitor of this machine has ended: by its process if that can be seen, otherwise by its heartbeat."""
    if one.state is not MonitorState.RUNNING:
        return False
    ended = has_ended(one.pid, one.process)
    return one.silent if ended is None else ended
