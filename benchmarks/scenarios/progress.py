"""What the moving line on a terminal costs."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.results import Figure, Findings, Target, ratios
from benchmarks.runs import Finished, on_terminal
from benchmarks.stores import MARIADB


def run(bench: Bench) -> Findings:
    """The ingest on a pseudo terminal, with and without its progress there."""
    plan = bench.sizes.plan
    paths = [str(path) for path in bench.first_round(plan)]
    cpu: dict[str, list[float]] = {"with progress": [], "without": []}

    def leg(name: str) -> float:
        with bench.place(MARIADB, plan) as here:
            finished: Finished = on_terminal(here, "ingest", *paths, progress=name == "with progress")
        cpu[name].append(finished.cpu)
        return finished.seconds

    legs = {name: partial(leg, name) for name in cpu}
    wall = bench.interleaved(legs, max(bench.repeat, 5) if bench.repeat > 1 else 1)
    return Findings(
        "Progress on a terminal",
        [
            "The whole command on a pseudo terminal, one worker, its progress there or nowhere, in turns; the first "
            f"ingest of {plan.patients:,} patients."
        ],
        [
            Figure("with progress", "CPU s", cpu["with progress"]),
            Figure("without", "CPU s", cpu["without"]),
            Figure(
                "CPU time, with to without", "times", ratios(cpu["with progress"], cpu["without"]), Target(at_most=1.01)
            ),
            Figure("elapsed time, with to without", "times", ratios(wall["with progress"], wall["without"])),
        ],
    )
