"""Files that are all known: the pass that a monitor makes again and again."""

import sys
from functools import partial
from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.results import Figure, Findings, Target
from benchmarks.runs import WrongOutcomeError, command, expect, process
from benchmarks.stores import MARIADB, Place
from webautodash.domain.file_state_transitions import FileResult
from webautodash.services.ingest import ingest_paths
from webautodash.services.store import Store

_INSIDE, _PASS, _REHASH = "a pass", "a pass, whole process", "a pass with --rehash, whole process"


def run(bench: Bench) -> Findings:
    """How long a pass takes that finds nothing new, and how many files it opens."""
    plan = bench.sizes.known
    files = len(bench.data(plan))
    with bench.place(MARIADB, plan) as here:
        bench.say(f"  ingesting {files:,} small files beforehand")
        command(here, "ingest", "--quiet", "--workers", "2")
        can_rehash = "--rehash" in command(here, "ingest", "--help").out
        legs = {_INSIDE: partial(_inside, here, files), _PASS: partial(_known, here, files)}
        if can_rehash:
            legs[_REHASH] = partial(_known, here, files, "--rehash")
        seconds = bench.interleaved(legs)
        opened = float(_opened(here))
        reread = [float(_opened(here, "--rehash"))] if can_rehash else []
    bench.discard(plan)
    missing = "" if can_rehash else "`webautodash ingest` has no --rehash"
    return Findings(
        f"{files:,} known files, MariaDB",
        [
            "One patient a file; a pass is a call in an open store, or the whole command. Files opened are counted by "
            "an audit hook, in a run of its own."
        ],
        [
            Figure(_INSIDE, "s", seconds[_INSIDE], Target(at_most=1)),
            Figure(_PASS, "s", seconds[_PASS], Target(at_most=1)),
            Figure("files opened in a pass", "files", [opened], Target(at_most=0)),
            Figure(_REHASH, "s", seconds.get(_REHASH, []), missing=missing),
            Figure("files opened with --rehash", "files", reread, Target(at_least=files), missing=missing),
        ],
    )


def _inside(here: Place, files: int) -> float:
    with Store.prepare(here.settings) as store:
        begin = perf_counter()
        report = ingest_paths(store)
        seconds = perf_counter() - begin
    expect(report, files, FileResult.ALREADY_INGESTED)
    return seconds


def _known(here: Place, files: int, *options: str) -> float:
    finished = command(here, "ingest", *options)
    if f"{files} files, all ingested before" not in finished.out:
        raise WrongOutcomeError(f"not all of {files} files were known: {finished.out[-300:]}")
    return finished.seconds


def _opened(here: Place, *options: str) -> int:
    finished = process([sys.executable, "-m", "benchmarks.opened", "ingest", "--quiet", *options], here)
    return int(finished.out.split()[-1])
