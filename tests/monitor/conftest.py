"""A clinic with short pauses, on each backend, and a clock for its monitor."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import Clinic
from clock import SHORT_PAUSES, Clock

from webautodash.services.monitor import done_files, watch


class OldFiles(Clinic):
    """Adds files with an old mtime, so that any later change has another one."""

    def drop(self, content: object, folder: str = "gary_wang", name: str | None = None) -> Path:
        path = super().drop(content, folder, name)
        past = time.time() - 60
        os.utime(path, (past, past))
        return path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the monitor's scans."""
    clock = Clock()
    for module in (watch, done_files):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Clinic]:
    """An empty store and Results folder."""
    clinic = OldFiles(server_url, database_prefix, tmp_path, **SHORT_PAUSES)
    yield clinic
    clinic.store.close()
