"""Raises the alerts that no file causes, and sends all alerts, in a thread of the monitor."""

import time
from contextlib import suppress
from threading import Event, Thread

from webautodash.errors import WebAutoDashError
from webautodash.services.alerts import deliver_due
from webautodash.services.alerts.system_alerts import databases_not_ready, raise_all, record_pending, silent_monitors
from webautodash.services.monitor.heartbeat import Heartbeat
from webautodash.services.store import Store

# Every database is opened, and every process of this machine is looked up, once in this time.
_CHECK_SECONDS = 300.0


class Alarms:
    """Checks and sends in a thread of its own, so that a mail server that does not answer delays no file."""

    def __init__(self, store: Store, heartbeat: Heartbeat, interval: float) -> None:
        self._store, self._heartbeat = store, heartbeat
        self._pause = max(1.0, min(interval, 10.0))
        self._last_check: float | None = None
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Repeat ``run_once`` in a thread."""
        self._thread = Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def stop(self, wait_seconds: float = 1.0) -> None:
        """Stop the thread. An alert that is being sent is sent again by the next monitor if it does not arrive."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(wait_seconds)

    def run_once(self) -> None:
        """Raise alerts, then send those that are due. An error is ignored, because the next time meets it again."""
        with suppress(WebAutoDashError):
            self._raise_alerts()
        with suppress(WebAutoDashError):
            deliver_due(self._store)

    def _run(self) -> None:
        while True:
            self.run_once()
            if self._stopped.wait(self._pause):
                return

    def _raise_alerts(self) -> None:
        raise_all(self._store, silent_monitors(self._store, self._heartbeat.key))
        if self._last_check is None or time.monotonic() - self._last_check >= _CHECK_SECONDS:
            self._heartbeat.mark_lost()
            record_pending(self._store)
            raise_all(self._store, databases_not_ready(self._store))
            self._last_check = time.monotonic()
