"""What the moving line on a terminal costs."""

from benchmarks.bench import Bench
from benchmarks.results import Figure, Findings, Target, ratios
from benchmarks.runs import Finished, on_terminal
from benchmarks.stores import MARIADB


def run(bench: Bench) -> Findings:
    """The ingest on a pseudo terminal, with and without ``--quiet``."""
    plan = bench.sizes.plan
    paths = [str(path) for path in bench.first_round(plan)]
    cpu: dict[str, list[float]] = {"with progress": [], "quiet": []}

    def leg(name: str, *options: str) -> float:
        with bench.place(MARIADB, plan) as here:
            finished: Finished = on_terminal(here, "ingest", *options, *paths)
        cpu[name].append(finished.cpu)
        return finished.seconds

    legs = {"with progress": lambda: leg("with progress"), "quiet": lambda: leg("quiet", "--quiet")}
    wall = bench.interleaved(legs, max(bench.repeat, 5) if bench.repeat > 1 else 1)
    return Findings(
        "Progress on a terminal",
        [
            "The whole command on a pseudo terminal, one worker, with its progress and table and with `--quiet`, in "
            f"turns; the first ingest of {plan.patients:,} patients."
        ],
        [
            Figure("with progress", "CPU s", cpu["with progress"]),
            Figure("--quiet", "CPU s", cpu["quiet"]),
            Figure(
                "CPU time, with to without", "times", ratios(cpu["with progress"], cpu["quiet"]), Target(at_most=1.01)
            ),
            Figure("elapsed time, with to without", "times", ratios(wall["with progress"], wall["quiet"])),
        ],
    )
