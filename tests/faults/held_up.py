"""A monitor that finishes no file before it is stopped: until then each begun file stays uncommitted.

Its arguments are those of the monitor. The environment names a folder, in which it marks each file that it began.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from webautodash.cli import main
from webautodash.services.ingest import FileOutcome
from webautodash.services.ingest.scan import Candidate
from webautodash.services.monitor import MonitorLoop, ingest_due
from webautodash.services.store import Store
from webautodash.services.workers import OnBatch

COMMAND = [sys.executable, "-c", f"import {__name__}; {__name__}.watch()"]
FOLDER = "HELD_UP_FOLDER"
_STOPPED = "stopped"

_settled_files, _stop = ingest_due.settled_files, MonitorLoop.stop


def watch() -> None:
    """Run the monitor with every file blocked."""
    with patch.object(ingest_due, "settled_files", held_up_files), patch.object(MonitorLoop, "stop", _stop_and_let_go):
        main()


def in_hand(folder: Path) -> int:
    """The number of files that were begun."""
    return len(list(folder.glob("*.in_hand")))


def held_up_files(store: Store) -> Callable[[Candidate, OnBatch], FileOutcome]:
    """Process files that are blocked after their first batch, in any process."""
    folder, process = Path(os.environ[FOLDER]), _settled_files(store)

    def process_held_up(candidate: Candidate, on_batch: OnBatch) -> FileOutcome:
        def hold(done: int, of: int) -> None:
            on_batch(done, of)
            (folder / f"{candidate.folder}-{candidate.name}.in_hand").touch()
            while not (folder / _STOPPED).exists():
                time.sleep(0.02)

        return process(candidate, hold)

    return process_held_up


def _stop_and_let_go(monitor: MonitorLoop) -> None:
    _stop(monitor)
    (Path(os.environ[FOLDER]) / _STOPPED).touch()
