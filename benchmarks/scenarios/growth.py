"""Whether a patient takes longer in a larger store, and a file with more providers."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.results import Figure, Findings, Target
from benchmarks.runs import expect, ingest
from webautodash.domain.file_state_transitions import FileResult
from webautodash.services.demo import DemoPlan, provider_name
from webautodash.services.ingest import ingest_paths
from webautodash.services.registry import register
from webautodash.services.store import Store

_NEAR = 0.25


def patients(bench: Bench) -> Findings:
    """One provider's database, file by file: the time of each by the number of patients that are there after it."""
    plan, marks = bench.sizes.growth, bench.sizes.growth_marks
    paths = bench.data(plan)
    each = plan.patients // plan.files
    figures: list[Figure] = []
    curves: dict[str, list[tuple[float, float]]] = {}
    for product in bench.urls:
        runs = []
        for number in range(bench.repeat):
            bench.say(f"  {number + 1}. {product}: {plan.patients:,} patients in {len(paths)} files")
            runs.append(_one_by_one(bench, product, plan))
        # A median over the repetitions, file by file.
        times = [median(run[position] for run in runs) / each for position in range(len(paths))]
        curves[product] = [(each * (position + 1), 1 / spent) for position, spent in enumerate(times)]
        near = {mark: [spent * 1000 for run in runs for spent in _near(run, mark, each)] for mark in marks}
        figures += [Figure(f"{product}, near {mark:,} patients", "ms a patient", near[mark]) for mark in marks]
        growth = median(near[marks[-1]]) / median(near[marks[0]])
        what = f"{product}, {marks[-1]:,} to {marks[0]:,} patients"
        figures.append(Figure(what, "times", [growth], Target(at_most=1.15)))
    bench.discard(plan)
    return Findings(
        f"Growth: one provider's database up to {plan.patients:,} patients",
        [
            f"Files of {each:,} new patients, one after the other in one process; the provider was registered "
            f"beforehand. Near a number are the files that end within {_NEAR:.0%} of it."
        ],
        figures,
        curves=curves,
    )


def _one_by_one(bench: Bench, product: str, plan: DemoPlan) -> list[float]:
    seconds = []
    paths = bench.data(plan)
    with bench.place(product, plan) as here, Store.prepare(here.settings) as store:
        register(store, provider_name(0), folder=paths[0].parent.name)
        for path in paths:
            begin = perf_counter()
            report = ingest_paths(store, [path])
            seconds.append(perf_counter() - begin)
            expect(report, 1, FileResult.INGESTED)
    return seconds


def _near(run: Sequence[float], mark: int, each: int) -> list[float]:
    ends = [(each * (position + 1), spent / each) for position, spent in enumerate(run)]
    return [spent for end, spent in ends if abs(end - mark) <= _NEAR * mark] or [
        min(ends, key=lambda pair: abs(pair[0] - mark))[1]
    ]


def providers(bench: Bench) -> Findings:
    """More and more providers with one new file each: making their databases, and with the databases there."""
    sizes = bench.sizes
    figures: list[Figure] = []
    curves: dict[str, list[tuple[float, float]]] = {}
    for product in bench.urls:
        making: dict[int, list[float]] = {number: [] for number in sizes.providers}
        adding: dict[int, list[float]] = {number: [] for number in sizes.providers}
        for turn in range(bench.repeat):
            for number in sizes.providers:
                bench.say(f"  {turn + 1}. {product}: {number} providers")
                first, *later = _passes(bench, product, _plan(bench, number))
                making[number].append(first)
                adding[number] += later
        for what, spent in (("new databases", making), ("databases there", adding)):
            curves[f"{product}, {what}"] = [
                (number, sizes.provider_file * 1000 / median(times)) for number, times in spent.items()
            ]
            figures += [
                Figure(f"{product}, {what}, {number} provider{'s' * (number > 1)}", "ms a file", times)
                for number, times in spent.items()
            ]
        least, most = sizes.providers[0], sizes.providers[-1]
        growth = median(adding[most]) / median(adding[least])
        what = f"{product}, databases there, {most} to {least}"
        figures.append(Figure(what, "times", [growth], Target(at_most=1.25)))
    for number in sizes.providers:
        bench.discard(_plan(bench, number))
    return Findings(
        f"Growth: up to {sizes.providers[-1]} providers",
        [
            f"Every pass brings one new file of {sizes.provider_file} patients a provider, in a store opened anew, so "
            "that each file opens its database; the first pass makes the databases. One worker."
        ],
        figures,
        curves=curves,
    )


def _plan(bench: Bench, number: int) -> DemoPlan:
    """A file a provider and pass. A pass of few files says little: there are more of them."""
    sizes = bench.sizes
    passes = sizes.provider_passes * max(1, min(5, sizes.providers[-1] // number))
    return DemoPlan(patients=number * passes * sizes.provider_file, providers=number, files=passes)


def _passes(bench: Bench, product: str, plan: DemoPlan) -> list[float]:
    """Milliseconds a file of each pass."""
    paths = bench.data(plan)
    with bench.place(product, plan) as here:
        # The files of a plan stand by provider, and by number within it.
        return [ingest(here, paths[at :: plan.files]) * 1000 / plan.providers for at in range(plan.files)]
