"""Migrations over many databases: one worker, two, and a fleet that has nothing to do."""

from functools import partial
from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.results import Figure, Findings, Target
from benchmarks.runs import WrongOutcomeError
from benchmarks.stores import MARIADB, Place
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services import fleet, revisions
from webautodash.services.fleet import Plan, RevisionStatus
from webautodash.services.registry import register
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_ONE, _TWO, _HEAD = "one worker", "two workers", "all at head"
_HISTORY = SchemaHistory.PROVIDER


def run(bench: Bench) -> Findings:
    """Databases one revision behind, brought to head; a larger fleet at head, looked at."""
    behind, at_head = bench.sizes.fleet_behind, bench.sizes.fleet_at_head
    with bench.place(MARIADB, bench.sizes.known) as here:
        _make(bench, here, behind)
        seconds = bench.interleaved({_ONE: partial(_up, here, behind, 1), _TWO: partial(_up, here, behind, 2)})
        drifted = _drifted(here)
        _make(bench, here, at_head)
        seconds |= bench.interleaved({_HEAD: partial(_look, here, at_head)})
    times = [one / two for one, two in zip(seconds[_ONE], seconds[_TWO], strict=True)]
    return Findings(
        f"Migrations: {behind:,} databases one revision behind, {at_head:,} at head, MariaDB",
        [
            "`migrate up` as a call, with its ledger and leases. Before each repetition every database goes one "
            "revision back. Afterwards each is compared with a clean install."
        ],
        [
            Figure(_ONE, "databases/s", [behind / each for each in seconds[_ONE]]),
            Figure(_TWO, "databases/s", [behind / each for each in seconds[_TWO]]),
            Figure(f"{_TWO}, to one", "times", times, Target(at_least=1.5)),
            Figure("databases that are not as a clean install", "databases", [float(drifted)], Target(at_most=0)),
            Figure(f"{at_head:,} {_HEAD}", "s", seconds[_HEAD], Target(at_most=3)),
        ],
    )


def _make(bench: Bench, here: Place, number: int) -> None:
    with Store.prepare(here.settings) as store:
        there = len(store.providers())
        bench.say(f"  making {number - there:,} databases")
        for place in range(there, number):
            register(store, f"Clinic {place:05}")


def _up(here: Place, number: int, workers: int) -> float:
    before = revisions.all_revisions(_HISTORY)[-2]
    with Store.open(here.settings) as store:
        for provider in store.providers():
            revisions.downgrade(store.server.database(provider.database_name, ProviderWork), _HISTORY, before)
        begin = perf_counter()
        report = fleet.upgrade_all(store, Plan(workers=workers))
        seconds = perf_counter() - begin
    if sum(result.done for result in report.results) != number:
        raise WrongOutcomeError(f"not all of {number} databases were migrated: {report.failures[:3]}")
    return seconds


def _drifted(here: Place) -> int:
    with Store.open(here.settings) as store:
        return sum(bool(report.differences or report.error) for report in fleet.check_all(store))


def _look(here: Place, number: int) -> float:
    with Store.open(here.settings) as store:
        begin = perf_counter()
        report = fleet.upgrade_all(store, Plan())
        seconds = perf_counter() - begin
        standing = fleet.overview(store)
    if report.run is not None or [each.state for each in standing] != [RevisionStatus.CURRENT] * (number + 1):
        raise WrongOutcomeError(f"not all of {number} databases were at head")
    return seconds
