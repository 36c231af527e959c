"""A file that kills its reader again and again is held; the other files are ingested."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from processes import CONTEXT, warm_up
from watching import environment

from webautodash.cli import main
from webautodash.services.ingest import order, process_file
from webautodash.services.ingest.ingest_run import ingest_paths


def _end_at_b(number: int, arguments: Sequence[str], settings: dict[str, str]) -> None:
    """Run the command, whose process sends itself a signal when it reads b.json."""

    def ending(read: Callable[..., Any]) -> Callable[..., Any]:
        def read_or_end(path: Path, *others: Any) -> Any:
            if path.name == "b.json":
                os.kill(os.getpid(), number)
            return read(path, *others)

        return read_or_end

    process_file.read_document = ending(process_file.read_document)  # type: ignore[attr-defined]
    order.read_document = ending(order.read_document)  # type: ignore[attr-defined]
    os.environ.update(settings)
    sys.argv = ["webautodash", *arguments]
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        main()


@pytest.fixture
def server_url(tmp_path: Path) -> str:
    """SQLite: what is tested does not depend on the product."""
    return f"sqlite:///{tmp_path}/databases"


@pytest.fixture
def run(clinic: Clinic) -> Callable[..., int]:
    """The command, which ends by a signal when it reads b.json; returns its status."""
    settings = environment(clinic.settings) | {"WEBAUTODASH_SETTLE_SECONDS": "0"}

    def start(*arguments: str, by: int = signal.SIGKILL) -> int:
        # The lease of a process that was killed would be valid for a while.
        clinic.execute_in_system("DELETE FROM leases")
        warm_up()
        process = CONTEXT.Process(target=_end_at_b, args=(int(by), arguments, settings))
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode

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
        assert run("ingest", by=signal.SIGINT) == 130
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


def test_unfinished_reads_of_many_files_are_counted_in_one_statement(
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
