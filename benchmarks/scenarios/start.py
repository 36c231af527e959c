"""How long the command takes to say anything."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.results import Figure, Findings, Target
from benchmarks.runs import command, ingest
from benchmarks.stores import MARIADB, SQLITE, Place
from webautodash.services.demo import DemoPlan

_SMALL_STORE = DemoPlan(patients=100, providers=2)
_HELP = "webautodash --help"


def run(bench: Bench) -> Findings:
    """The help, and the statistics of a small store on each product."""
    repeat = max(bench.sizes.starts, bench.repeat)
    figures = []
    for product in bench.urls:
        with bench.place(product, _SMALL_STORE) as here:
            ingest(here, bench.data(_SMALL_STORE))
            stats = f"webautodash stats, {product}"
            legs = {stats: partial(_seconds, here, "stats")}
            if product == SQLITE:
                legs[_HELP] = partial(_seconds, here, "--help")
            seconds = bench.interleaved(legs, repeat)
        if product == SQLITE:
            figures.append(Figure(_HELP, "s", seconds[_HELP], Target(at_most=0.3)))
        figures.append(Figure(stats, "s", seconds[stats], Target(at_most=0.8)))
    if MARIADB not in bench.urls:
        missing = bench.missing.get(MARIADB, "")
        figures.append(Figure(f"webautodash stats, {MARIADB}", "s", target=Target(at_most=0.8), missing=missing))
    return Findings("Start", [f"Whole processes; a store of {_SMALL_STORE.patients} patients of 2 providers."], figures)


def _seconds(here: Place, word: str) -> float:
    return command(here, word).seconds
