"""Every stored row against its checksum."""

import re
from functools import partial

from benchmarks.bench import Bench, NotAvailableError
from benchmarks.memory_of import watched
from benchmarks.results import Figure, Findings, Target
from benchmarks.runs import WrongOutcomeError, command
from benchmarks.stores import MARIADB, SQLITE, Place

_MEGABYTE = 1_000_000
_SAID = re.compile(r": ([0-9,]+) extractions, ([0-9,]+) rows, all unchanged")


def run(bench: Bench) -> Findings:
    """How long `webautodash verify` takes, and how much memory."""
    plan = bench.sizes.verified
    figures, rows = [], 0
    peaks: list[float] = []
    for product in (MARIADB, SQLITE):
        bench.data(plan)
        try:
            with bench.place(product, plan) as here:
                bench.say(f"  ingesting {plan.patients:,} patients into {product} beforehand")
                command(here, "ingest", "--quiet")
                seconds = bench.interleaved({product: partial(_verify, here)})[product]
                done = watched(here, "verify")
                rows = _counted(done.out)
                peaks.append(done.peak.resident / _MEGABYTE)
        except NotAvailableError as reason:
            figures.append(Figure(product, "s", missing=str(reason)))
            continue
        figures.append(Figure(f"{product}: verify, whole process", "s", seconds, Target(at_most=60)))
    bench.discard(plan)
    return Findings(
        f"Verifying {plan.patients:,} extractions",
        [f"One provider, {rows:,} rows of the four lists; every checksum is computed anew from what is read."],
        [*figures, Figure("peak of all resident pages, both products", "MB", peaks, Target(at_most=250))],
    )


def _verify(here: Place) -> float:
    return command(here, "verify").seconds


def _counted(out: str) -> int:
    said = _SAID.search(out)
    if said is None:
        raise WrongOutcomeError("verify found differences in what was just stored")
    return int(said[2].replace(",", ""))
