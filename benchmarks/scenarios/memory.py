"""How much memory a very large file takes, and very many small ones."""

from benchmarks.bench import Bench
from benchmarks.memory_of import watched
from benchmarks.results import Figure, Findings, Target
from benchmarks.stores import MARIADB, Place
from webautodash.services.demo import DemoPlan

_MEGABYTE = 1_000_000


def run(bench: Bench) -> Findings:
    """The peak of one process, by the kernel's account."""
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
    done = watched(here, "ingest", "--quiet")
    return [
        Figure(f"{what}: peak anonymous memory", "MB", [done.peak.anonymous / _MEGABYTE], Target(at_most=250)),
        Figure(f"{what}: peak of all resident pages", "MB", [done.peak.resident / _MEGABYTE]),
        Figure(f"{what}: time", "s", [done.seconds]),
    ]
