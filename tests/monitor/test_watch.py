"""Which files are due, and which are left alone, without any of them being opened."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient
from hypothesis import given
from hypothesis import strategies as st
from local_server import wait_until

from webautodash.domain.retries import LONGEST_SECONDS, pause
from webautodash.errors import NoAnswer
from webautodash.services import files
from webautodash.services.monitor import watch
from webautodash.services.monitor.watch import Sight, Watch
from webautodash.services.patience import Patience

SETTLED = 0.2
"""Longer than the setting."""


def _due(sight: Sight) -> list[str]:
    return sorted(one.candidate.name for one in sight.due)


def _states(clinic: Clinic) -> dict[str, str]:
    return {row["path"]: row["state"] for row in clinic.system_rows("ingested_files")}


def test_a_file_is_due_once_it_has_rested(clinic: Clinic) -> None:
    watching = Watch(clinic.store)
    path = clinic.drop(b"{", name="a.json")
    first = watching.look()
    assert (_due(first), first.resting, first.found) == ([], 1, 1)
    assert first.soon is not None
    assert 0 < first.soon <= clinic.settings.settle_seconds
    assert _states(clinic) == {"gary_wang/a.json": "seen"}
    assert _due(watching.look()) == []
    time.sleep(SETTLED)
    path.write_bytes(b"{ grows")
    assert _due(watching.look()) == []
    time.sleep(SETTLED)
    assert _due(watching.look()) == ["a.json"]


def test_a_file_that_is_replaced_by_one_that_looks_the_same_but_for_its_number_rests_anew(clinic: Clinic) -> None:
    watching = Watch(clinic.store)
    path = clinic.drop(b"{", name="a.json")
    watching.look()
    time.sleep(SETTLED)
    other = path.with_suffix(".tmp")
    other.write_bytes(b"[")
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)
    assert _due(watching.look()) == []
    time.sleep(SETTLED)
    assert _due(watching.look()) == ["a.json"]


def test_files_that_are_named_as_unfinished_and_those_in_nested_folders_are_none(clinic: Clinic) -> None:
    for name in ("a.json.tmp", "a.json.part", ".a.json", "a.tmp.json", "a.part.json", "a.txt"):
        clinic.drop(b"{", name=name)
    (clinic.results / "gary_wang" / "inner").mkdir()
    (clinic.results / "gary_wang" / "inner" / "a.json").write_bytes(b"{")
    (clinic.results / "gary_wang" / "folder.json").mkdir()
    assert Watch(clinic.store).look().found == 0
    assert clinic.system_rows("ingested_files") == []


def test_what_ingest_has_stored_or_rejected_needs_nothing(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")), name="good.json")
    clinic.ingest(b"{ nothing", name="bad.json")
    sight = Watch(clinic.store).look()
    assert (sight.found, sight.due, sight.resting) == (2, [], 0)
    assert _states(clinic) == {"gary_wang/good.json": "ingested", "gary_wang/bad.json": "rejected"}


def test_a_file_that_is_gone_before_it_was_taken_leaves_no_row(clinic: Clinic) -> None:
    watching = Watch(clinic.store)
    path = clinic.drop(b"{", name="a.json")
    watching.look()
    path.unlink()
    assert (watching.look().gone, clinic.system_rows("ingested_files")) == ([], [])


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Makes every look at a folder wait, as a mount does that is gone."""
    answer = threading.Event()
    scan = files._scan

    def hang(folder: Path) -> Iterator[os.DirEntry[str]]:
        answer.wait()
        return scan(folder)

    monkeypatch.setattr(files, "_scan", hang)
    yield answer
    answer.set()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_folder_that_does_not_answer_is_given_up_in_time_and_used_again_once_it_does(
    clinic: Clinic, hanging: threading.Event
) -> None:
    clinic.drop(b"{", name="a.json")
    watching = Watch(clinic.store)
    clinic.store.patience = Patience(0.3)
    before = threading.active_count()
    for _ in range(2):
        begin = time.monotonic()
        with pytest.raises(NoAnswer, match=r"does not answer within 0.3 s.*WEBAUTODASH_PASS_SECONDS"):
            watching.look()
        assert time.monotonic() - begin < 5
    # One thread hangs, not one a look.
    assert threading.active_count() == before + 1
    hanging.set()
    assert wait_until(lambda: _found(watching) == 1)


def _found(watching: Watch) -> int | None:
    try:
        return watching.look().found
    except NoAnswer:
        return None


def test_what_is_done_with_is_asked_of_the_databases_again_after_a_time(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.ingest(a_file(a_patient("GW1")), name="a.json")
    watching = Watch(clinic.store)
    assert watching.look().due == []
    with clinic.store.server.database(clinic.settings.database_prefix + "gary_wang").engine.begin() as connection:
        # As a restored backup would be, from before the file.
        for table in ("medications", "patient_extractions", "patients", "extraction_sessions"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert watching.look().due == []
    monkeypatch.setattr(watch, "_BELIEVED_SECONDS", -1.0)
    assert _due(watching.look()) == ["a.json"]


@given(st.integers(1, 10_000), st.floats(0.01, 3600))
def test_pauses_grow_and_end_at_the_longest(attempts: int, first: float) -> None:
    assert pause(1, first) == min(first, LONGEST_SECONDS)
    assert pause(attempts, first) <= pause(attempts + 1, first) <= LONGEST_SECONDS
