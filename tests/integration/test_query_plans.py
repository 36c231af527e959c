"""Queries that run per file or per batch read no whole table, by the plans of the server."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import Connection, Engine, event

from webautodash.domain.dates import DateOrder
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.repositories.conflicts import ConflictFilter
from webautodash.repositories.patient_search import PatientFilter
from webautodash.repositories.providers import ProviderIdentity, ProviderRepository
from webautodash.services.ingest import file_log, ingest_paths
from webautodash.services.registry import add_alias, register, resolve_provider
from webautodash.services.review import conflicts, patients, retry_set_aside

PATIENTS = 4_000
PROVIDERS = 300
SESSIONS = 40
# The first rows by their key are no whole table.
_FIRST = re.compile(r"FROM extraction_sessions\s+ORDER BY extraction_sessions.id\s+LIMIT")
_TOTALS = re.compile(r"SELECT count\(extraction_sessions\.id\)")
_BIG = {
    *("patients", "patient_extractions", "medications", "diagnoses", "allergies", "health_concerns"),
    *("other_records", "data_conflicts", "extraction_sessions", "set_aside_patients", "ingested_files", "system_logs"),
    *("providers", "provider_aliases"),
}


class Lookup(NamedTuple):
    """A statement that reads, and its database."""

    engine: Engine
    statement: str
    parameters: Any


@pytest.fixture
def many_providers(clinic: Clinic) -> Clinic:
    """A registry of hundreds of providers."""
    # The first database of a test run is counted for a template.
    register(clinic.store, "Ann First")
    with clinic.store.system.session() as session:
        repository = ProviderRepository(session)
        for number in range(PROVIDERS):
            slug = f"other_{number}"
            identity = ProviderIdentity(
                uuid4().hex, f"Other {number}", slug, None, DateOrder.MDY, aliases=(f"Alias {number}",)
            )
            repository.add(identity, slug, ProviderStatus.ACTIVE)
        session.commit()
    _analyze(clinic.store.system.engine)
    return clinic


def _fill(clinic: Clinic, patients: int) -> None:
    """Store many patients and many files of one provider."""
    clinic.ingest(a_file(*_patients(0, patients), at="2024-01-01T00:00:00"))
    others = [
        clinic.drop(a_file(a_patient(f"S{number}"), at="2024-01-02T00:00:00", medication=f"M{number}"))
        for number in range(SESSIONS)
    ]
    assert clinic.ingest_states(*others) == ["ingested"] * SESSIONS
    _analyze(clinic.store.system.engine)
    _analyze(clinic.database().engine)


def _patients(first: int, end: int, drug: str = "Aspirin 81 mg") -> list[dict[str, Any]]:
    return [
        a_patient(
            f"P{number:05}",
            medications=[drug, "Xanax 1 mg"],
            diagnoses=["Gout (M10.079)"],
            allergies=["Latex"],
            health_concerns=["Smoker"],
            lab_results=[{"test_name": "HbA1c", "value": "5.6"}],
        )
        for number in range(first, end)
    ]


def _analyze(engine: Engine) -> None:
    """Update the statistics of the query planner now; SQLite plans without them."""
    if engine.dialect.name != "sqlite":
        with engine.connect() as connection:
            tables = connection.exec_driver_sql("SHOW TABLES").scalars().all()
            connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(tables)}").all()


@contextmanager
def _recorded() -> Iterator[list[Lookup]]:
    lookups: list[Lookup] = []

    def note(connection: Connection, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.startswith("SELECT") and re.search(r"\bFROM\b", statement):
            lookups.append(Lookup(connection.engine, statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield lookups
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _scans(lookups: list[Lookup]) -> set[str]:
    """The queries that read a whole table or index, each with the name of the table."""
    found = set()
    for lookup in lookups:
        for table in _read_whole(lookup) & _BIG:
            few = table == "extraction_sessions" and _FIRST.search(lookup.statement)
            if not (few or (table == "extraction_sessions" and _TOTALS.match(lookup.statement))):
                found.add(f"{table}: {' '.join(lookup.statement.split())}")
    return found


def _read_whole(lookup: Lookup) -> set[str]:
    with lookup.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {lookup.statement}", lookup.parameters).all()
            return {match[1] for row in plan if (match := re.match(r"SCAN (\w+)", row[3]))}
        plan = connection.exec_driver_sql(f"EXPLAIN FORMAT=TRADITIONAL {lookup.statement}", lookup.parameters).all()
        return {str(row.table) for row in plan if row.type in {"ALL", "index"}}


def _asks_for_all(lookup: Lookup) -> bool:
    statement = " ".join(lookup.statement.split())
    if re.search(r"FROM providers( ORDER BY providers.slug| WHERE providers.last_session_id IS NOT NULL)?$", statement):
        return True
    registry = re.search(r"FROM (ingested_files|provider_aliases)\b", lookup.statement)
    # Half of them where a busy machine writes what became of the files in two goes.
    return registry is not None and len(lookup.parameters) >= SESSIONS // 2


def test_no_file_and_no_batch_reads_a_whole_table(many_providers: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    store = many_providers
    _fill(store, PATIENTS)
    # A slow machine writes the states of a few files in between: in so small a table some are found by reading it all.
    monkeypatch.setattr(file_log, "_LONGEST_SECONDS", math.inf)
    changed, same = _patients(0, 300, "Metformin 500 mg"), _patients(300, 500)
    store.drop(a_file(*changed, *same, *_patients(PATIENTS, PATIENTS + 20), at="2025-01-01T00:00:00"))
    store.drop(a_file(*_patients(0, 10, "Metformin 850 mg"), a_patient(None), at="2025-02-01T00:00:00"))
    store.drop(a_file(*_patients(0, 10, "Metformin 850 mg"), at="2025-03-01T00:00:00", provider=None))
    with _recorded() as lookups:
        report = ingest_paths(store.store, [store.results / "gary_wang"])
    assert len(report.files) == SESSIONS + 1 + 3
    assert {file.state for file in report.files} == {"ingested", "already_ingested", "partial"}
    read = {table for lookup in lookups for table in _BIG if re.search(rf"\b{table}\b", lookup.statement)}
    assert read == _BIG - {"set_aside_patients", "system_logs"}
    # Once per run, for any number of files: all providers, and all files of such a small registry.
    whole = [lookup for lookup in lookups if _asks_for_all(lookup)]
    assert len(whole) <= 12
    assert _scans([lookup for lookup in lookups if lookup not in whole]) == set()


def test_a_registration_reads_no_whole_table_but_the_names(many_providers: Clinic) -> None:
    store = many_providers.store
    with _recorded() as lookups:
        register(store, "Samuel Osei")
        add_alias(store, "samuel_osei", "Dr Osei")
    # No index finds names that look alike.
    assert _scans(lookups) == {
        "providers: SELECT providers.id, providers.name FROM providers",
        "provider_aliases: SELECT provider_aliases.provider_id, provider_aliases.name FROM provider_aliases",
    }
    with _recorded() as lookups:
        register(store, "Samuel Osei")
        add_alias(store, "samuel_osei", "Samuel Osei")
    assert _scans(lookups) == set()


def _lists_codes(lookup: Lookup) -> bool:
    return re.match("SELECT DISTINCT diagnoses|WITH RECURSIVE", lookup.statement) is not None


def test_patients_are_found_without_reading_a_whole_table(many_providers: Clinic) -> None:
    store = many_providers
    _fill(store, 2_000)
    rare = a_patient(
        "R1", name="Zoe Rare", born="01/02/1903", medications=["Rarely 1 mg"], diagnoses=["Rare (ICD-10: Z99.9, Y99)"]
    )
    store.ingest(a_file(rare, at="2025-06-01T00:00:00"))
    _analyze(store.database().engine)
    for wanted in (
        PatientFilter(name="rare"),
        PatientFilter(name="zoe r"),
        PatientFilter(born=date(1903, 1, 2)),
        PatientFilter(medication="rarely"),
        PatientFilter(diagnosis="Z99"),
        PatientFilter(seen_since=datetime(2025, 1, 1, tzinfo=UTC)),
        PatientFilter("rare", date(1903, 1, 2), "rarely", "z99", datetime(2025, 1, 1, tzinfo=UTC)),
    ):
        with _recorded() as lookups:
            assert [one.prn for one in patients.search(store.store, "gary_wang", wanted).items] == ["R1"]
        # The different texts of codes: servers call it a scan of the index, and jump in it from one to the next.
        rows = [lookup for lookup in lookups if not _lists_codes(lookup)]
        # Sessions have no index on their time: there are few.
        assert not {line for line in _scans(rows) if not line.startswith("extraction_sessions: ")}, wanted


def test_one_patient_and_open_conflicts_are_shown_without_reading_a_whole_table(many_providers: Clinic) -> None:
    store = many_providers
    _fill(store, 1_000)
    store.ingest(a_file(*_patients(500, 900), at="2025-01-01T00:00:00"))
    store.ingest(a_file(*_patients(0, 10, "Metformin 850 mg"), a_patient(None), at="2025-02-01T00:00:00"))
    _analyze(store.database().engine)
    corrected = '{"patient_id": "x", "demographics_printable": {"prn": "NEW"}}'
    with _recorded() as lookups:
        patients.show(store.store, "gary_wang", "P00003")
        patients.history(store.store, "gary_wang", "P00003")
        assert len(conflicts.search(store.store, "gary_wang").items) == 10
        one = conflicts.search(store.store, "gary_wang", ConflictFilter(prn="P00003")).items[0]
        conflicts.show(store.store, "gary_wang", one.id)
        owner = resolve_provider(store.store, "gary_wang")
        assert retry_set_aside(store.store, owner, 1, corrected).taken_in
    assert _scans([lookup for lookup in lookups if not _asks_for_all(lookup)]) == set()
