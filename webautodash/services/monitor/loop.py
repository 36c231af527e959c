"""The monitor: scans Results and ingests files until it is stopped, and continues after errors."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.domain.vocabulary import Level
from webautodash.errors import TransientError, UsageError, WebAutoDashError, where_from
from webautodash.services.callbacks import ignore
from webautodash.services.ingest import FileLog, FileOutcome, check_results_folder
from webautodash.services.monitor.heartbeat import Heartbeat
from webautodash.services.monitor.ingest_due import DueIngester
from webautodash.services.monitor.system_alerts import SystemAlerts
from webautodash.services.monitor.wakeup import FsEvents, Wakeup
from webautodash.services.monitor.watch import FolderWatch, ScanResult
from webautodash.services.registry import own_root
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

_COMPONENT = "monitor"
# On a busy machine other processes hold their locks for that long.
_SHORTEST_LOCK_SECONDS = 15
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.2, 86400.0
# Between two scans, however many events of the file system there are.
_SHORTEST_PAUSE = SHORTEST_INTERVAL
# The shortest time for ingesting before the next scan.
_SHORTEST_TURN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class MonitorTrouble:
    """What stops all files or those of one folder, or that it no longer does."""

    message: str
    error: WebAutoDashError | None = None
    """The error that stops all files; None if another cause is given, or if the trouble is over."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class MonitorEvents:
    """Functions that a monitor calls: for each file, after each pass that processed any, once for each trouble."""

    on_file: Callable[[FileOutcome], None] = ignore
    on_pass: Callable[[], None] = ignore
    on_trouble: Callable[[MonitorTrouble], None] = ignore


def open_store(settings: Settings) -> Store:
    """The store of a monitor, created if it does not exist. Raises ConfigurationError if Results is not a folder.

    It waits less long for locks: with the leases, only commands like `ingest` lock the same rows, and the monitor can
    do other work meanwhile.
    """
    check_results_folder(settings)
    seconds = min(settings.lock_seconds, max(settings.lease_seconds, _SHORTEST_LOCK_SECONDS))
    return Store.prepare(settings.model_copy(update={"lock_seconds": seconds}), unattended=True)


class MonitorLoop:
    """Watches one Results folder and ingests its files once they are complete.

    Several monitors may watch the same folder, on one machine or on many: each file is ingested by one of them.
    ``interval`` is in seconds, from SHORTEST_INTERVAL to LONGEST_INTERVAL; raises UsageError for any other.
    """

    def __init__(
        self, store: Store, *, interval: float = 10.0, workers: int = 1, events: MonitorEvents = MonitorEvents()
    ) -> None:
        if not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
            raise UsageError(f"interval is {interval:g}; give {SHORTEST_INTERVAL:g} to {LONGEST_INTERVAL:g} seconds")
        self._store, self._interval = store, interval
        self._stopping, self._wakeup = False, Wakeup()
        self._events = events
        self._watch = FolderWatch(store)
        turn_seconds = max(interval, _SHORTEST_TURN_SECONDS)
        self._ingester = DueIngester(store, self._watch, workers, lambda: self._stopping, events.on_file, turn_seconds)
        self._heartbeat = Heartbeat(store, interval)
        self._system_alerts = SystemAlerts(store, self._heartbeat, interval)
        self._log = SystemLogWriter(store.system)
        self._trouble: str | None = None
        self._trouble_since = 0.0
        self._problems: list[str] = []

    def stop(self) -> None:
        """Finish the current file, then end ``run``. Safe in a signal handler and from another thread."""
        self._stopping = True
        self._wakeup.wake()

    def close(self) -> None:
        """Release what the monitor holds of the system. It cannot be used any more."""
        self._wakeup.close()

    def run(self) -> None:
        """Watch until ``stop``.

        Raises UsageError if Results does not exist when it begins, UnknownResultsFolder or AmbiguousRoot if Results
        does not belong to exactly one root.
        """
        with self._begun() as stack:
            self._log.record(Level.INFO, _COMPONENT, "monitor_started", f"watching every {self._interval:g} s")
            stack.callback(self._log.record, Level.INFO, _COMPONENT, "monitor_stopped", "stopped")
            stack.callback(self._system_alerts.stop)
            self._system_alerts.start()
            changes = FsEvents(self._store.settings.results_dir, self._wakeup)
            stack.callback(changes.stop)
            changes.start()
            while not self._stopping:
                soon = self._pass_despite_errors()
                self._sleep(_SHORTEST_PAUSE)
                if not self._stopping:
                    self._wakeup.sleep(min(self._interval, soon) - _SHORTEST_PAUSE)

    def run_once(self) -> None:
        """Ingest what is complete, and once more after ``settle_seconds`` what is new.

        Raises UsageError if Results does not exist, and every other error that stops all files.
        """
        with self._begun():
            if self._whole_pass().settling:
                self._sleep(self._store.settings.settle_seconds)
                self._whole_pass()
            self._system_alerts.run_once()

    @contextmanager
    def _begun(self) -> Iterator[ExitStack]:
        """Check Results and send heartbeats until the block ends, then call what was added to the stack."""
        self._watch.require_results()
        own_root(self._store)
        with ExitStack() as stack:
            stack.callback(self._heartbeat.stop)
            self._heartbeat.start()
            yield stack

    def _whole_pass(self) -> ScanResult:
        while True:
            result = self._pass()
            if self._stopping or not result.cut_short:
                return result

    def _sleep(self, seconds: float) -> None:
        """Sleep for the whole time, unless the monitor is stopping."""
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            self._wakeup.sleep(left)

    def _pass(self) -> ScanResult:
        """One scan, and the ingestion of what is due."""
        begin = time.monotonic()
        result = self._watch.scan()
        self._report_problems(result)
        if result.miscounted:
            with FileLog(self._store) as log:
                for provider in result.miscounted:
                    log.recount(provider)
        tried = 0
        if result.due:
            self._heartbeat.begin_pass()
            tried = self._ingester.ingest(result.due)
        self._heartbeat.end_pass(round(1000 * (time.monotonic() - begin)), result.found, tried)
        if tried:
            self._events.on_pass()
        if tried < len(result.due):
            result.cut_short = tried > 0 and self._ingester.is_cut_short
            # Otherwise another process works on the rest, or its providers are left alone for a while.
            result.scan_within(0 if result.cut_short else self._interval)
        return result

    def _pass_despite_errors(self) -> float:
        """One pass. Returns the seconds until the next has to begin."""
        try:
            result = self._pass()
        except WebAutoDashError as error:
            level = Level.WARNING if isinstance(error, TransientError) else Level.ERROR
            self._report_trouble(MonitorTrouble(str(error), error), level)
        except Exception as error:  # it runs for months: after any error there is a next pass
            logging.getLogger("webautodash.monitor").debug("a pass failed", exc_info=True)
            self._report_trouble(MonitorTrouble(where_from(error)), Level.ERROR)
        else:
            self._report_recovery()
            self._heartbeat.record_error("; ".join(result.problems) or None)
            return self._interval if result.soon is None else result.soon
        return self._interval

    def _report_problems(self, result: ScanResult) -> None:
        """Report folders that cannot be read, once each, and waiting files that no longer exist."""
        for problem in result.problems:
            if problem not in self._problems:
                self._report(Level.ERROR, "folder_unreadable", MonitorTrouble(problem))
        for problem in self._problems:
            if problem not in result.problems:
                self._report(Level.INFO, "folder_readable", MonitorTrouble(f"resolved: {problem}"))
        self._problems = result.problems
        for path in result.gone:
            self._log.record(Level.WARNING, _COMPONENT, "file_gone", f"{path}: was waiting and no longer exists")
        for path in result.cleared:
            self._log.record(Level.INFO, _COMPONENT, "file_cleared", f"{path}: had failed and no longer exists")

    def _report_trouble(self, trouble: MonitorTrouble, level: Level) -> None:
        """Report what stops all files, once, however often it is met."""
        if self._trouble is None:
            self._trouble_since = time.monotonic()
        if trouble.message != self._trouble:
            self._trouble = trouble.message
            self._report(level, "monitor_hindered", trouble)
            self._heartbeat.record_error(trouble.message)

    def _report_recovery(self) -> None:
        if self._trouble is not None:
            seconds = time.monotonic() - self._trouble_since
            message = f"resolved after {seconds:.0f} s: {self._trouble}"
            self._report(Level.INFO, "monitor_going_on", MonitorTrouble(message))
            self._trouble = None

    def _report(self, level: Level, event: str, trouble: MonitorTrouble) -> None:
        self._events.on_trouble(trouble)
        self._log.record(level, _COMPONENT, event, trouble.message)
