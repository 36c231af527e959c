"""Which files are due, decided without opening any."""

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from clock import Clock
from hypothesis import given, strategies as st
from local_server import wait_until

from webautodash.domain.retries import LONGEST_SECONDS, retry_pause
from webautodash.errors import FileNotWatched, NoAnswer
from webautodash.services.ingest import file_states, ingest_paths, scan
from webautodash.services.ingest.scan import Candidate
from webautodash.services.monitor import done_files, watch
from webautodash.services.monitor.watch import FolderWatch, ScanResult
from webautodash.services.store import Store
from webautodash.services.timeouts import TimeLimit


def _due(result: ScanResult) -> list[str]:
    return sorted(one.candidate.name for one in result.due)


def _states(clinic: Clinic) -> dict[str, str]:
    return {row["path"]: row["state"] for row in clinic.system_rows("ingested_files")}


def test_a_file_is_due_once_it_has_settled(clinic: Clinic, clock: Clock) -> None:
    watching = FolderWatch(clinic.store)
    path = clinic.drop(b"{", name="a.json")
    first = watching.scan()
    assert (_due(first), first.settling, first.found) == ([], 1, 1)
    assert first.soon is not None
    assert 0 < first.soon <= clinic.settings.settle_seconds
    assert _states(clinic) == {"gary_wang/a.json": "seen"}
    assert _due(watching.scan()) == []
    clock.settle()
    path.write_bytes(b"{ grows")
    assert _due(watching.scan()) == []
    clock.settle()
    assert _due(watching.scan()) == ["a.json"]


def test_a_replaced_file_with_the_same_size_and_mtime_settles_again(clinic: Clinic, clock: Clock) -> None:
    watching = FolderWatch(clinic.store)
    path = clinic.drop(b"{", name="a.json")
    watching.scan()
    clock.settle()
    other = path.with_suffix(".tmp")
    other.write_bytes(b"[")
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)
    assert _due(watching.scan()) == []
    clock.settle()
    assert _due(watching.scan()) == ["a.json"]


def test_unfinished_names_and_nested_folders_are_ignored(clinic: Clinic) -> None:
    for name in ("a.json.tmp", "a.json.part", ".a.json", "a.tmp.json", "a.part.json", "a.txt"):
        clinic.drop(b"{", name=name)
    (clinic.results / "gary_wang" / "inner").mkdir()
    (clinic.results / "gary_wang" / "inner" / "a.json").write_bytes(b"{")
    assert FolderWatch(clinic.store).scan().found == 0
    assert clinic.system_rows("ingested_files") == []


def test_stored_and_rejected_files_need_nothing(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")), name="good.json")
    clinic.ingest(b"{ nothing", name="bad.json")
    result = FolderWatch(clinic.store).scan()
    assert (result.found, result.due, result.settling) == (2, [], 0)
    assert _states(clinic) == {"gary_wang/good.json": "ingested", "gary_wang/bad.json": "rejected"}


def test_done_files_are_checked_again_some_at_a_time(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        clinic.ingest(a_file(a_patient(f"GW{number}")), name=f"{number}.json")
    watching = FolderWatch(clinic.store)
    watching.scan()
    asked: list[str] = []
    apart = watch.skip_known

    def counted(store: Store, fresh: Sequence[Candidate], known: Any) -> Any:
        asked.extend(candidate.name for candidate in fresh)
        return apart(store, fresh, known)

    monkeypatch.setattr(watch, "skip_known", counted)
    numbers = []
    for _ in range(4):
        # A quarter of the time in which each is checked.
        watching._done._doubted_at -= done_files._BELIEVED_SECONDS / 4
        watching.scan()
        numbers.append(len(asked))
    assert numbers == [5, 10, 15, 20]
    assert sorted(asked) == sorted(f"{number}.json" for number in range(20))


def test_a_failed_file_leaves_the_list_when_removed_but_not_when_it_cannot_be_seen(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.ingest(b"{ nothing", name="bad.json")
    clinic.ingest(b"{ nothing", name="worse.json", folder="ann_bee")
    (clinic.results / "late").symlink_to(clinic.results / "gary_wang")
    ingest_paths(clinic.store)
    bad = {"gary_wang/bad.json", "ann_bee/worse.json", "late"}
    assert _states(clinic) == dict.fromkeys(bad, "rejected")
    watching = FolderWatch(clinic.store)
    assert watching.scan().cleared == []
    shutil.rmtree(clinic.results / "ann_bee")
    with monkeypatch.context() as patch:
        patch.setattr(watch, "entry_status", _refuse)
        assert watching.scan().cleared == []
    assert set(_states(clinic)) == bad
    (clinic.results / "gary_wang" / "bad.json").unlink()
    (clinic.results / "late").unlink()
    (clinic.results / "late").mkdir()
    assert set(watching.scan().cleared) == bad
    assert _states(clinic) == {}


def _refuse(results: str, folder: str, name: str) -> os.stat_result:
    raise PermissionError(13, "Permission denied", f"{results}/{folder}/{name}")


def test_a_hard_link_is_rejected_only_while_it_exists(clinic: Clinic, clock: Clock, tmp_path: Path) -> None:
    path = clinic.drop(a_file(a_patient("GW1")), name="a.json")
    os.link(path, tmp_path / "second")
    ingest_paths(clinic.store)
    assert _states(clinic) == {"gary_wang/a.json": "rejected"}
    watching = FolderWatch(clinic.store)
    assert watching.scan().settling == 0
    (tmp_path / "second").unlink()
    assert watching.scan().settling == 1
    clock.settle()
    assert _due(watching.scan()) == ["a.json"]


def test_a_file_that_keeps_changing_waits_since_it_was_first_seen(clinic: Clinic) -> None:
    watching = FolderWatch(clinic.store)
    seen = set()
    for number in range(3):
        clinic.drop(b"{" * (number + 1), name="a.json")
        watching.scan()
        (row,) = clinic.system_rows("ingested_files")
        seen.add(row["first_seen_at"])
    assert len(seen) == 1


def test_a_file_whose_name_is_not_text_is_watched_forgotten_and_cleared_like_any_other(
    clinic: Clinic, clock: Clock
) -> None:
    name = os.fsdecode(b"\xff.json")
    shown = "gary_wang/\\udcff.json"
    clinic.ingest(b"{ nothing", name=name)
    watching = FolderWatch(clinic.store)
    watching.scan()
    raw = f"gary_wang/{name}"
    assert file_states.retry(clinic.store, [raw]) == [shown]
    assert file_states.retry(clinic.store, [str(clinic.results / "gary_wang" / ".." / raw)]) == [shown]
    assert file_states.forget(clinic.store, [shown]) == [shown]
    assert _states(clinic) == {shown: "seen"}
    assert watching.scan().settling == 1
    clock.settle()
    assert _due(watching.scan()) == [name]
    (clinic.results / "gary_wang" / name).unlink()
    watching.scan()
    assert _states(clinic) == {}


def test_files_that_are_not_watched_are_not_left_waiting(clinic: Clinic, tmp_path: Path) -> None:
    (clinic.results / "gary_wang" / "deep").mkdir(parents=True)
    outside = [tmp_path / "out.json", clinic.results / "gary_wang" / "deep" / "a.json"]
    for path in outside:
        path.write_bytes(b"{ nothing")
    ingest_paths(clinic.store, outside)
    shown = sorted(_states(clinic))
    assert shown == [str(outside[0]), "gary_wang/deep/a.json"]
    assert FolderWatch(clinic.store).scan().cleared == []
    for path in shown:
        with pytest.raises(FileNotWatched):
            file_states.retry(clinic.store, [path])
    assert file_states.waiting_paths(clinic.store, file_states.NOT_STORED, watched=True) == []
    assert file_states.forget(clinic.store, shown) == shown
    assert _states(clinic) == {}


def test_a_file_removed_before_it_was_ingested_leaves_no_row(clinic: Clinic) -> None:
    watching = FolderWatch(clinic.store)
    path = clinic.drop(b"{", name="a.json")
    watching.scan()
    path.unlink()
    assert (watching.scan().gone, clinic.system_rows("ingested_files")) == ([], [])


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let every listing of a folder hang, like a network folder that is gone."""
    answer = threading.Event()
    unhindered = os.scandir

    def hang(handle: int) -> Any:
        answer.wait()
        return unhindered(handle)

    monkeypatch.setattr(scan.os, "scandir", hang)
    yield answer
    answer.set()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_folder_that_hangs_times_out_and_is_used_again_later(clinic: Clinic, hanging: threading.Event) -> None:
    clinic.drop(b"{", name="a.json")
    watching = FolderWatch(clinic.store)
    clinic.store.time_limit = TimeLimit(1.0)
    before = set(threading.enumerate())
    for _ in range(2):
        with pytest.raises(NoAnswer, match=r"does not answer within 1 s.*WEBAUTODASH_PASS_SECONDS"):
            watching.scan()
    # One thread hangs, not one for each scan.
    assert len(set(threading.enumerate()) - before) == 1
    hanging.set()
    assert wait_until(lambda: _found(watching) == 1)


def _found(watching: FolderWatch) -> int | None:
    try:
        return watching.scan().found
    except NoAnswer:
        return None


def test_done_files_are_checked_in_the_databases_again_after_a_time(
    clinic: Clinic, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.ingest(a_file(a_patient("GW1")), name="a.json")
    watching = FolderWatch(clinic.store)
    assert watching.scan().due == []
    # Like a backup from before the file.
    for table in ("medications", "patient_extractions", "patients", "extraction_sessions"):
        clinic.execute(f"DELETE FROM {table}")
    assert watching.scan().due == []
    monkeypatch.setattr(done_files, "_BELIEVED_SECONDS", 1e-9)
    clock.settle()
    assert watching.scan().settling == 1
    clock.settle()
    assert _due(watching.scan()) == ["a.json"]


def test_a_file_that_another_process_ingests_during_the_scan_is_not_due(
    clinic: Clinic, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.drop(a_file(a_patient("GW1")), name="a.json")
    watching = FolderWatch(clinic.store)
    watching.scan()
    clock.settle()
    apart = watch.skip_known

    def taken_meanwhile(*arguments: Any) -> Any:
        found = apart(*arguments)
        ingest_paths(clinic.store)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(watch, "skip_known", taken_meanwhile)
        assert watching.scan().due == []
    clock.settle()
    assert watching.scan().due == []


@given(st.integers(1, 10_000), st.floats(0.01, 3600))
def test_pauses_grow_up_to_the_longest(attempts: int, first: float) -> None:
    assert retry_pause(1, first) == min(first, LONGEST_SECONDS)
    assert retry_pause(attempts, first) <= retry_pause(attempts + 1, first) <= LONGEST_SECONDS
