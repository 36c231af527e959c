"""The folders: there, usable, closed to others, with room left."""

import os
import shutil
import threading
from collections import namedtuple
from pathlib import Path

import pytest
from builders import Clinic, Problems

from webautodash.cli.doctor_cures import cure_of
from webautodash.config import Settings
from webautodash.services.doctor import Finding

GIB = 1 << 30
Usage = namedtuple("Usage", "total used free")  # as shutil has it


@pytest.fixture
def results() -> Path:
    """A sound Results folder."""
    folder = Path("Results")
    folder.mkdir(mode=0o700)
    return folder


def _only(found: dict[str, list[Finding]]) -> Finding:
    assert set(found) - {"store.missing"} != set()
    ((one,),) = (these for code, these in found.items() if code != "store.missing")
    return one


def test_a_folder_of_its_user_only_has_no_finding(found: Problems, results: Path) -> None:
    assert set(found(Settings.load())) == {"store.missing"}


@pytest.mark.parametrize(
    ("mode", "code", "severity", "cure"),
    [
        (0o777, "results.writable", "warning", "chmod o-w Results"),
        (0o755, "results.readable", "info", "chmod o-rwx Results"),
    ],
)
def test_a_folder_that_is_open_to_others(
    found: Problems, results: Path, mode: int, code: str, severity: str, cure: str
) -> None:
    results.chmod(mode)
    one = _only(found(Settings.load()))
    assert (one.code, one.severity, cure_of(one)) == (code, severity, cure)


def test_a_folder_that_is_missing_or_is_a_file(found: Problems) -> None:
    one = _only(found(Settings.load()))
    assert (one.code, one.severity) == ("results.missing", "error")
    assert str(cure_of(one)).startswith("mkdir -m 700 Results")
    Path("Results").touch()
    one = _only(found(Settings.load()))
    assert (one.code, one.severity) == ("results.not_folder", "error")


def test_a_folder_without_read_permission_is_an_error(
    found: Problems, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests may run as root, which can read everything.
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != results)
    one = _only(found(Settings.load()))
    assert (one.code, one.severity) == ("results.unreadable", "error")


@pytest.mark.parametrize(("free", "severity"), [(0.5, "error"), (4, "warning"), (6, None)])
def test_a_disk_that_is_nearly_full_is_reported(
    found: Problems, results: Path, monkeypatch: pytest.MonkeyPatch, free: float, severity: str | None
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * GIB, 0, int(free * GIB)))
    disks = {code: these for code, these in found(Settings.load()).items() if code.startswith("disk.")}
    expected = {"disk.results", "disk.temporary", "disk.databases"} if severity else set()
    assert set(disks) == expected
    assert {one.severity for these in disks.values() for one in these} == ({severity} if severity else set())


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_of_databases_are_accessible_to_their_owner_only(found: Problems, clinic: Clinic, tmp_path: Path) -> None:
    folder = tmp_path / "databases"
    assert found(clinic.settings) == {}
    database = folder / f"{clinic.settings.database_prefix}gary_wang.db"
    database.chmod(0o644)
    one = _only(found(clinic.settings))
    assert (one.code, one.severity) == ("databases.files", "warning")
    assert database.name in one.message
    folder.chmod(0o755)
    problems = found(clinic.settings)
    assert {(these[0].code, these[0].severity) for these in problems.values()} == {
        ("databases.folder", "error"),
        ("databases.files", "error"),
    }
    for these in problems.values():
        assert os.system(str(cure_of(these[0]))) == 0  # noqa: S605
    assert found(clinic.settings) == {}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_folder_of_databases_without_write_permission_is_an_error(
    found: Problems, clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "databases"
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != folder)
    assert found(clinic.settings)["databases.unwritable"][0].severity == "error"


@pytest.mark.parametrize("hangs", ["Results", "databases"])
def test_a_folder_that_never_answers_is_a_finding_and_the_rest_is_examined(
    found: Problems, results: Path, monkeypatch: pytest.MonkeyPatch, hangs: str
) -> None:
    Path("databases").mkdir(mode=0o700)
    answered = threading.Event()
    real_is_dir = Path.is_dir

    def is_dir(path: Path) -> bool:
        if path.name == hangs:
            answered.wait()  # like a network that is gone
        return real_is_dir(path)

    monkeypatch.setattr(Path, "is_dir", is_dir)
    settings = Settings.load(database_url="sqlite:///databases", pass_seconds=0.2)
    problems = found(settings)
    answered.set()
    (one,) = problems["folder.no_answer"]
    assert (one.severity, cure_of(one) is not None) == ("error", True)
    assert "0.2 s" in one.message
    assert ("store.missing" in problems) == (hangs == "Results")
