"""Files that are rejected, incomplete or gone: why, and that no other file is affected."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.extraction.document.read_document import Document
from webautodash.errors import DatabaseBusy, NotAtHead, StillBeingWritten, WrongDatabase
from webautodash.services.ingest import process_file
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.report import FileOutcome

SECRET = "Zyxwvut"
WHOLE = json.dumps(a_file(a_patient(SECRET, name=SECRET, medications=[SECRET])), indent=1).encode()
BAD_FILES = {
    "empty": b"",
    "cut_short": WHOLE[:-20],
    "not_utf8": WHOLE.replace(SECRET.encode(), b"Jos\xe9", 1),
    "duplicate_key": WHOLE[:-1] + b',"extraction_results":[]}',
    "malformed": WHOLE.replace(b'"age"', b"age"),
}


def test_a_bad_file_is_rejected_whole_and_stops_no_other(clinic: Clinic) -> None:
    for kind, content in BAD_FILES.items():
        clinic.drop(content, name=f"{kind}.json")
    clinic.drop(a_file(a_patient("GW1")), name="whole.json")
    report = ingest_paths(clinic.store)
    assert report.problems
    found = {outcome.path.removeprefix("gary_wang/"): outcome for outcome in report.files}
    assert found.pop("whole.json").state == "ingested"
    assert {name: (str(outcome.state), outcome.kind) for name, outcome in found.items()} == {
        f"{kind}.json": ("rejected", kind) for kind in BAD_FILES
    }
    reasons = [str(outcome.reason) for outcome in found.values()]
    assert not any(SECRET in reason for reason in reasons)
    assert all(reason.startswith("line ") for reason in reasons)
    rows = [row for row in clinic.system_rows("ingested_files") if row["state"] == "rejected"]
    assert sorted(row["reason"] for row in rows) == sorted(reasons)
    events = [row["event"] for row in clinic.system_rows("system_logs") if row["level"] == "ERROR"]
    assert events == ["file_rejected"] * len(BAD_FILES)
    assert (clinic.count("extraction_sessions"), clinic.count("patients")) == (1, 1)


def test_a_file_that_is_completed_meanwhile_is_stored(
    open_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = open_clinic(settle_seconds=3600)
    whole = json.dumps(a_file(a_patient("GW1"))).encode()
    path = clinic.drop(whole[:-10], name="growing.json")
    outcomes: list[str] = []
    clinic.drop(a_file(a_patient("GW2")), name="other.json")
    monkeypatch.setattr(time, "sleep", lambda _: path.write_bytes(whole))
    report = ingest_paths(clinic.store, on_file=lambda outcome: outcomes.append(outcome.path))
    assert [str(outcome.state) for outcome in report.files] == ["ingested", "ingested"]
    assert outcomes == ["gary_wang/other.json", "gary_wang/growing.json"]


def test_a_file_that_keeps_growing_waits(open_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = open_clinic(settle_seconds=3600)
    path = clinic.drop(b'{"extraction_metadata"', name="growing.json")
    clinic.drop(a_file(a_patient("GW1")), name="other.json")
    monkeypatch.setattr(time, "sleep", lambda _: path.write_bytes(b'{"extraction_metadata": {'))
    report = ingest_paths(clinic.store)
    states = {"gary_wang/other.json": "ingested", "gary_wang/growing.json": "waiting"}
    assert {outcome.path: str(outcome.state) for outcome in report.files} == states
    assert not report.problems
    [waits] = [outcome for outcome in report.files if outcome.kind is not None]
    assert (waits.kind, waits.path) == ("cut_short", "gary_wang/growing.json")
    assert {row["path"]: row["state"] for row in clinic.system_rows("ingested_files")} == states


def test_a_file_that_is_cut_short_and_no_longer_grows_is_rejected_on_any_clock(clinic: Clinic) -> None:
    path = clinic.drop(b'{"extraction_metadata"')
    ahead = time.time() + 3600
    os.utime(path, (ahead, ahead))
    [outcome] = ingest_paths(clinic.store).files
    assert (outcome.state, outcome.kind) == ("rejected", "cut_short")


def test_a_file_that_changes_while_it_is_read_is_read_once_more(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clinic.drop(a_file(a_patient("GW1")))
    read_document = process_file.read_document
    found: list[FileOutcome] = []

    def changed_once(path: Path, *how: Any) -> Document:
        monkeypatch.setattr(process_file, "read_document", read_document)
        raise StillBeingWritten(path)

    process = process_file.FileProcessor.__call__

    def recorded(*arguments: Any) -> FileOutcome:
        found.append(process(*arguments))
        return found[-1]

    monkeypatch.setattr(process_file, "read_document", changed_once)
    monkeypatch.setattr(process_file.FileProcessor, "__call__", recorded)
    assert clinic.ingest_states() == ["ingested"]
    waits, _ = found
    assert (waits.path, waits.state, waits.kind) == (f"gary_wang/{path.name}", "waiting", "still_being_written")


@pytest.mark.parametrize(("whole", "result"), [(True, ("gone", "file_gone")), (False, ("rejected", "cut_short"))])
def test_a_file_that_disappears_meanwhile_affects_no_other(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, whole: bool, result: tuple[str, str]
) -> None:
    path = clinic.drop(a_file(a_patient("GW1")) if whole else b'{"extraction_metadata"', name="a.json")
    clinic.drop(a_file(a_patient("GW2")), name="b.json")
    read_document = process_file.read_document

    def goes(read: Path, *how: Any) -> Document:
        if whole:
            path.unlink(missing_ok=True)
        try:
            return read_document(read, *how)
        finally:
            path.unlink(missing_ok=True)

    monkeypatch.setattr(process_file, "read_document", goes)
    found = {outcome.path: outcome for outcome in ingest_paths(clinic.store).files}
    assert found["gary_wang/b.json"].state == "ingested"
    gone = found["gary_wang/a.json"]
    assert (gone.state, gone.kind) == result


@pytest.mark.parametrize("step", ["owner_of_file", "store_document"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DatabaseBusy("a database", "1205"), ("failed", "database_busy", True)),
        (WrongDatabase("a database", "gary_wang", None), ("failed", "wrong_database", False)),
        (NotAtHead("a database", "p0001", "p0002"), ("blocked", "not_at_head", False)),
        (LookupError(SECRET), ("failed", "unexpected", False)),
    ],
    ids=["busy", "wrong", "behind", "unplanned"],
)
def test_a_file_that_could_not_be_stored_has_a_kind_and_its_provider(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, expected: tuple[str, str, bool]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    clinic.ingest(a_file(a_patient("GW1")))
    monkeypatch.setattr(process_file, step, refuse)
    found = clinic.ingest(a_file(a_patient("GW2")), name="next.json")
    assert (found.path, found.state, found.kind, found.transient) == ("gary_wang/next.json", *expected)
    assert (str(error) in str(found.reason)) == (found.kind != "unexpected")
    assert ("LookupError at test_rejections.py, line " in str(found.reason)) == (found.kind == "unexpected")
    database = clinic.database_name()
    whose = ("gary_wang", "Gary Wang", database) if step == "store_document" else (None, None, None)
    assert (found.provider, found.provider_name, found.database_name) == whose


def test_a_path_that_is_not_a_regular_file_is_rejected(clinic: Clinic, tmp_path: Path) -> None:
    folder = clinic.results / "gary_wang"
    folder.mkdir()
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps(a_file(a_patient("GW1"))))
    (folder / "link.json").symlink_to(outside)
    os.mkfifo(folder / "fifo.json")
    (folder / "folder.json").mkdir()
    report = ingest_paths(clinic.store)
    assert {outcome.path: (str(outcome.state), outcome.kind) for outcome in report.files} == {
        "gary_wang/link.json": ("rejected", "symbolic_link"),
        "gary_wang/fifo.json": ("rejected", "no_regular_file"),
        "gary_wang/folder.json": ("rejected", "no_regular_file"),
    }


def test_a_file_larger_than_the_setting_is_rejected_before_it_is_read_and_stored_once_that_is_raised(
    open_clinic: Callable[..., Clinic],
) -> None:
    clinic = open_clinic(max_file_size="1MiB")
    content = a_file(a_patient("GW1", note="x" * (1 << 20)))
    # Without metadata in front the whole file would be read for its place in the order.
    path = clinic.drop(dict(reversed(content.items())))
    clinic.drop(a_file(a_patient("GW2")))
    found = {outcome.path: outcome for outcome in ingest_paths(clinic.store).files}[f"gary_wang/{path.name}"]
    assert (found.state, found.kind) == ("rejected", "file_too_large")
    assert [row["prn"] for row in clinic.rows("patients")] == ["GW2"]
    clinic.close()
    assert open_clinic(max_file_size="2MiB").ingest_states(path) == ["ingested"]


def test_a_repeated_key_in_one_patient_affects_no_other(clinic: Clinic) -> None:
    twice = json.dumps(a_patient("GW2")).replace('"prn"', f'"prn": "{SECRET}", "prn"')
    content = json.dumps(a_file(a_patient("GW1"), "here", a_patient("GW3"))).replace('"here"', twice)
    outcome = clinic.ingest(content.encode())
    assert (outcome.state, outcome.stored, outcome.set_aside) == ("partial", 2, 1)
    [row] = clinic.rows("set_aside_patients")
    assert (row["reason"], row["detail"]) == ("duplicate_key", "demographics_printable.prn")
    assert row["raw_json"] == twice
    assert {row["prn"] for row in clinic.rows("patients")} == {"GW1", "GW3"}
