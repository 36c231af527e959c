"""A monitor's look around, for what somebody should know that no file brings, and the sending of all alerts."""

import time
from contextlib import suppress
from threading import Event, Thread

from webautodash.errors import WebAutoDashError
from webautodash.services.alerts import deliver_due
from webautodash.services.alerts.system_alerts import databases_not_ready, raise_all, record_pending, silent_monitors
from webautodash.services.monitor.heartbeat import Heartbeat
from webautodash.services.store import Store

# How often databases are looked at, each with a look of its own, and processes of this machine.
_ROUND_SECONDS = 300.0


class Alarms:
    """Looks around and sends, in a thread of its own: a mail server that does not answer holds up no file."""

    def __init__(self, store: Store, presence: Heartbeat, interval: float) -> None:
        self._store, self._presence = store, presence
        self._pause = max(1.0, min(interval, 10.0))
        self._last_round: float | None = None
        self._ended = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Do it again and again."""
        self._thread = Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def end(self, patience_seconds: float = 1.0) -> None:
        """Do it no more. What is being sent at this moment is sent again by the next monitor if it does not arrive."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(patience_seconds)

    def once(self) -> None:
        """Raise what there is to be raised, and send what is due. What stands in the way does so the next time, too."""
        with suppress(WebAutoDashError):
            self._look_around()
        with suppress(WebAutoDashError):
            deliver_due(self._store)

    def _run(self) -> None:
        while True:
            self.once()
            if self._ended.wait(self._pause):
                return

    def _look_around(self) -> None:
        raise_all(self._store, silent_monitors(self._store, self._presence.key))
        if self._last_round is None or time.monotonic() - self._last_round >= _ROUND_SECONDS:
            self._presence.find_lost()
            record_pending(self._store)
            raise_all(self._store, databases_not_ready(self._store))
            self._last_round = time.monotonic()
