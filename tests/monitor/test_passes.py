"""What a monitor does with files, pass by pass."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from builders import Clinic, NewClinic, a_file, a_patient
from jobs import take_back
from local_server import wait_until

from webautodash.domain.vocabulary import FileState
from webautodash.errors import UnknownFile, UnusableFile, UsageError
from webautodash.services import fleet
from webautodash.services.ingest import FileOutcome, file_states, order, process_file, scan
from webautodash.services.monitor import MonitorEvents, MonitorLoop, MonitorTrouble, ingest_due
from webautodash.services.registry import register
from webautodash.services.statistics import status

GOOD = a_file(a_patient("GW1", medications=["Aspirin 81 mg"]), a_patient("GW2"))


def _once(clinic: Clinic, **options: Any) -> list[FileOutcome]:
    seen: list[FileOutcome] = []
    MonitorLoop(clinic.store, events=MonitorEvents(seen.append), **options).run_once()
    return seen


def _row(clinic: Clinic, path: str) -> dict[str, Any]:
    (row,) = [row for row in clinic.system_rows("ingested_files") if row["path"] == path]
    return row


def _events(clinic: Clinic) -> list[str]:
    return [row["event"] for row in clinic.system_rows("system_logs")]


def test_a_pass_ingests_complete_files_and_the_next_pass_nothing(clinic: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    clinic.drop(b"{ nothing", name="bad.json")
    assert sorted((one.path, str(one.state)) for one in _once(clinic)) == [
        ("gary_wang/a.json", "ingested"),
        ("gary_wang/bad.json", "rejected"),
    ]
    assert clinic.count("patients") == 2
    row = _row(clinic, "gary_wang/a.json")
    assert (row["state"], row["attempts"], row["next_attempt_at"]) == ("ingested", 1, None)
    before = clinic.system_rows("system_logs")
    assert _once(clinic) == []
    assert clinic.system_rows("system_logs") == before


def test_an_idle_pass_opens_no_file_and_writes_nothing_to_the_log(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.drop(GOOD, name="a.json")
    clinic.drop(b"{ nothing", name="bad.json")
    watching = MonitorLoop(clinic.store)
    watching.run_once()

    def refuse(*_: object, **__: object) -> None:
        raise UnusableFile(Path("a file"), "was opened")

    monkeypatch.setattr(process_file, "read_document", refuse)
    monkeypatch.setattr(order.Order, "_peek", refuse)
    tables = {"system_logs": "id", "ingested_files": "id", "leases": "name"}
    before = {table: clinic.system_rows(table, order) for table, order in tables.items()}
    for _ in range(3):
        assert watching._pass().due == []
    assert {table: clinic.system_rows(table, order) for table, order in tables.items()} == before


def test_a_rejected_file_is_read_again_after_a_change_or_on_request(clinic: Clinic) -> None:
    path = clinic.drop(b"{ nothing", name="bad.json")
    assert [str(one.state) for one in _once(clinic)] == ["rejected"]
    assert _once(clinic) == []
    file_states.retry(clinic.store, ["gary_wang/bad.json"])
    assert [str(one.state) for one in _once(clinic)] == ["rejected"]
    # An event is logged once, and again only after a request.
    events = [event for event in _events(clinic) if event.startswith("file_")]
    assert events == ["file_rejected", "file_retried", "file_rejected"]
    clinic.drop(GOOD, name="bad.json")
    assert [str(one.state) for one in _once(clinic)] == ["ingested"]
    assert (path.exists(), _row(clinic, "gary_wang/bad.json")["state"]) == (True, "ingested")


def test_links_fifos_and_hard_links_are_rejected_once(clinic: Clinic, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    folder = clinic.drop(GOOD, name="a.json").parent
    (folder / "link.json").symlink_to(outside)
    os.link(outside, folder / "second.json")
    os.mkfifo(folder / "fifo.json")
    (clinic.results / "linked").symlink_to(folder)
    reasons = {one.path: one.reason for one in _once(clinic) if one.reason}
    assert {path: reason.split(";")[0] for path, reason in reasons.items()} == {
        "gary_wang/link.json": "is a symbolic link",
        "gary_wang/second.json": "has another name elsewhere (a hard link)",
        "gary_wang/fifo.json": "is not a regular file",
        "linked": "is a symbolic link",
    }
    assert _once(clinic) == []


def test_a_failing_file_is_retried_with_growing_pauses_then_held_until_a_retry(clinic: Clinic) -> None:
    clinic.ingest(GOOD, name="a.json")
    clinic.store.server.drop(clinic.database_name())
    clinic.drop(a_file(a_patient("GW3")), name="b.json")
    watching = MonitorLoop(clinic.store)
    watching.run_once()
    row = _row(clinic, "gary_wang/b.json")
    assert (row["state"], row["attempts"]) == ("waiting", 1)
    assert "registered but not on the server" in row["reason"]
    assert row["next_attempt_at"] is not None
    for _ in range(4):
        time.sleep(0.05)
        watching._pass()
    row = _row(clinic, "gary_wang/b.json")
    assert (row["state"], row["attempts"], row["next_attempt_at"]) == ("held", 3, None)
    rows = [row for row in clinic.system_rows("system_logs") if row["message"].startswith("gary_wang/b.json")]
    assert [row["event"] for row in rows] == ["file_failed", "file_held"]
    # What was stored in it has to be stored again, and fails as well.
    listed = file_states.search(clinic.store, [FileState.HELD]).items
    assert [(one.path, one.attempts) for one in listed] == [("gary_wang/a.json", 3), ("gary_wang/b.json", 3)]

    register(clinic.store, "Gary Wang")
    assert watching._pass().due == []
    file_states.retry(clinic.store, file_states.waiting_paths(clinic.store, [FileState.HELD]))
    watching._pass()
    assert _row(clinic, "gary_wang/b.json")["state"] == "ingested"
    assert clinic.count("patients") == 3


def test_files_of_a_provider_that_is_behind_wait_for_the_migration(clinic: Clinic) -> None:
    clinic.ingest(GOOD, name="a.json")
    take_back(clinic.settings, "gary_wang", "p0005")
    clinic.drop(a_file(a_patient("GW3")), name="b.json")
    clinic.drop(a_file(a_patient("AB1"), provider="Ann Bee"), folder="ann_bee", name="c.json")
    states = {one.path: str(one.state) for one in _once(clinic)}
    # Whether the first is stored cannot be asked of a database that is behind.
    blocked = dict.fromkeys(("gary_wang/a.json", "gary_wang/b.json"), "blocked")
    assert states == {**blocked, "ann_bee/c.json": "ingested"}
    row = _row(clinic, "gary_wang/b.json")
    assert (row["state"], "is at revision" in row["reason"]) == ("waiting", True)
    fleet.upgrade_all(clinic.store, fleet.Plan())
    time.sleep(0.05)
    assert [str(one.state) for one in _once(clinic)] == ["already_ingested", "ingested"]


def test_new_folders_wait_if_only_people_register_providers(open_clinic: NewClinic) -> None:
    clinic = open_clinic(auto_register=False, settle_seconds=0.15, retry_seconds=0.01)
    clinic.drop(GOOD, name="a.json")
    clinic.drop(a_file(a_patient("X1"), provider=None), folder="no_name", name="b.json")
    assert {str(one.state) for one in _once(clinic)} == {"blocked"}
    reasons = [row["reason"] for row in clinic.system_rows("ingested_files")]
    assert [reason.split(":")[0] for reason in reasons] == ["unregistered", "unregistered"]
    assert clinic.system_rows("providers") == []
    register(clinic.store, "Gary Wang")
    time.sleep(0.05)
    assert sorted(str(one.state) for one in _once(clinic)) == ["blocked", "ingested"]


def test_the_files_of_a_provider_are_left_to_the_process_with_its_lease(clinic: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    register(clinic.store, "Gary Wang")
    name = ingest_due._lease_name("gary_wang")
    assert clinic.store.system.run(lambda work: work.leases.take(name, "t", "another", "takes files", 60))
    assert _once(clinic) == []
    assert _row(clinic, "gary_wang/a.json")["state"] == "seen"
    clinic.store.system.run(lambda work: work.leases.release("t"))
    assert [str(one.state) for one in _once(clinic)] == ["ingested"]
    assert clinic.system_rows("leases", order="name") == []


def test_a_file_that_another_process_ingested_since_the_scan_is_not_read_again(clinic: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    watching = MonitorLoop(clinic.store, events=MonitorEvents(lambda _: pytest.fail("was taken twice")))
    watching._watch.scan()
    time.sleep(0.2)
    result = watching._watch.scan()
    assert len(result.due) == 1
    assert [str(one.state) for one in _once(clinic)] == ["ingested"]
    assert watching._ingester.ingest(result.due) == 0


def test_workers_process_different_providers_at_once(clinic: Clinic) -> None:
    for number, name in enumerate(("Ann Bee", "Cee Dee", "Eff Gee")):
        for at in ("2024-02-04T09:00:00", "2024-03-04T09:00:00"):
            patient = a_patient(f"P{number}", name=f"Person {at}")
            clinic.drop(a_file(patient, provider=name, at=at), folder=name.lower().replace(" ", "_"))
    assert [str(one.state) for one in _once(clinic, workers=2)] == ["ingested"] * 6
    # In their order: the later name is the patient's.
    for slug in ("ann_bee", "cee_dee", "eff_gee"):
        assert [row["patient_name"] for row in clinic.rows("patients", slug)] == ["Person 2024-03-04T09:00:00"]


def test_a_forgotten_file_that_exists_is_found_again(clinic: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    gone = clinic.drop(b"{ nothing", name="bad.json")
    watching = MonitorLoop(clinic.store)
    watching.run_once()
    gone.unlink()
    assert len(file_states.forget(clinic.store, ["gary_wang/a.json", "gary_wang/bad.json"])) == 2
    assert [(row["path"], row["state"]) for row in clinic.system_rows("ingested_files")] == [
        ("gary_wang/a.json", "seen")
    ]
    watching.run_once()
    assert _row(clinic, "gary_wang/a.json")["state"] == "ingested"
    assert clinic.count("extraction_sessions") == 1
    with pytest.raises(UnknownFile):
        file_states.retry(clinic.store, ["nothing.json"])


@contextmanager
def _watched(clinic: Clinic) -> Iterator[list[str]]:
    """A monitor that runs for as long as the block lasts; the messages of its troubles."""
    messages: list[str] = []
    events = MonitorEvents(on_trouble=lambda trouble: messages.append(trouble.message))
    monitor = MonitorLoop(clinic.store, interval=0.2, events=events)
    thread = threading.Thread(target=monitor.run)
    thread.start()
    try:
        yield messages
    finally:
        monitor.stop()
        thread.join(60)
    assert not thread.is_alive()


@contextmanager
def _unreadable_folder(clinic: Clinic) -> Iterator[str]:
    """Refuse to list a provider's folder, because permissions do not stop a test that runs as root; the reason."""
    scandir = scan.os.scandir

    def refuse(handle: int) -> Any:
        if os.path.samestat(os.fstat(handle), (clinic.results / "gary_wang").stat()):
            raise PermissionError(13, "Permission denied")
        return scandir(handle)

    with patch.object(scan.os, "scandir", refuse):
        yield "gary_wang cannot be read (Permission denied)"


def test_a_results_folder_that_disappears_and_returns_is_reported_once_each(clinic: Clinic) -> None:
    with _watched(clinic) as messages:
        assert wait_until(lambda: [row["passes"] > 0 for row in clinic.system_rows("monitors")] == [True])
        aside = clinic.results.rename(clinic.results.with_name("Aside"))
        assert wait_until(lambda: bool(messages))
        time.sleep(0.6)
        assert len(messages) == 1
        assert "Results" in messages[0]
        assert messages[0] == status(clinic.store).monitoring_status.monitors[0].last_error
        aside.rename(clinic.results)
        assert wait_until(lambda: len(messages) == 2)
        clinic.drop(GOOD, name="a.json")
        assert wait_until(lambda: [row["state"] for row in clinic.system_rows("ingested_files")] == ["ingested"])
    events = [event for event in _events(clinic) if event.startswith("monitor")]
    assert events == ["monitor_started", "monitor_hindered", "monitor_going_on", "monitor_stopped"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_trouble_carries_its_error_until_it_is_resolved(clinic: Clinic) -> None:
    troubles: list[MonitorTrouble] = []
    monitor = MonitorLoop(clinic.store, events=MonitorEvents(on_trouble=troubles.append))
    monitor.run_once()
    aside = clinic.results.rename(clinic.results.with_name("Aside"))
    monitor._pass_despite_errors()
    monitor._pass_despite_errors()
    aside.rename(clinic.results)
    monitor._pass_despite_errors()
    assert [one.error and one.error.kind for one in troubles] == ["usage_error", None]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_unreadable_provider_folder_is_reported_once_and_stops_no_other(clinic: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    clinic.drop(a_file(a_patient("AB1"), provider="Ann Bee"), folder="ann_bee", name="c.json")
    troubles: list[MonitorTrouble] = []
    watching = MonitorLoop(clinic.store, events=MonitorEvents(on_trouble=troubles.append))
    with _unreadable_folder(clinic) as reason:
        watching.run_once()
        watching._pass()
    (trouble,) = troubles
    assert reason in trouble.message
    assert [row["path"] for row in clinic.system_rows("ingested_files")] == ["ann_bee/c.json"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_unreadable_provider_folder_is_shown_until_it_is_readable(clinic: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")

    def shown() -> str | None:
        found = status(clinic.store).monitoring_status.monitors
        return found[0].last_error if found else None

    with ExitStack() as until_readable:
        reason = until_readable.enter_context(_unreadable_folder(clinic))
        with _watched(clinic) as messages:
            assert wait_until(lambda: reason in (shown() or ""))
            until_readable.close()
            assert wait_until(lambda: bool(clinic.system_rows("monitors")) and shown() is None)
    assert [reason in line for line in messages] == [True, True]
    assert messages[1].startswith("resolved: ")
    events = [event for event in _events(clinic) if event.startswith("folder")]
    assert events == ["folder_unreadable", "folder_readable"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_monitor_does_not_start_without_a_results_folder(clinic: Clinic) -> None:
    clinic.results.rmdir()
    with pytest.raises(UsageError, match="does not exist; set WEBAUTODASH_RESULTS_DIR"):
        MonitorLoop(clinic.store).run()
    assert clinic.system_rows("monitors") == []
