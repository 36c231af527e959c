"""Several processes over one folder, started by one command: the same rows as one process, and no process left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, NewSettings
from contents import contents, differences
from local_server import wait_until
from watching import ROOT, environment

from webautodash.domain.file_state_transitions import FileResult
from webautodash.services.callbacks import ignore
from webautodash.services.demo import DemoPlan, write_demo_data
from webautodash.services.ingest.count_attempts import Attempts
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.process_file import FileProcessor
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import Candidate, candidates
from webautodash.services.store import Store
from webautodash.services.workers import OnBatch


class _Killed(FileProcessor):
    """Kill its process after some files."""

    def __call__(self, candidate: Candidate, on_batch: OnBatch = ignore) -> FileOutcome:
        outcome = super().__call__(candidate, on_batch)
        if candidate.path.name.endswith("_002.json"):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome


def _ends(group: int) -> bool:
    """Whether all processes of a group end soon."""

    def is_gone() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    return wait_until(is_gone)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "Results"
    write_demo_data(folder, DemoPlan(patients=120, providers=3, files=2, rounds=2))
    return folder


def _by_folder(results: Path) -> dict[str, list[Candidate]]:
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates([], results):
        groups.setdefault(str(candidate.folder), []).append(candidate)
    return groups


def test_two_workers_leave_what_one_leaves(fresh: NewSettings, results: Path) -> None:
    seen = []
    for name, workers in (("a", 1), ("b", 2)):
        settings = fresh(name, results_dir=results)
        with Store.prepare(settings) as store:
            report = ingest_paths(store, workers=workers)
            again = ingest_paths(store, workers=workers)
        assert {str(outcome.state) for outcome in report.files} == {"ingested"}
        assert [str(outcome.state) for outcome in again.files] == ["already_ingested"] * 12
        assert sum(outcome.found for outcome in report.files) == 240
        seen.append(contents(settings))
    assert differences(*seen) == []


def test_a_worker_that_dies_costs_the_rest_of_its_provider_until_the_next_run(
    fresh: NewSettings, results: Path
) -> None:
    settings = fresh("d", results_dir=results)
    outcomes: list[tuple[str, str]] = []
    with Store.prepare(settings) as store:
        groups = _by_folder(results)
        reasons: set[tuple[str | None, str | None]] = set()

        def record(candidate: Candidate, outcome: FileOutcome) -> None:
            outcomes.append((candidate.path.name, str(outcome.state)))
            assert outcome.path == candidate.shown
            if outcome.state is FileResult.FAILED:
                reasons.add((outcome.kind, outcome.reason))

        with FileLog(store) as view, Attempts(store, view) as attempts:
            attempts.process_groups(list(groups.values()), 2, _Killed, record)
        assert len(outcomes) == 12
        assert {state for name, state in outcomes if name.endswith("_002.json")} == {"failed"}
        assert reasons == {("worker_lost", "its worker process ended (status -9); ingest again")}
        report = ingest_paths(store, workers=2)
    assert not report.problems
    whole = fresh("w", results_dir=results)
    with Store.prepare(whole) as store:
        ingest_paths(store)
    assert differences(contents(settings), contents(whole)) == []


def test_a_file_that_kills_its_worker_three_times_is_held(fresh: NewSettings, results: Path) -> None:
    settings = fresh("k", results_dir=results)
    states: list[dict[str, tuple[str, str | None, int]]] = []
    with Store.prepare(settings) as store:
        for _ in range(4):
            outcomes: dict[str, tuple[str, str | None, int]] = {}
            groups = _by_folder(results)

            def record(candidate: Candidate, outcome: FileOutcome, outcomes: Any = outcomes) -> None:
                view.record(outcome, candidate.stat)
                outcomes[outcome.path] = str(outcome.state), outcome.kind, outcome.unfinished

            with FileLog(store) as view, Attempts(store, view) as attempts:
                for candidate, outcome in attempts.hold_unfinished([one for group in groups.values() for one in group]):
                    groups[str(candidate.folder)].remove(candidate)
                    record(candidate, outcome)
                attempts.process_groups(list(groups.values()), 2, _Killed, record)
            states.append(outcomes)
    killers = {path for path, (_, kind, number) in states[0].items() if kind == "worker_lost" and number}
    assert len(killers) == 3
    assert [{outcomes[path] for path in killers} for outcomes in states] == [
        {("failed", "worker_lost", 1)},
        {("failed", "worker_lost", 2)},
        {("held", "killed_reader", 3)},
        {("held", "killed_reader", 3)},
    ]
    others = {outcome for path, outcome in states[3].items() if not path.endswith("_002.json")}
    assert others <= {("already_ingested", None, 0), ("ingested", None, 0)}


def _quoting(_store: Store) -> Callable[[Candidate, OnBatch], FileOutcome]:
    def quote(candidate: Candidate, _on_batch: OnBatch) -> FileOutcome:
        raise ValueError(f"a value of {candidate.name}")

    return quote


_QUOTING = """
import sys, test_worker_processes as tests
from webautodash.config import Settings
from webautodash.services.workers import GroupWork, run_groups
store = tests.Store.prepare(Settings.load(database_url=sys.argv[1], _env_file=None))
groups = [[candidate] for candidate in tests.candidates([], tests.Path(sys.argv[2]))]
lost = lambda candidate, status: print("ended with", status)
run_groups(store, groups, 2, GroupWork(tests._quoting, done=lambda *_: None, lost=lost))
"""


def test_an_unexpected_error_ends_a_worker_without_showing_its_values(results: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _QUOTING, f"sqlite:///{tmp_path}/databases", str(results)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["ended with 1"] * 12


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_every_worker_in_the_middle_of_its_file(
    server_url: str, database_prefix: str, tmp_path: Path, workers: int
) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path)
    write_demo_data(clinic.results, DemoPlan(patients=12000, providers=2, files=1))
    process = subprocess.Popen(
        [sys.executable, "-m", "webautodash", "ingest", "--workers", str(workers)],
        env=os.environ | environment(clinic.settings),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while [row["status"] for row in clinic.system_rows("providers")].count("active") < workers:
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr.decode().strip()) == (130, "interrupted")
    assert _ends(process.pid)
    slugs = [row["slug"] for row in clinic.system_rows("providers") if row["status"] == "active"]
    assert sum(clinic.count("extraction_sessions", slug) for slug in slugs) < 2
    report = ingest_paths(clinic.store)
    assert sum(outcome.found for outcome in report.files) == 12000
    assert not report.problems
