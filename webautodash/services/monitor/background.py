"""A monitor in a thread of another program."""

from threading import Thread
from types import TracebackType
from typing import Self

from webautodash.config import Settings
from webautodash.services.monitor.loop import MonitorEvents, MonitorLoop, open_store
from webautodash.services.statistics import Status, status


class BackgroundMonitor:
    """Watches Results until its block ends, and then finishes the file that it is processing.

    >>> with WebAutoDash().monitor(interval=10) as monitor:
    ...     print(monitor.status().files)
    """

    def __init__(self, settings: Settings, interval: float, workers: int, events: MonitorEvents) -> None:
        self._store = open_store(settings)
        try:
            self._monitor = MonitorLoop(self._store, interval=interval, workers=workers, events=events)
        except BaseException:
            self._store.close()
            raise
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="monitor", daemon=True)

    def status(self) -> Status:
        """The same as `webautodash status`. Raises the error that ended the monitor, if any."""
        if self._error is not None:
            raise self._error
        return status(self._store)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        self._monitor.stop()
        self._thread.join()
        self._monitor.close()
        self._store.close()
        if self._error is not None and error is None:
            raise self._error

    def _run(self) -> None:
        try:
            self._monitor.run()
        except BaseException as error:
            self._error = error
