"""The first ingest, against the server's own limit and against what others do with the same files."""

from collections.abc import Callable
from functools import partial

from benchmarks.bench import Bench, NotAvailableError
from benchmarks.limit import limit_of
from benchmarks.others import dlt_load, row_by_row
from benchmarks.results import Figure, Findings, Target, per_second, ratios
from benchmarks.runs import command, ingest
from benchmarks.stores import MARIADB, Place

_LIMIT, _ROWS, _DLT = "LOAD DATA LOCAL INFILE", "one INSERT and one commit a row", "dlt append"
_ONE, _TWO = "ingest, one worker", "ingest, two workers"


def run(bench: Bench) -> Findings:
    """How near the ingest comes to the limit, and how far the others stay behind."""
    sizes = bench.sizes
    plan = sizes.plan
    paths = bench.first_round(plan)
    with bench.place(MARIADB, plan) as source:
        ingest(source, paths)
        load, rows = limit_of(bench, source)
        legs: dict[str, Callable[[], float]] = {
            _LIMIT: load,
            _ONE: partial(_inside, bench, 1),
            _TWO: partial(_inside, bench, 2),
            f"{_ONE}, whole process": partial(_whole, bench, 1),
            f"{_TWO}, whole process": partial(_whole, bench, 2),
            _ROWS: row_by_row(source, sizes.row_sample),
        }
        missing = ""
        try:
            legs[_DLT] = dlt_load(bench, source, [paths], sizes.append_sample)
        except NotAvailableError as error:
            missing = str(error)
        seconds = bench.interleaved(legs)
    patients = {_ROWS: sizes.row_sample, _DLT: sizes.append_sample}
    samples = {_ROWS: f"{sizes.row_sample:,} patients", _DLT: f"{sizes.append_sample:,} patients"}
    targets = {_ONE: Target(at_least=0.40, wish=0.45), _TWO: Target(at_least=0.60, wish=0.75)}
    figures = [
        Figure(name, "patients/s", per_second(patients.get(name, plan.patients), spent), note=samples.get(name, ""))
        for name, spent in seconds.items()
    ]
    figures += [
        Figure(f"{name}: share of the limit", "of the limit", ratios(seconds[_LIMIT], spent), targets.get(name))
        for name, spent in seconds.items()
        if name.startswith("ingest")
    ]
    speed = per_second(plan.patients, seconds[_ONE])
    figures += [
        Figure(f"{_ONE}, to {name}", "times", ratios(speed, per_second(patients[name], seconds[name])))
        for name in (_ROWS, _DLT)
        if name in seconds
    ]
    if missing:
        figures.append(Figure(_DLT, "patients/s", missing=missing))
    return Findings(
        f"First ingest of {plan.patients:,} patients in {len(paths)} files of {plan.providers} providers, MariaDB",
        [
            f"{rows:,} rows, {rows / plan.patients:.1f} a patient. The limit loads these very rows (checked: equal "
            "`CHECKSUM TABLE`) into databases made by the same migrations, keys and checks on, in the order of their "
            "keys, over one connection; text ready beforehand, the statements' time alone.",
            "The ingest is measured from reading the first file to the last commit, as a call; as in the limit the "
            "databases are there before. The whole process has the interpreter's start, the system database, the "
            "registration of the providers and the making of their databases as well.",
            "The others are measured on the first patients of the same files: rows sent one by one over one open "
            "connection, everything else left out; dlt from reading the file on.",
        ],
        figures,
    )


def _inside(bench: Bench, workers: int) -> float:
    plan = bench.sizes.plan
    with bench.place(MARIADB, plan) as here:
        return ingest(here, bench.first_round(plan), workers=workers, registered=True)


def _whole(bench: Bench, workers: int) -> float:
    plan = bench.sizes.plan
    with bench.place(MARIADB, plan) as here:
        return _command(here, bench, workers)


def _command(here: Place, bench: Bench, workers: int) -> float:
    paths = [str(path) for path in bench.first_round(bench.sizes.plan)]
    return command(here, "ingest", "--quiet", "--workers", str(workers), *paths).seconds
