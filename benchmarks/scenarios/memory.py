"""How much memory a very large file takes, and very many small ones."""

import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.bench import Bench, NotAvailableError
from benchmarks.results import Figure, Findings, Target
from benchmarks.runs import COMMAND, WrongOutcomeError
from benchmarks.stores import MARIADB, Place
from webautodash.services.demo_data import DemoPlan

_MEGABYTE = 1_000_000
_PAUSE_SECONDS = 0.02
_FIELD = re.compile(r"^(RssAnon|VmHWM):\s+(\d+) kB$", re.MULTILINE)


def run(bench: Bench) -> Findings:
    """The peak of one process, by the kernel's account."""
    if not _FIELD.search(Path("/proc/self/status").read_text()):
        raise NotAvailableError("this kernel does not say how much memory is anonymous")
    large, many = bench.sizes.large_file, bench.sizes.many_files
    path = bench.data(large)[0]
    size = path.stat().st_size
    with bench.place(MARIADB, large) as here:
        figures = _peaks(bench, here, f"one file of {size / _MEGABYTE:,.0f} MB")
    bench.discard(large)
    files = len(bench.data(many))
    with bench.place(MARIADB, many) as here:
        figures += _peaks(bench, here, f"{files:,} new files")
        figures += _peaks(bench, here, f"{files:,} known files")
    bench.discard(many)
    return Findings(
        "Memory",
        [
            f"One process, MariaDB; the file has {_count(large)}, the small ones one each. Anonymous memory is what "
            "the process itself holds; the peak of all resident pages has the page cache's of the mapped file too.",
        ],
        figures,
    )


def _count(plan: DemoPlan) -> str:
    return f"{plan.patients:,} patients"


def _peaks(bench: Bench, here: Place, what: str) -> list[Figure]:
    bench.say(f"  {what}")
    begin = time.perf_counter()
    anonymous = resident = 0
    log = bench.folder / "memory.log"
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [*COMMAND, "ingest", "--quiet"],
            cwd=here.results.parent,
            env=here.environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as child,
    ):
        while child.poll() is None:
            with suppress(OSError):
                found = dict(_FIELD.findall(Path(f"/proc/{child.pid}/status").read_text()))
                anonymous = max(anonymous, int(found.get("RssAnon", 0)))
                resident = max(resident, int(found.get("VmHWM", 0)))
            time.sleep(_PAUSE_SECONDS)
    seconds = time.perf_counter() - begin
    if child.returncode:
        raise WrongOutcomeError(f"{what}: status {child.returncode}: {log.read_text()[-600:]}")
    return [
        Figure(f"{what}: peak anonymous memory", "MB", [anonymous * 1024 / _MEGABYTE], Target(at_most=250)),
        Figure(f"{what}: peak of all resident pages", "MB", [resident * 1024 / _MEGABYTE]),
        Figure(f"{what}: time", "s", [seconds]),
    ]
