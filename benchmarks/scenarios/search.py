"""Searches of patients in one large database, and what their indexes cost an ingest."""

from datetime import UTC, date, datetime
from time import perf_counter

from benchmarks.bench import Bench, NotAvailableError
from benchmarks.results import Figure, Findings, Target, ratios
from benchmarks.runs import ingest
from benchmarks.stores import Place
from webautodash.repositories.patient_search import PatientFilter
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.review import patients
from webautodash.services.setup import set_up
from webautodash.services.store import Store

_TIMES = 5
# The index of the target's foreign key is there without the searches.
_INDEXES = {
    "ix_patients_name_key": "patients",
    "ix_patients_last_name_key": "patients",
    "ix_patients_date_of_birth": "patients",
    "ix_medications_medication_name": "medications",
    "ix_diagnoses_diagnosis_code": "diagnoses",
}
SEARCHES = {
    "everybody": PatientFilter(),
    "a last name": PatientFilter(name="sorensen"),
    "the beginning of names": PatientFilter(name="d"),
    "a whole name": PatientFilter(name="wetherby joan"),
    "a birth date": PatientFilter(born=date(1966, 3, 10)),
    "a medication": PatientFilter(medication="lisinopril"),
    "a medication and its strength": PatientFilter(medication="lisinopril 2.5 mg oral tablet"),
    "a medication that nobody has": PatientFilter(medication="zzz"),
    "a diagnosis": PatientFilter(diagnosis="M10"),
    "a code that nobody has": PatientFilter(diagnosis="Z99"),
    "seen lately": PatientFilter(seen_since=datetime(2020, 1, 1, tzinfo=UTC)),
    "not seen lately": PatientFilter(seen_since=datetime(2090, 1, 1, tzinfo=UTC)),
    "all five": PatientFilter("wetherby", date(1966, 3, 10), "lisinopril", "I10", datetime(2020, 1, 1, tzinfo=UTC)),
    "a name, a medication, a diagnosis": PatientFilter("wetherby", None, "lisinopril", "I10"),
}


def run(bench: Bench) -> Findings:
    """Each search on each product, and an ingest with and without the indexes."""
    plan = bench.sizes.searched
    figures: list[Figure] = []
    for product in bench.urls:
        with bench.place(product, plan) as here:
            bench.say(f"  ingesting {plan.patients:,} patients into {product} beforehand")
            ingest(here, bench.data(plan))
            figures += searches(here)
    bench.discard(plan)
    for product in bench.urls:
        figures.append(_cost(bench, product))
    return Findings(
        f"Searches of {plan.patients:,} patients",
        [
            "The first page of 50, in a store that is open. The names, medications and codes of the demonstration data "
            "are few, so most searches match thousands of patients.",
            "The cost is the time of a first ingest by the time of one into tables without the indexes, in turns.",
        ],
        figures,
    )


def searches(here: Place) -> list[Figure]:
    """The milliseconds of each search of the only provider."""
    figures = []
    with Store.open(here.settings) as store:
        (provider,) = store.providers()
        for name, wanted in SEARCHES.items():
            patients.search(store, provider.slug, wanted)
            spent = []
            for _ in range(_TIMES):
                begin = perf_counter()
                patients.search(store, provider.slug, wanted)
                spent.append((perf_counter() - begin) * 1000)
            figures.append(Figure(f"{here.product}, {name}", "ms", spent, Target(at_most=100)))
    return figures


def _cost(bench: Bench, product: str) -> Figure:
    plan = bench.sizes.plan
    paths = bench.first_round(plan)
    if product not in bench.urls:
        raise NotAvailableError(product)

    def leg(*, indexes: bool) -> float:
        with bench.place(product, plan) as here:
            set_up(here.settings, ingest=False)
            if not indexes:
                _drop_indexes(here)
            return ingest(here, paths)

    seconds = bench.interleaved({"with": lambda: leg(indexes=True), "without": lambda: leg(indexes=False)})
    return Figure(
        f"{product}, ingest with the indexes to without", "times", ratios(seconds["with"], seconds["without"])
    )


def _drop_indexes(here: Place) -> None:
    with Store.open(here.settings) as store:
        for provider in store.providers():
            with store.server.database(provider.database_name, ProviderWork).migrating() as work:
                connection = work.session.connection()
                for index, table in _INDEXES.items():
                    on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
                    connection.exec_driver_sql(f"DROP INDEX {index}{on}")
