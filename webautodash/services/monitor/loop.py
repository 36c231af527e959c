"""The monitor: passes over Results until it is told to stop, whatever goes wrong meanwhile."""

import logging
import time
from collections.abc import Callable

from webautodash.config import Settings
from webautodash.domain.vocabulary import Level
from webautodash.errors import TransientError, UsageError, WebAutoDashError, where_from
from webautodash.services.callbacks import ignore
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.monitor.alarms import Alarms
from webautodash.services.monitor.fs_events import Hints
from webautodash.services.monitor.heartbeat import Heartbeat
from webautodash.services.monitor.ingest_due import Taking
from webautodash.services.monitor.wakeup import Bell
from webautodash.services.monitor.watch import ScanResult, Watch
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

_COMPONENT = "monitor"
# A busy machine lets others keep their locks for that long.
_LEAST_LOCK_SECONDS = 15
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.2, 86400.0
# From one look to the next, however many hints there are.
_SHORTEST_SECONDS = SHORTEST_INTERVAL
# The shortest time for taking before others are looked for.
_SHORTEST_TURN_SECONDS = 1.0


def open_store(settings: Settings) -> Store:
    """The store of a monitor, made where it is not there.

    Whoever holds the lease finds rows locked only by `ingest` and the like; there is enough else to do meanwhile.
    """
    seconds = min(settings.lock_seconds, max(settings.lease_seconds, _LEAST_LOCK_SECONDS))
    return Store.prepare(settings.model_copy(update={"lock_seconds": seconds}), unattended=True)


class MonitorLoop:
    """Watches one Results folder and takes its files as they are whole.

    Several may watch the same folder, on one machine or on many: each file is taken by one of them. ``on_file`` hears
    of each, ``on_pass`` of the end of each pass that took any, ``on_trouble`` of what stands in the way of all, once.
    ``interval`` in seconds, between SHORTEST_INTERVAL and LONGEST_INTERVAL; raises UsageError for another.
    """

    def __init__(
        self,
        store: Store,
        *,
        interval: float = 10.0,
        workers: int = 1,
        on_file: Callable[[FileOutcome], None] = ignore,
        on_pass: Callable[[], None] = ignore,
        on_trouble: Callable[[str], None] = ignore,
    ) -> None:
        if not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
            raise UsageError(f"interval is {interval:g}; give {SHORTEST_INTERVAL:g} to {LONGEST_INTERVAL:g} seconds")
        self._store, self._interval = store, interval
        self._stopping, self._bell = False, Bell()
        self._on_pass, self._on_trouble = on_pass, on_trouble
        self._watch = Watch(store)
        turn_seconds = max(interval, _SHORTEST_TURN_SECONDS)
        self._taking = Taking(store, self._watch, workers, lambda: self._stopping, on_file, turn_seconds)
        self._presence = Heartbeat(store, interval)
        self._alarms = Alarms(store, self._presence, interval)
        self._log = SystemLogWriter(store.system)
        self._trouble: str | None = None
        self._trouble_since = 0.0
        self._said_problems: list[str] = []

    def stop(self) -> None:
        """Finish the file in hand, then leave. May be called from a signal's handler or another thread."""
        self._stopping = True
        self._bell.ring()

    def close(self) -> None:
        """Give back what it holds of the system. It watches no more."""
        self._bell.close()

    def run(self) -> None:
        """Watch until ``stop``.

        Raises UsageError where there is no Results folder to begin with, UnknownResultsFolder and AmbiguousRoot where
        it is not to be watched.
        """
        self._watch.require_results()
        self._watch.require_root()
        self._presence.begin()
        self._log.record(Level.INFO, _COMPONENT, "monitor_started", f"watching every {self._interval:g} s")
        self._alarms.begin()
        hints = Hints(self._store.settings.results_dir, self._bell)
        try:
            while not self._stopping:
                soon = self._pass_whatever_happens()
                self._sleep(_SHORTEST_SECONDS)
                if not self._stopping:
                    self._bell.sleep(min(self._interval, soon) - _SHORTEST_SECONDS)
        finally:
            hints.end()
            self._alarms.end()
            self._presence.end()
            self._log.record(Level.INFO, _COMPONENT, "monitor_stopped", "stopped")

    def run_once(self) -> None:
        """Take what is there and whole; what is new is waited for, ``settle_seconds`` and no longer.

        Raises UsageError where there is no Results folder, and what else stands in the way.
        """
        self._watch.require_results()
        self._watch.require_root()
        self._presence.begin()
        try:
            if self._whole_pass().resting:
                self._sleep(self._store.settings.settle_seconds)
                self._whole_pass()
            self._alarms.once()
        finally:
            self._presence.end()

    def _whole_pass(self) -> ScanResult:
        while True:
            sight = self._pass()
            if self._stopping or not sight.cut_short:
                return sight

    def _sleep(self, seconds: float) -> None:
        """Sleep so long whatever happens, unless it is time to leave."""
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            self._bell.sleep(left)

    def _pass(self) -> ScanResult:
        begin = time.monotonic()
        sight = self._watch.look()
        self._say_problems(sight)
        if sight.miscounted:
            with FileLog(self._store) as view:
                for provider in sight.miscounted:
                    view.recount(provider)
        tried = 0
        if sight.due:
            self._presence.begin_pass()
            tried = self._taking.take(sight.due)
        self._presence.end_pass(round(1000 * (time.monotonic() - begin)), sight.found, tried)
        if tried:
            self._on_pass()
        if tried < len(sight.due):
            sight.cut_short = tried > 0 and self._taking.is_cut_short
            # Else another process is at work on the rest, or it is in trouble.
            sight.again_in(0 if sight.cut_short else self._interval)
        return sight

    def _pass_whatever_happens(self) -> float:
        """One pass; in how many seconds the next is wanted at the latest."""
        try:
            sight = self._pass()
        except WebAutoDashError as error:
            self._say_trouble(str(error), Level.WARNING if isinstance(error, TransientError) else Level.ERROR)
        except Exception as error:  # it runs for months: whatever one pass ends with, there is a next
            logging.getLogger("webautodash.monitor").debug("a pass failed", exc_info=True)
            self._say_trouble(where_from(error), Level.ERROR)
        else:
            self._say_recovered()
            self._presence.say_error("; ".join(sight.problems) or None)
            return self._interval if sight.soon is None else sight.soon
        return self._interval

    def _say_problems(self, sight: ScanResult) -> None:
        """Folders that cannot be read, each once, and files that waited and are gone."""
        for problem in sight.problems:
            if problem not in self._said_problems:
                self._on_trouble(problem)
                self._log.record(Level.ERROR, _COMPONENT, "folder_unreadable", problem)
        for problem in self._said_problems:
            if problem not in sight.problems:
                self._on_trouble(f"no longer so: {problem}")
                self._log.record(Level.INFO, _COMPONENT, "folder_readable", f"no longer so: {problem}")
        self._said_problems = sight.problems
        for path in sight.gone:
            self._log.record(Level.WARNING, _COMPONENT, "file_gone", f"{path}: waited, and is no longer there")
        for path in sight.cleared:
            self._log.record(Level.INFO, _COMPONENT, "file_cleared", f"{path}: had failed, and is no longer there")

    def _say_trouble(self, trouble: str, level: Level) -> None:
        """What stands in the way of all files, once, however often it is met."""
        if self._trouble is None:
            self._trouble_since = time.monotonic()
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)
            self._log.record(level, _COMPONENT, "monitor_hindered", trouble)
            self._presence.say_error(trouble)

    def _say_recovered(self) -> None:
        if self._trouble is not None:
            seconds = time.monotonic() - self._trouble_since
            message = f"going on after {seconds:.0f} s: {self._trouble}"
            self._on_trouble(message)
            self._log.record(Level.INFO, _COMPONENT, "monitor_going_on", message)
            self._trouble = None
