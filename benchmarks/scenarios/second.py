"""The second extraction of the same patients, most of them unchanged."""

from benchmarks.bench import Bench, NotAvailableError
from benchmarks.others import dlt_load
from benchmarks.results import Figure, Findings, Target, per_second, ratios
from benchmarks.runs import ingest
from benchmarks.stores import MARIADB

_MERGE = "dlt merge of a second extraction"


def run(bench: Bench) -> Findings:
    """How much faster a second extraction goes than the first."""
    sizes = bench.sizes
    plan = sizes.plan
    rounds = [bench.first_round(plan), bench.second_round(plan)]
    following: list[float] = []

    def both() -> float:
        with bench.place(MARIADB, plan) as here:
            seconds = ingest(here, rounds[0])
            following.append(ingest(here, rounds[1]))
        return seconds

    with bench.place(MARIADB, plan) as source:
        legs = {"first ingest": both}
        missing = ""
        try:
            legs[_MERGE] = dlt_load(bench, source, rounds, sizes.merge_sample)
        except NotAvailableError as error:
            missing = str(error)
        seconds = bench.interleaved(legs)
    figures = [
        Figure("first extraction, one worker", "patients/s", per_second(plan.patients, seconds["first ingest"])),
        Figure("second extraction, one worker", "patients/s", per_second(plan.patients, following)),
        Figure("second to first", "times", ratios(seconds["first ingest"], following), Target(at_least=4)),
    ]
    if missing:
        figures.append(Figure(_MERGE, "patients/s", missing=missing))
    else:
        merged = per_second(sizes.merge_sample, seconds[_MERGE])
        note = f"{sizes.merge_sample:,} patients, key prn"
        figures.append(Figure(_MERGE, "patients/s", merged, note=note))
        speed = per_second(plan.patients, following)
        figures.append(Figure("second extraction, one worker, to dlt merge", "times", ratios(speed, merged)))
    return Findings(
        f"Second extraction of {plan.patients:,} patients, {plan.changed:.0%} changed, MariaDB",
        ["All UUIDs and the order of all rows differ, as between two visits to a portal."],
        figures,
    )
