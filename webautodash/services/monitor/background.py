"""A monitor in a thread of another program."""

from threading import Lock, Thread, current_thread
from types import TracebackType
from typing import Self

from webautodash.config import Settings
from webautodash.errors import UsageError
from webautodash.services.monitor.loop import MonitorEvents, MonitorLoop, open_store
from webautodash.services.statistics import Status, status


class BackgroundMonitor:
    """Watches Results from ``start`` to ``stop``, or within a block; the file that it is processing is finished.

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
        self._lock = Lock()
        self._was_started = self._was_stopped = False

    def start(self) -> None:
        """Begin to watch. Raises UsageError if the monitor was started or stopped before: it runs once."""
        with self._lock:
            if self._was_started or self._was_stopped:
                raise UsageError("a monitor can be started once; make another one with monitor()")
            self._was_started = True
            self._thread.start()

    def stop(self) -> None:
        """Finish the file that is being processed, end the monitor, and raise the error that ended it earlier, if any.

        Called by ``on_file``, in the monitor's own thread, it does not wait; another call is then still needed.
        """
        self._end()
        if self._error is not None:
            raise self._error

    def status(self) -> Status:
        """The same as `webautodash status`. Raises the error that ended the monitor, if any."""
        if self._error is not None:
            raise self._error
        return status(self._store)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        if error is None:
            self.stop()
        else:
            self._end()

    def _end(self) -> None:
        if current_thread() is self._thread:
            self._monitor.stop()
            return
        with self._lock:
            if self._was_stopped:
                return
            self._was_stopped = True
            self._monitor.stop()
            if self._was_started:
                self._thread.join()
            self._monitor.close()
            self._store.close()

    def _run(self) -> None:
        try:
            self._monitor.run()
        except BaseException as error:
            self._error = error
