"""Failures that are not a file's own fault, and which other files they delay."""

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.extraction.document import private_copy
from webautodash.domain.extraction.document.read_document import Document
from webautodash.domain.folders import Folder
from webautodash.errors import DatabaseBusy
from webautodash.services.ingest import FileOutcome, file_states, process_file
from webautodash.services.monitor import MonitorEvents, MonitorLoop
from webautodash.services.timeouts import TimeLimit

ANN, GARY = "Ann Bee", "Gary Wang"
# What is proved here says nothing to a server.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def _drop(clinic: Clinic, provider: str, day: int) -> Path:
    content = a_file(a_patient(f"{provider}{day}"), provider=provider, at=f"2024-01-{day:02}T00:00:00")
    return clinic.drop(content, folder=provider.lower().replace(" ", "_"), name=f"{day}.json")


def _files(clinic: Clinic) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in clinic.system_rows("ingested_files")}


def _states(clinic: Clinic) -> dict[str, str]:
    return {path: row["state"] for path, row in _files(clinic).items()}


def _is_of(path: Path, provider: str) -> bool:
    return path.parent.name == provider.lower().replace(" ", "_")


def _watched(clinic: Clinic) -> tuple[MonitorLoop, list[FileOutcome]]:
    """A monitor, and the outcomes of its files as they come."""
    seen: list[FileOutcome] = []
    return MonitorLoop(clinic.store, events=MonitorEvents(seen.append)), seen


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Refuse to open one provider's files, because permissions do not stop a test that runs as root."""
    open_file = private_copy.open_file

    def refuse(provider: str, number: int) -> None:
        def refuse_some(path: Path, place: Folder | None) -> int:
            if _is_of(path, provider):
                raise OSError(number, os.strerror(number))
            return open_file(path, place)

        monkeypatch.setattr(private_copy, "open_file", refuse_some)

    return refuse


def test_a_file_without_read_permission_is_held_after_some_attempts_and_ingested_on_request(
    clinic: Clinic, refusing: Callable[[str, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _drop(clinic, GARY, 1)
    refusing(GARY, errno.EACCES)
    for _ in range(5):
        MonitorLoop(clinic.store).run_once()
    (row,) = clinic.system_rows("ingested_files")
    assert (row["state"], row["attempts"]) == ("held", 3)
    assert row["reason"].startswith("cannot be read (Permission denied)")
    assert [alert["kind"] for alert in clinic.system_rows("alerts")] == ["held"]
    monkeypatch.undo()
    file_states.retry(clinic.store, [row["path"]])
    MonitorLoop(clinic.store).run_once()
    assert _states(clinic) == {"gary_wang/1.json": "ingested"}


def test_a_temporary_network_error_is_retried_forever_without_an_alert(
    clinic: Clinic, refusing: Callable[[str, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _drop(clinic, GARY, 1)
    refusing(GARY, errno.ESTALE)
    for _ in range(6):
        MonitorLoop(clinic.store).run_once()
        time.sleep(0.35)
    (row,) = clinic.system_rows("ingested_files")
    assert (row["state"], row["attempts"] > 3) == ("waiting", True)
    assert "Stale file handle" in row["reason"]
    assert clinic.system_rows("alerts") == []
    monkeypatch.undo()
    time.sleep(0.7)
    MonitorLoop(clinic.store).run_once()
    assert _states(clinic) == {"gary_wang/1.json": "ingested"}


def test_a_file_that_is_removed_before_it_is_read_leaves_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    _drop(clinic, GARY, 1)
    gone = _drop(clinic, GARY, 2)
    read = process_file.read_document

    def vanish(path: Path, *how: Any) -> Document:
        gone.unlink(missing_ok=True)
        return read(path, *how)

    monkeypatch.setattr(process_file, "read_document", vanish)
    watching = MonitorLoop(clinic.store)
    watching.run_once()
    watching._pass()
    assert _states(clinic) == {"gary_wang/1.json": "ingested"}
    assert clinic.system_rows("alerts") == []
    assert {row["level"] for row in clinic.system_rows("system_logs")} & {"ERROR", "WARNING"} == set()


def test_a_read_that_hangs_delays_neither_other_files_nor_the_end(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 4):
        _drop(clinic, ANN, day)
        _drop(clinic, GARY, day)
    clinic.store.time_limit = TimeLimit(2.0)
    answer = threading.Event()
    copy = private_copy._copied

    def hang(path: Path, *arguments: Any) -> Any:
        if _is_of(path, ANN):
            answer.wait()
        return copy(path, *arguments)

    monkeypatch.setattr(private_copy, "_copied", hang)
    watching = MonitorLoop(clinic.store)
    try:
        watching.run_once()
        rows = _files(clinic)
        assert {path: row["state"] for path, row in rows.items() if path.startswith("gary")} == {
            f"gary_wang/{day}.json": "ingested" for day in range(1, 4)
        }
        waiting = [row for row in rows.values() if row["state"] == "waiting"]
        # No other file of a folder that does not answer is begun.
        assert [row["path"] for row in waiting] == ["ann_bee/1.json"]
        assert "ann_bee does not answer within 2 s" in waiting[0]["reason"]
        assert clinic.system_rows("leases", "name") == []
    finally:
        answer.set()
    time.sleep(0.1)
    watching.run_once()
    assert set(_states(clinic).values()) == {"ingested"}


def test_one_file_of_a_failing_provider_is_tried_and_other_providers_go_on(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 5):
        _drop(clinic, ANN, day)
        _drop(clinic, GARY, day)
    store = process_file.store_document

    def busy(document: Document, provider: Any, *rest: Any, **more: Any) -> Any:
        if provider.provider.name == ANN:
            raise DatabaseBusy(provider.database.name, "1205")
        return store(document, provider, *rest, **more)

    monkeypatch.setattr(process_file, "store_document", busy)
    watching, seen = _watched(clinic)
    watching.run_once()
    assert [str(one.state) for one in seen if one.path.startswith("gary")] == ["ingested"] * 4
    assert [(one.path, str(one.state)) for one in seen if one.path.startswith("ann")] == [("ann_bee/1.json", "failed")]
    monkeypatch.undo()
    time.sleep(0.1)
    watching.run_once()
    assert set(_states(clinic).values()) == {"ingested"}


def test_a_new_file_does_not_wait_for_all_files_of_another_provider(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 21):
        _drop(clinic, ANN, day)
    store = process_file.store_document
    dropped: list[Path] = []

    def slow(*arguments: Any, **more: Any) -> Any:
        if not dropped:
            dropped.append(_drop(clinic, GARY, 1))
        time.sleep(0.05)
        return store(*arguments, **more)

    monkeypatch.setattr(process_file, "store_document", slow)
    watching, seen = _watched(clinic)
    watching._ingester._turn_seconds = 0.2
    watching.run_once()
    order = [one.path for one in seen]
    assert sorted(order) == sorted([*(f"ann_bee/{day}.json" for day in range(1, 21)), "gary_wang/1.json"])
    assert order.index("gary_wang/1.json") < 15
    assert [path for path in order if path.startswith("ann")] == [f"ann_bee/{day}.json" for day in range(1, 21)]
