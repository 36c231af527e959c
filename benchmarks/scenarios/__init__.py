"""The scenarios by name, in the order in which they run."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.results import Findings
from benchmarks.scenarios import (
    first,
    fleet,
    growth,
    known,
    memory,
    profile,
    progress,
    search,
    second,
    sqlite,
    start,
    verify,
    watch,
)


@dataclass(frozen=True)
class Scenario:
    """``run`` measures it; a long one runs only when it is named, or in a full run."""

    run: Callable[[Bench], Findings]
    long: bool = False
    grows: bool = False
    """Whether a full run measures it further than the default; both are kept."""


SCENARIOS = {
    "first": Scenario(first.run),
    "second": Scenario(second.run),
    "known": Scenario(known.run),
    "growth": Scenario(growth.patients, grows=True),
    "providers": Scenario(growth.providers, grows=True),
    "fleet": Scenario(fleet.run),
    "start": Scenario(start.run),
    "profile": Scenario(profile.run),
    "progress": Scenario(progress.run),
    "sqlite": Scenario(sqlite.run),
    "verify": Scenario(verify.run),
    "search": Scenario(search.run, long=True),
    "watch": Scenario(watch.run, long=True),
    "memory": Scenario(memory.run, long=True),
}
