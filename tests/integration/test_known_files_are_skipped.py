"""Stored files with an unchanged stat are not opened again, and no other file is skipped."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import event

from webautodash.domain.extraction.document.read_document import Document
from webautodash.services import workers
from webautodash.services.ingest import FileOutcome, file_log, ingest_paths, process_file
from webautodash.services.registry import register
from webautodash.services.review import retry_set_aside

HOUR_NS = 3_600_000_000_000
SYSTEM_TABLES = ("providers", "ingested_files", "system_logs")
_opened: list[str] = []
_listening: list[bool] = []


def _note(name: str, arguments: tuple[Any, ...]) -> None:
    if name == "open" and _listening and isinstance(arguments[0], str | bytes | os.PathLike):
        _opened.append(os.fsdecode(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def opened() -> Iterator[list[str]]:
    """The extraction files that this process opens within the block."""
    files: list[str] = []
    _opened.clear()
    _listening.append(True)
    yield files
    _listening.clear()
    files += [name for name in _opened if name.endswith(".json")]


def _age(path: Path, hours: float = 1) -> Path:
    then = time.time_ns() - int(hours * HOUR_NS)
    os.utime(path, ns=(then, then))
    return path


def _old(clinic: Clinic, prn: str, folder: str = "gary_wang", **how: Any) -> Path:
    provider = folder.replace("_", " ").title()
    return _age(clinic.drop(a_file(a_patient(prn), provider=provider, **how), folder))


def _swap(path: Path, before: str, after: str) -> None:
    """Replace bytes by the same number of others, and keep the times of the file."""
    assert len(before) == len(after)
    times = path.stat()
    path.write_text(path.read_text().replace(before, after))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _states_without_opening(clinic: Clinic, *paths: Path, **options: Any) -> list[str]:
    """Ingest as `Clinic.ingest_states` does; no file may be opened."""
    with opened() as files:
        states = clinic.ingest_states(*paths, **options)
    assert files == []
    return states


def _system(clinic: Clinic) -> list[Any]:
    return [clinic.system_rows(table) for table in SYSTEM_TABLES]


def test_a_known_file_is_not_opened_and_nothing_is_written(clinic: Clinic) -> None:
    for n in range(3):
        _old(clinic, f"GW{n}")
    first = ingest_paths(clinic.store)
    before = _system(clinic)
    with opened() as files:
        again = ingest_paths(clinic.store)
    assert files == []
    assert [str(outcome.state) for outcome in again.files] == ["already_ingested"] * 3
    same = [[(o.path, o.session_id, o.sha256) for o in report.files] for report in (first, again)]
    assert same[0] == same[1]
    assert _system(clinic) == before
    assert _states_without_opening(clinic, clinic.results / "gary_wang") == ["already_ingested"] * 3


def test_a_file_that_is_named_is_read_although_it_is_known(clinic: Clinic) -> None:
    path = _old(clinic, "GW1")
    ingest_paths(clinic.store)
    before = _system(clinic)
    with opened() as files:
        assert clinic.ingest_states(path) == ["already_ingested"]
    assert (set(files), _system(clinic)) == ({path.name}, before)


@pytest.mark.parametrize("way", ["written into", "replaced"])
def test_other_bytes_of_the_same_size_and_time_are_found(clinic: Clinic, way: str) -> None:
    path = _old(clinic, "GW1")
    ingest_paths(clinic.store)
    if way == "written into":
        _swap(path, "GW1", "GW2")
    else:
        other = path.with_suffix(".new")
        other.write_text(path.read_text().replace("GW1", "GW2"))
        os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
        other.replace(path)
    assert clinic.ingest_states() == ["ingested"]
    assert [row["prn"] for row in clinic.rows("patients", order="prn")] == ["GW1", "GW2"]
    assert _states_without_opening(clinic) == ["already_ingested"]
    assert [row["session_id"] for row in clinic.system_rows("ingested_files")] == [2]


@pytest.mark.parametrize("cause", ["rights", "time", "upgrade"])
def test_a_file_of_which_only_the_stat_differs_is_read_once_more(clinic: Clinic, cause: str) -> None:
    path = _old(clinic, "GW1")
    ingest_paths(clinic.store)
    if cause == "rights":
        path.chmod(0o600)
    elif cause == "time":
        _age(path, hours=2)
    else:
        # As an earlier version wrote it.
        clinic.execute_in_system("UPDATE ingested_files SET look = '12:345:678'")
    rows = [clinic.rows(table) for table in ("extraction_sessions", "patient_extractions", "medications")]
    with opened() as files:
        assert clinic.ingest_states() == ["already_ingested"]
    assert path.name in files
    assert _states_without_opening(clinic) == ["already_ingested"]
    assert [clinic.rows(table) for table in ("extraction_sessions", "patient_extractions", "medications")] == rows


def test_a_known_file_is_reported_like_one_that_was_read(clinic: Clinic) -> None:
    changed = a_file(a_patient("GW1", allergies=["Latex"]), a_patient(None), at="2025-01-01T00:00:00")
    for content in (a_file(a_patient("GW1", medications=["Aspirin 81 mg"]), a_patient("GW2")), changed):
        _age(clinic.drop(content))
    ingest_paths(clinic.store)
    known = ingest_paths(clinic.store)
    assert ingest_paths(clinic.store, rehash=True) == known
    assert not known.problems
    assert known.files[1].set_aside == 1
    assert (known.files[1].conflicts, known.files[0].rows["medications"]) == (2, 1)
    corrected = json.dumps(a_patient("GW3"))
    owner = clinic.store.providers()[0]
    assert retry_set_aside(clinic.store, owner, clinic.rows("set_aside_patients")[0]["id"], corrected).taken_in
    with opened() as files:
        assert [(o.stored, o.set_aside) for o in ingest_paths(clinic.store).files] == [(2, 0), (1, 0)]
    assert files == []


def test_a_file_of_another_size_is_read(clinic: Clinic) -> None:
    path = _old(clinic, "GW1")
    ingest_paths(clinic.store)
    times = path.stat()
    path.write_bytes(path.read_bytes() + b"\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert clinic.ingest_states() == ["ingested"]
    assert _states_without_opening(clinic) == ["already_ingested"]


def test_a_file_changed_just_before_it_was_read_is_read_again_and_then_known(clinic: Clinic) -> None:
    path = clinic.drop(a_file(a_patient("GW1")))
    assert clinic.ingest_states() == ["ingested"]
    assert clinic.system_rows("ingested_files")[0]["mtime_ns"] is None
    # A writer within the same tick of the clock leaves size and time as they were.
    _swap(path, "GW1", "GW2")
    assert clinic.ingest_states() == ["ingested"]
    _age(path)
    logged = clinic.system_rows("system_logs")
    assert clinic.ingest_states() == ["already_ingested"]
    assert clinic.system_rows("ingested_files")[0]["mtime_ns"] == path.stat().st_mtime_ns
    assert clinic.system_rows("system_logs") == logged
    assert _states_without_opening(clinic) == ["already_ingested"]


def test_a_time_in_the_future_is_not_stored(clinic: Clinic) -> None:
    path = _age(_old(clinic, "GW1"), hours=-1)
    ingest_paths(clinic.store)
    _swap(path, "GW1", "GW2")
    assert clinic.ingest_states() == ["ingested"]


def test_the_stored_time_of_a_file_is_that_of_the_bytes_that_were_read(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _old(clinic, "GW1")
    store_document = process_file.store_document

    def replaced_meanwhile(document: Document, *others: Any, **more: Any) -> Any:
        path.write_text(path.read_text().replace("GW1", "GW2"))
        _age(path, hours=2)
        return store_document(document, *others, **more)

    monkeypatch.setattr(process_file, "store_document", replaced_meanwhile)
    assert clinic.ingest_states() == ["ingested"]
    monkeypatch.undo()
    assert clinic.ingest_states() == ["ingested"]
    assert [row["prn"] for row in clinic.rows("patients", order="prn")] == ["GW1", "GW2"]


def test_a_rejected_file_is_read_again(clinic: Clinic) -> None:
    whole = json.dumps(a_file(a_patient("GW1")))
    path = _age(clinic.drop(whole.replace('"GW1"', "GW1  ").encode()))
    assert clinic.ingest_states() == ["rejected"]
    _swap(path, "GW1  ", '"GW1"')
    assert clinic.ingest_states() == ["ingested"]


def test_a_recreated_database_is_filled_again(clinic: Clinic) -> None:
    for n in range(3):
        _old(clinic, f"GW{n}", at=f"202{n}-01-01T00:00:00")
    other = _old(clinic, "JD1", "john_doe")
    ingest_paths(clinic.store)
    clinic.store.server.drop(clinic.database_name())
    clinic.reopen()
    outcomes = {outcome.path: str(outcome.state) for outcome in ingest_paths(clinic.store).files}
    assert outcomes.pop(f"john_doe/{other.name}") == "already_ingested"
    assert set(outcomes.values()) == {"failed"}
    register(clinic.store, "Gary Wang")
    assert sorted(clinic.ingest_states()) == ["already_ingested", "ingested", "ingested", "ingested"]
    assert clinic.count("patients") == 3
    assert _states_without_opening(clinic) == ["already_ingested"] * 4


def test_a_database_restored_from_an_older_backup_gets_the_missing_files(clinic: Clinic) -> None:
    paths = [_old(clinic, f"GW{n}", at=f"202{n}-01-01T00:00:00") for n in range(4)]
    ingest_paths(clinic.store, paths[:2])
    # What the backup has, made by the same files in another order: other numbers for the same bytes.
    clinic.store.server.drop(clinic.database_name())
    clinic.reopen()
    register(clinic.store, "Gary Wang")
    assert clinic.ingest_states(paths[2]) == clinic.ingest_states(paths[3]) == ["ingested"]
    # As many sessions as the registry remembers, and none of them those of the first two files.
    assert clinic.system_rows("providers")[0]["total_sessions"] == clinic.count("extraction_sessions") == 2
    assert sorted(clinic.ingest_states()) == ["already_ingested"] * 2 + ["ingested"] * 2
    assert [row["prn"] for row in clinic.rows("patients", order="prn")] == ["GW0", "GW1", "GW2", "GW3"]


def test_wrong_totals_of_a_provider_are_corrected_by_a_pass_over_known_files(clinic: Clinic) -> None:
    _old(clinic, "GW1")
    ingest_paths(clinic.store)
    [right] = clinic.system_rows("providers")
    clinic.execute_in_system("UPDATE providers SET total_sessions = 7, total_patients = 9")
    assert _states_without_opening(clinic) == ["already_ingested"]
    assert clinic.system_rows("providers") == [right]


def test_after_the_system_database_was_lost_every_file_is_read(clinic: Clinic) -> None:
    path = _old(clinic, "GW1")
    ingest_paths(clinic.store)
    clinic.store.server.drop(clinic.settings.system_database_name)
    clinic.reopen()
    _swap(path, "GW1", "GW2")
    assert clinic.ingest_states() == ["ingested"]


def test_a_name_that_is_not_unicode_is_not_confused_with_the_name_that_shows_it(clinic: Clinic) -> None:
    strange = os.fsdecode(b"\xff.json")
    paths = [_old(clinic, "GW1").rename(clinic.results / "gary_wang" / strange)]
    assert clinic.ingest_states() == ["ingested"]
    shown = strange.encode("utf-8", "backslashreplace").decode()
    plain = clinic.results / "gary_wang" / shown
    plain.write_bytes(paths[0].read_bytes().replace(b"GW1", b"GW2"))
    os.utime(plain, ns=(0, paths[0].stat().st_mtime_ns))
    assert sorted(clinic.ingest_states()) == ["already_ingested", "ingested"]
    assert _states_without_opening(clinic) == ["already_ingested", "already_ingested"]
    known = sorted(row["path"] for row in clinic.system_rows("ingested_files"))
    assert known == [f"gary_wang/\\{shown}", f"gary_wang/{shown}"]
    assert clinic.count("patients") == 2


def test_a_run_with_nothing_to_do_for_more_than_one_provider_starts_no_worker(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    _old(clinic, "GW1")
    _old(clinic, "JD1", "john_doe")
    assert clinic.ingest_states(workers=2) == ["ingested"] * 2

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(workers, "_run_in_processes", refuse)
    assert _states_without_opening(clinic, workers=2) == ["already_ingested"] * 2
    _old(clinic, "GW2")
    assert sorted(clinic.ingest_states(workers=2)) == ["already_ingested"] * 2 + ["ingested"]
    _old(clinic, "GW3")
    _old(clinic, "JD2", "john_doe")
    with pytest.raises(AssertionError, match="a worker was started"):
        clinic.ingest_states(workers=2)


def test_a_pass_over_known_files_takes_as_many_statements_for_many_as_for_few(
    clinic: Clinic, statements: list[str]
) -> None:
    counts = []
    for number in (3, 12):
        for n in range(len(list(clinic.results.glob("*/*"))), number):
            _old(clinic, f"GW{n:03}")
        ingest_paths(clinic.store)
        statements.clear()
        assert clinic.ingest_states() == ["already_ingested"] * number
        assert all(statement.split()[0] in {"SELECT", "SET", "BEGIN", "PRAGMA"} for statement in statements)
        counts.append(len(statements))
    assert counts[0] == counts[1] < 24


def test_the_system_database_takes_as_many_statements_for_many_new_files_as_for_few(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the files take longer than their records may wait.
    monkeypatch.setattr(file_log, "_LONGEST_SECONDS", 60.0)
    clinic.ingest(a_file(a_patient("GW")))
    statements: list[str] = []
    event.listen(clinic.store.system.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    counts = []
    for number in (3, 12):
        paths = [clinic.drop(a_file(a_patient(f"{number} {n}"))) for n in range(number)]
        statements.clear()
        assert clinic.ingest_states(*paths) == ["ingested"] * number
        # Each file's bytes are claimed for its provider before they are stored: a begin, a look-up, a row.
        claims = sum(statement.startswith("INSERT INTO stored_contents") for statement in statements)
        assert claims == number
        counts.append(len(statements) - 3 * claims)
    assert counts[1] < counts[0] + 15
    assert clinic.system_rows("providers")[0]["total_sessions"] == len(clinic.system_rows("ingested_files")) == 16
    assert [row["event"] for row in clinic.system_rows("system_logs")].count("file_ingested") == 16


@pytest.mark.parametrize("ends", [KeyboardInterrupt, BrokenPipeError])
def test_a_run_that_ends_early_has_recorded_every_file_it_stored(clinic: Clinic, ends: type[BaseException]) -> None:
    paths = [clinic.drop(a_file(a_patient(f"GW{n}"), at=f"202{n}-01-01T00:00:00")) for n in range(4)]
    stored: list[FileOutcome] = []

    def on_file(outcome: FileOutcome) -> None:
        stored.append(outcome)
        if len(stored) == 3:
            raise ends

    with pytest.raises(ends):
        ingest_paths(clinic.store, paths, on_file=on_file)
    assert [row["state"] for row in clinic.system_rows("ingested_files")] == ["ingested"] * 3
    assert clinic.system_rows("providers")[0]["total_sessions"] == 3
    assert [row["event"] for row in clinic.system_rows("system_logs")].count("file_ingested") == 3


def test_stored_files_are_recorded_before_a_large_one_is_read(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    small = clinic.drop(a_file(a_patient("GW1"), at="2020-01-01T00:00:00"))
    large = clinic.drop(a_file(a_patient("GW2", note="x" * (1 << 20))))
    recorded: list[list[str]] = []
    read_document = process_file.read_document

    def reading(path: Path, *how: Any) -> Document:
        if path == large:
            rows = clinic.system_rows("ingested_files")
            recorded.append([row["path"] for row in rows if row["state"] == "ingested"])
        return read_document(path, *how)

    monkeypatch.setattr(process_file, "read_document", reading)
    assert clinic.ingest_states() == ["ingested"] * 2
    assert recorded == [[f"gary_wang/{small.name}"]]
