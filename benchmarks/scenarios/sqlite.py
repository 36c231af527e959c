"""First and second ingest into SQLite files."""

from benchmarks.bench import Bench
from benchmarks.limit import limit_of
from benchmarks.results import Figure, Findings, per_second, ratios
from benchmarks.runs import ingest
from benchmarks.stores import SQLITE

_LIMIT, _ONE, _TWO = "executemany of ready tuples", "ingest, one worker", "ingest, two workers"


def run(bench: Bench) -> Findings:
    """Against `executemany` of the same rows in one transaction a database."""
    plan = bench.sizes.plan
    first, second = bench.first_round(plan), bench.second_round(plan)
    following: list[float] = []

    def one() -> float:
        with bench.place(SQLITE, plan) as here:
            seconds = ingest(here, first)
            following.append(ingest(here, second))
        return seconds

    def two() -> float:
        with bench.place(SQLITE, plan) as here:
            return ingest(here, first, workers=2)

    with bench.place(SQLITE, plan) as source:
        ingest(source, first)
        load, rows = limit_of(bench, source)
        seconds = bench.interleaved({_LIMIT: load, _ONE: one, _TWO: two})
    return Findings(
        f"First and second extraction of {plan.patients:,} patients, SQLite",
        [f"{rows:,} rows. SQLite has no LOAD DATA: the limit is the driver's `executemany` of the same ready tuples."],
        [
            *(Figure(name, "patients/s", per_second(plan.patients, spent)) for name, spent in seconds.items()),
            Figure("second extraction, one worker", "patients/s", per_second(plan.patients, following)),
            Figure(f"{_ONE}: share of the limit", "of the limit", ratios(seconds[_LIMIT], seconds[_ONE])),
            Figure(f"{_TWO}: share of the limit", "of the limit", ratios(seconds[_LIMIT], seconds[_TWO])),
            Figure("second to first", "times", ratios(seconds[_ONE], following)),
        ],
    )
