"""Several Results folders of one store: each is a root with its own files."""

import threading
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.errors import AmbiguousRoot, UnknownResultsFolder, UnknownRoot, UsageError
from webautodash.services.ingest import file_states, ingest_paths
from webautodash.services.ingest.file_states import accept_file
from webautodash.services.monitor import MonitorLoop
from webautodash.services.registry import roots
from webautodash.services.store import Store

GOOD = a_file(a_patient("GW1"))


@pytest.fixture
def other(clinic: Clinic, tmp_path: Path) -> Any:
    """The same store in a process with another Results folder."""
    (tmp_path / "other").mkdir()
    second = Clinic.__new__(Clinic)
    second.results, second._files = tmp_path / "other", 0
    second.settings = clinic.settings.model_copy(update={"results_dir": second.results})
    second.store = Store.open(second.settings)
    yield second
    second.store.close()


def _states(clinic: Clinic) -> dict[str, str]:
    return {row["path"]: row["state"] for row in clinic.system_rows("ingested_files")}


def test_the_first_folder_is_recorded_and_another_is_refused_until_it_is_declared(
    clinic: Clinic, other: Clinic
) -> None:
    clinic.drop(GOOD, name="a.json")
    other.drop(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"), name="a.json")
    MonitorLoop(clinic.store).run_once()
    for work in (lambda: ingest_paths(other.store), MonitorLoop(other.store).run_once):
        with pytest.raises(UnknownResultsFolder) as refused:
            work()
        assert (refused.value.kind, refused.value.exit_status) == ("unknown_results_folder", 2)
        assert refused.value.known == {"default": str(clinic.results)}
    assert _states(clinic) == {"gary_wang/a.json": "ingested"}
    roots.add_root(other.store, "other", other.results)
    ingest_paths(other.store)
    assert _states(clinic) == {"gary_wang/a.json": "ingested", "other://gary_wang/a.json": "ingested"}
    assert [row["name"] for row in clinic.system_rows("results_roots")] == ["default", "other"]
    assert [row["path"] for row in clinic.rows("extraction_sessions")] == [
        "gary_wang/a.json",
        "other://gary_wang/a.json",
    ]
    assert ingest_paths(other.store).files[0].state == "already_ingested"


def test_monitors_of_two_roots_ignore_the_files_of_each_other(clinic: Clinic, other: Clinic) -> None:
    clinic.drop(b"{ nothing", name="bad.json")
    clinic.drop(GOOD, name="a.json")
    ingest_paths(clinic.store)
    roots.add_root(other.store, "other", other.results)
    other.drop(b"{ nothing else", name="worse.json")
    watching = {one: MonitorLoop(one.store, interval=0.2) for one in (clinic, other)}
    for _ in range(3):
        for monitor in watching.values():
            monitor.run_once()
    # Waiting files of one root are not missing for the other.
    for one in (clinic, other):
        file_states.retry(one.store, ["gary_wang/bad.json" if one is clinic else "gary_wang/worse.json"])
    for monitor in reversed(watching.values()):
        monitor.run_once()
    assert _states(clinic) == {
        "gary_wang/a.json": "ingested",
        "gary_wang/bad.json": "rejected",
        "other://gary_wang/worse.json": "rejected",
    }
    assert {"file_gone", "file_cleared"}.isdisjoint(row["event"] for row in clinic.system_rows("system_logs"))
    (other.results / "gary_wang" / "worse.json").unlink()
    clinic.drop(a_file(a_patient("GW3"), at="2025-01-01T00:00:00"), name="c.json").unlink()
    for monitor in watching.values():
        monitor.run_once()
    assert set(_states(clinic)) == {"gary_wang/a.json", "gary_wang/bad.json"}


def test_files_of_another_root_cannot_be_forgotten_retried_or_accepted(clinic: Clinic, other: Clinic) -> None:
    clinic.drop(b"{ nothing", name="bad.json")
    clinic.drop(a_file(a_patient("GW1"), at="2999-01-01T00:00:00"), name="future.json")
    ingest_paths(clinic.store)
    roots.add_root(other.store, "other", other.results)
    for work in (file_states.retry, file_states.forget):
        with pytest.raises(UsageError, match="default"):
            work(other.store, ["gary_wang/bad.json"])
    with pytest.raises(UsageError, match="default"):
        accept_file(other.store, "gary_wang/future.json", by="Ann", why="clock", extracted_at="2024-01-01")
    assert file_states.waiting_paths(other.store, file_states.NOT_STORED) == []
    assert sorted(_states(clinic).values()) == ["held", "rejected"]
    other.drop(a_file(a_patient("GW9"), at="2999-01-01T00:00:00"), name="future.json")
    ingest_paths(other.store)
    taken = accept_file(other.store, "gary_wang/future.json", by="Ann", why="clock", extracted_at="2024-01-01T00:00:00")
    assert (taken.path, taken.state) == ("other://gary_wang/future.json", "ingested")


def test_a_root_that_has_moved_keeps_its_files_and_another_path_of_it_is_the_same_root(
    clinic: Clinic, other: Clinic, tmp_path: Path
) -> None:
    clinic.drop(GOOD, name="a.json")
    ingest_paths(clinic.store)
    (clinic.results / "gary_wang").rename(other.results / "gary_wang")
    roots.move_root(other.store, "default", other.results)
    assert [file.path for file in ingest_paths(other.store).files] == ["gary_wang/a.json"]
    with pytest.raises(UnknownResultsFolder):
        ingest_paths(clinic.store)
    link = tmp_path / "mounted"
    link.symlink_to(other.results)
    other.store.settings = other.settings.model_copy(update={"results_dir": link})
    assert other.ingest_states() == ["already_ingested"]
    roots.add_root(clinic.store, "default", clinic.results)
    assert ingest_paths(clinic.store).files == ()
    with pytest.raises(UsageError) as refused:
        roots.move_root(clinic.store, "default", tmp_path / "elsewhere")
    assert refused.value.topic == "root_with_several_folders"
    roots.move_root(clinic.store, "default", other.results, clinic.results)
    assert [one.folder for one in roots.list_roots(clinic.store)] == [str(other.results)]
    with pytest.raises(UsageError):
        roots.add_root(clinic.store, "Not a name", clinic.results)


def test_the_setting_distinguishes_machines_with_different_folders_of_one_path(clinic: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    ingest_paths(clinic.store)
    named = clinic.settings.model_copy(update={"results_root": "b"})
    with Store.open(named) as store:
        with pytest.raises(UnknownResultsFolder):
            ingest_paths(store)
        with pytest.raises(UsageError) as refused:
            roots.add_root(store, "b", clinic.results)
        assert refused.value.topic == "folder_in_another_root"
        roots.add_root(store, "b", clinic.results, same_path=True)
        assert [file.path for file in ingest_paths(store).files] == ["b://gary_wang/a.json"]
    with pytest.raises(AmbiguousRoot):
        ingest_paths(clinic.store)


def test_a_root_is_removed_unless_files_of_it_are_known(clinic: Clinic, other: Clinic, tmp_path: Path) -> None:
    clinic.drop(GOOD, name="a.json")
    ingest_paths(clinic.store)
    # One path in two roots is ambiguous until it is removed from one.
    roots.add_root(clinic.store, "x_y", clinic.results, same_path=True)
    with pytest.raises(AmbiguousRoot):
        ingest_paths(clinic.store)
    assert roots.remove_root(clinic.store, "x_y").folder == str(clinic.results)
    assert clinic.ingest_states() == ["already_ingested"]
    with pytest.raises(UsageError):
        roots.remove_root(clinic.store, "default")
    # Files of a root whose name only matches as a pattern do not count.
    roots.add_root(clinic.store, "xzy", other.results)
    other.drop(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"), name="b.json")
    ingest_paths(other.store)
    roots.add_root(clinic.store, "x_y", tmp_path / "third")
    roots.remove_root(clinic.store, "x_y")
    with pytest.raises(UsageError):
        roots.remove_root(clinic.store, "xzy")
    # One of several folders can be removed: the files stay with the root.
    roots.add_root(clinic.store, "xzy", tmp_path / "third")
    with pytest.raises(UsageError):
        roots.remove_root(clinic.store, "xzy")
    roots.remove_root(clinic.store, "xzy", tmp_path / "third")
    with pytest.raises(UnknownRoot):
        roots.remove_root(clinic.store, "x_y")
    assert [(one.name, one.folder) for one in roots.list_roots(clinic.store)] == [
        ("default", str(clinic.results)),
        ("xzy", str(other.results)),
    ]


def test_files_named_from_elsewhere_need_no_root(clinic: Clinic, other: Clinic, tmp_path: Path) -> None:
    clinic.drop(GOOD, name="a.json")
    ingest_paths(clinic.store)
    path = tmp_path / "inbox" / "b.json"
    path.parent.mkdir()
    path.write_bytes((clinic.results / "gary_wang" / "a.json").read_bytes() + b"\n")
    assert [file.path for file in ingest_paths(other.store, [path]).files] == [str(path)]
    inside = other.drop(GOOD, name="a.json")
    with pytest.raises(UnknownResultsFolder):
        ingest_paths(other.store, [inside])


def test_of_two_processes_that_begin_at_once_one_folder_becomes_the_default_root(clinic: Clinic, other: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    other.drop(a_file(a_patient("GW2")), name="b.json")
    found: list[object] = []

    def begin(store: Store) -> None:
        try:
            found.append(roots.own_root(store))
        except UnknownResultsFolder as error:
            found.append(error.kind)

    threads = [threading.Thread(target=begin, args=(one.store,)) for one in (clinic, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["", "unknown_results_folder"]


def test_a_monitor_whose_root_moves_while_it_runs_stores_no_more(clinic: Clinic, other: Clinic) -> None:
    clinic.drop(GOOD, name="a.json")
    monitor = MonitorLoop(clinic.store)
    monitor.run_once()
    roots.move_root(other.store, "default", other.results)
    with pytest.raises(UnknownResultsFolder):
        monitor._pass()
    assert _states(clinic) == {"gary_wang/a.json": "ingested"}
