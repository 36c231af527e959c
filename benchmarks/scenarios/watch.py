"""A monitor over very many known files: what a pass costs that finds nothing, and how soon a new file is stored."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from benchmarks.bench import Bench
from benchmarks.memory_of import memory_of
from benchmarks.results import Figure, Findings, Target
from benchmarks.runs import COMMAND, WrongOutcomeError, command
from benchmarks.stores import MARIADB, Place
from webautodash.services.demo import DemoPlan, write_demo_data
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store

_INTERVAL, _SETTLE = 2.0, 2.0
_PASSES, _NEW_FILES = 5, 5
_PATIENCE_SECONDS = 120


def run(bench: Bench) -> Findings:
    """The seconds of idle passes, the memory, and the time from a file's settling to its commit."""
    plan = bench.sizes.watched
    files = len(bench.data(plan))
    with bench.place(MARIADB, plan) as here:
        bench.say(f"  ingesting {files:,} small files beforehand")
        # One that was written just before would be read once more: its time does not tell a later change.
        sleep(_SETTLE + 0.5)
        command(here, "ingest", "--quiet", "--workers", "2")
        with _monitor(here) as monitor:
            passes = _idle_passes(here, files)
            resident = memory_of(monitor.pid).resident
            late = [_late(here, bench.folder, number) for number in range(_NEW_FILES)]
    bench.discard(plan)
    return Findings(
        f"{files:,} known files watched, MariaDB",
        [
            f"`webautodash monitor --interval {_INTERVAL:g}` as a process, one patient a file. A pass is what the "
            "monitor itself says of it. A new file is renamed into place; it has settled settle_seconds later, and is "
            "stored when its session can be read."
        ],
        [
            Figure("an idle pass", "s", passes, Target(at_most=1)),
            Figure("peak memory, resident", "MB", [resident / 1_000_000], Target(at_most=100)),
            Figure("from a file's settling to its commit, beyond the interval", "s", late, Target(at_most=1)),
        ],
    )


@contextmanager
def _monitor(here: Place) -> Iterator["subprocess.Popen[bytes]"]:
    words = [*COMMAND, "monitor", "--quiet", "--interval", str(_INTERVAL)]
    with subprocess.Popen(
        words, env=here.environment | {"WEBAUTODASH_SETTLE_SECONDS": str(_SETTLE)}, stderr=subprocess.DEVNULL
    ) as monitor:
        try:
            yield monitor
        finally:
            monitor.terminate()
            if monitor.wait(_PATIENCE_SECONDS) != 0:
                raise WrongOutcomeError(f"the monitor ended with {monitor.returncode}")


def _idle_passes(here: Place, files: int) -> list[float]:
    """The first pass asks the databases about every file; those after it are idle."""
    seconds: list[float] = []
    seen = 1
    end = monotonic() + _PATIENCE_SECONDS
    while len(seconds) < _PASSES:
        if monotonic() > end:
            raise WrongOutcomeError(f"only {len(seconds)} idle passes in {_PATIENCE_SECONDS} s")
        sleep(_INTERVAL / 2)
        (monitor,) = json.loads(command(here, "status", "--json").out)["monitoring_status"]["monitors"]
        if monitor["passes"] > seen:
            seen = monitor["passes"]
            if (monitor["files_found"], monitor["files_taken"]) != (files, 0):
                raise WrongOutcomeError(f"a pass found {monitor['files_found']} files and took some")
            seconds.append(monitor["last_pass_seconds"])
    return seconds


def _late(here: Place, folder: Path, number: int) -> float:
    """Seconds from a new file's settling to its commit, less the interval."""
    made = folder / "new"
    (file,) = write_demo_data(made, DemoPlan(patients=1, providers=1, seed=1000 + number))
    with Store.open(here.settings) as store:
        provider = resolve_provider(store, file.parent.name)
        database = store.provider_database(provider)
        with database.reading() as work:
            before = work.sessions.counts()[0]
        # Anywhere between two passes.
        sleep(_INTERVAL * number / _NEW_FILES)
        begin = monotonic()
        file.rename(here.results / file.parent.name / f"new_{number}.json")
        while True:
            with database.reading() as work:
                if work.sessions.counts()[0] > before:
                    return monotonic() - begin - _SETTLE - _INTERVAL
            if monotonic() - begin > _PATIENCE_SECONDS:
                raise WrongOutcomeError("a new file was not taken")
            sleep(0.02)
