"""A file over which its reader is killed again and again is held; no other file is, and the others are taken."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.services.ingest import process_file
from webautodash.services.ingest.ingest_run import ingest_paths

ROOT = Path(__file__).resolve().parents[2]
_ENDS = """
import os, signal, sys
from webautodash.cli import main
from webautodash.services.ingest import order, process_file

END = getattr(signal, sys.argv[1])

def killing(read):
    def read_or_die(path, *others):
        if path.name == "b.json":
            os.kill(os.getpid(), END)
        return read(path, *others)
    return read_or_die

process_file.read_document = killing(process_file.read_document)
order.read_document = killing(order.read_document)
sys.argv = ["webautodash", *sys.argv[2:]]
main()
"""


@pytest.fixture
def server_url(tmp_path: Path) -> str:
    """SQLite: what is tested does not depend on the product."""
    return f"sqlite:///{tmp_path}/databases"


@pytest.fixture
def run(clinic: Clinic, tmp_path: Path, server_url: str, database_prefix: str) -> Callable[..., int]:
    """The command, which ends by a signal when it reads b.json; its status."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "WEBAUTODASH_DATABASE_URL": server_url,
        "WEBAUTODASH_DATABASE_PREFIX": database_prefix,
        "WEBAUTODASH_RESULTS_DIR": str(clinic.results),
        "WEBAUTODASH_SETTLE_SECONDS": "0",
    }

    def start(*arguments: str, by: str = "SIGKILL") -> int:
        # The lease of a process that was killed would be valid for a while.
        clinic.execute_in_system("DELETE FROM leases")
        command = [sys.executable, "-c", _ENDS, by, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
        return done.returncode

    return start


def _drop(clinic: Clinic, *, metadata_first: bool = True) -> None:
    for folder, names in (("gary_wang", "abc"), ("john_doe", "d")):
        for name in names:
            content = a_file(a_patient(f"P{name}"), provider=folder.replace("_", " ").title(), note=name)
            if not metadata_first:
                content = dict(reversed(content.items()))
            clinic.drop(content, folder, f"{name}.json")


def _states(clinic: Clinic) -> dict[str, tuple[str, str | None, int]]:
    rows = clinic.system_rows("ingested_files")
    return {Path(row["path"]).stem: (row["state"], row["kind"], row["unfinished"] or 0) for row in rows}


@pytest.mark.parametrize(
    ("command", "metadata_first"),
    [
        (("ingest",), True),
        pytest.param(("ingest",), False, marks=pytest.mark.ci),
        pytest.param(("monitor", "--once"), True, marks=pytest.mark.ci),
    ],
)
def test_a_file_that_kills_its_reader_three_times_is_held(
    clinic: Clinic, run: Callable[..., int], command: tuple[str, ...], metadata_first: bool
) -> None:
    _drop(clinic, metadata_first=metadata_first)
    for times in (1, 2, 3):
        assert run(*command) == -signal.SIGKILL
        found = _states(clinic)
        assert found["b"][2] == times
        assert all(unfinished <= 1 for name, (_, _, unfinished) in found.items() if name != "b")
    assert run(*command) == 1
    taken = dict.fromkeys("acd", ("ingested", None, 0))
    assert _states(clinic) == taken | {"b": ("held", "killed_reader", 3)}
    assert [row["kind"] for row in clinic.system_rows("alerts") if row["kind"] != "silent"] == ["held"]
    assert run(*command) == (1 if command == ("ingest",) else 0)
    assert _states(clinic)["b"] == ("held", "killed_reader", 3)
    assert [row["kind"] for row in clinic.system_rows("alerts") if row["kind"] != "silent"] == ["held"]

    assert run("file", "retry", "gary_wang/b.json") == 0
    assert _states(clinic)["b"][2] == 0
    assert {str(outcome.state) for outcome in ingest_paths(clinic.store).files} == {"already_ingested", "ingested"}
    assert _states(clinic) == taken | {"b": ("ingested", None, 0)}


def test_an_interrupted_reading_does_not_count(clinic: Clinic, run: Callable[..., int]) -> None:
    _drop(clinic)
    for _ in range(4):
        assert run("ingest", by="SIGINT") == 130
    assert {name: state for name, state in _states(clinic).items() if state[2]} == {}
    assert [str(outcome.state) for outcome in ingest_paths(clinic.store).files] == ["already_ingested"] + [
        "ingested"
    ] * 3


def test_a_file_that_changes_is_read_again(clinic: Clinic, run: Callable[..., int]) -> None:
    _drop(clinic)
    for _ in range(3):
        run("ingest")
    clinic.drop(a_file(a_patient("PX"), provider="Gary Wang"), "gary_wang", "b.json")
    assert {str(outcome.state) for outcome in ingest_paths(clinic.store).files} == {"ingested", "already_ingested"}


def test_what_is_counted_in_advance_takes_a_statement_for_many_files(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        clinic.drop(a_file(a_patient(f"P{number}")))
    unfinished: list[list[int | None]] = []
    process = process_file.FileProcessor.__call__

    def counted(*arguments: Any) -> Any:
        unfinished.append([row["unfinished"] for row in clinic.system_rows("ingested_files")])
        return process(*arguments)

    monkeypatch.setattr(process_file.FileProcessor, "__call__", counted)
    ingest_paths(clinic.store)
    assert unfinished[0] == [1] * 20
    assert [row["unfinished"] for row in clinic.system_rows("ingested_files")] == [None] * 20
