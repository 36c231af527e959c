"""A full disk: the file waits, the command reports the reason, and stores the file once there is space."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient
from contents import contents, differences
from local_server import LocalServer
from selection import backends
from shell import ForkedShell, Shell, file_limit
from watching import environment

from webautodash.config import Settings

SMALL, LARGE = 4 << 20, 33 << 20
# The logs and tables of a new server need so much.
OF_A_SERVER = 400 << 20


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes, where this user may mount one; the test of a limit needs no such right."""
    size = getattr(request, "param", SMALL)
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        # CI must not skip this; for a user who is not root, the test with a limit of file sizes covers the same.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no small disk can be mounted here ({error})")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(disk: Path, free: int = 0) -> Path:
    """Fill a disk up to this number of free bytes."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                break
    os.truncate(ballast, max(0, ballast.stat().st_size - free))
    return ballast


def _large(number: int = 1500) -> dict[str, Any]:
    medications = ["Aspirin 81 mg", "Xanax 1 mg"]
    return a_file(*(a_patient(f"P{n}", medications=medications) for n in range(number)), at="2025-01-01T00:00:00")


def _settings(store: Path) -> Settings:
    return Settings.load(database_url=f"sqlite:///{store}", _env_file=None)


def _expect_what_a_clean_run_stores(shell: Shell, store: Path) -> None:
    _expect_equal_to_a_clean_run(shell, _settings(store), _settings(shell.folder / "anew"))


def _expect_equal_to_a_clean_run(shell: Shell, store: Settings, anew: Settings) -> None:
    assert shell("ingest", "--quiet", **environment(anew)).status == 0
    assert differences(contents(store), contents(anew)) == []


def _expect_the_first_file_alone(store: Settings) -> None:
    found = contents(store)
    assert len(found["gary_wang"]["extraction_sessions"]) == len(found["gary_wang"]["medications"]) == 1
    taken = [row["path"] for row in found["system"]["ingested_files"] if row["state"] == "ingested"]
    assert taken == ["gary_wang/first.json"]


# Too little to write anything, and enough for the system database but not for the file.
@pytest.mark.parametrize("free", [0, 700_000])
def test_a_file_waits_while_the_disk_is_full_and_is_stored_when_there_is_room(
    tmp_path: Path, disk: Path, free: int
) -> None:
    shell = ForkedShell(tmp_path)
    shell.environment["WEBAUTODASH_DATABASE_URL"] = f"sqlite:///{disk}/store"
    shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"])))
    assert shell("setup", "--auto").status == 0
    ballast = _fill(disk, free)
    shell.drop(_large(), "second.json")
    done = shell("ingest")
    assert (done.status, "SQLITE_FULL" in done.err or "SQLITE_IOERR" in done.err) == (1, True), done.err
    ballast.unlink()
    _expect_the_first_file_alone(_settings(disk / "store"))
    assert shell("ingest").status == 0
    _expect_what_a_clean_run_stores(shell, disk / "store")


def test_a_file_waits_while_its_database_may_not_grow(tmp_path: Path) -> None:
    shell = ForkedShell(tmp_path)
    shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"])))
    assert shell("setup", "--auto").status == 0
    shell.drop(_large(), "second.json")
    done = shell.in_a_new_process("ingest", before=file_limit(1000))
    assert (done.status, "SQLITE_IOERR_WRITE" in done.err) == (1, True), done.err
    assert shell("ingest").status == 0
    _expect_what_a_clean_run_stores(shell, shell.folder / "webautodash-data")


@pytest.fixture
def server_data(disk: Path) -> Path:
    """The data directory of a server on the small disk."""
    return disk / "data"


# With few patients the server can undo the statement that found no space. With many, MariaDB 10.11 has no space to
# undo it and exits, and the command does not learn the reason.
@pytest.mark.parametrize(("patients", "statuses"), [(150, {1}), (1500, {1, 3})])
@pytest.mark.parametrize("disk", [OF_A_SERVER], indirect=True)
@backends(mariadb="ci", mysql="slow")
def test_a_file_waits_while_the_disk_of_the_server_is_full(
    tmp_path: Path, disk: Path, private_server: LocalServer, patients: int, statuses: set[int]
) -> None:
    shell = ForkedShell(tmp_path)
    store, anew = (
        Settings.load(database_url=private_server.url, database_prefix=prefix, read_timeout=20, _env_file=None)
        for prefix in ("full_", "anew_")
    )
    shell.environment |= environment(store)
    shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"])))
    assert shell("setup", "--auto").status == 0
    ballast = _fill(disk)
    shell.drop(_large(patients), "second.json")
    done = shell("ingest")
    assert done.status in statuses, done.err
    if done.status == 1:
        assert ("second.json" in done.err, "error 1114" in done.err) == (True, True)
        _expect_the_first_file_alone(store)
        ballast.unlink()
    else:
        ballast.unlink()
        private_server.restart()
        _expect_the_first_file_alone(store)
    assert shell("ingest").status == 0
    _expect_equal_to_a_clean_run(shell, store, anew)


# A copy above the limit of memory is written to the disk, its last bytes only when it is read.
@pytest.mark.ci
@pytest.mark.parametrize("beyond", [1000, 2 << 20])
@pytest.mark.parametrize("disk", [LARGE], indirect=True)
def test_a_large_file_waits_while_its_copy_has_no_room(tmp_path: Path, disk: Path, beyond: int) -> None:
    shell = ForkedShell(tmp_path)
    shell.drop(a_file(a_patient("P1")))
    content = json.dumps(a_file(a_patient("P2"), at="2025-01-01T00:00:00")).encode()
    shell.drop(content.ljust(LARGE + beyond), "second.json")
    done = shell("ingest", TMPDIR=str(disk))
    assert (done.status, "[no_temporary_space]" in done.err) == (1, True), done.err
    assert "TMPDIR" in done.err
    assert shell("ingest").status == 0
    _expect_what_a_clean_run_stores(shell, shell.folder / "webautodash-data")
