"""A run over all databases that is killed, that meets another run, and one broken database among three hundred."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from builders import Clinic, NewClinic, a_file, a_patient, plain_database
from jobs import migrate_fleet, migrate_to, take_back
from processes import Steps, kill_at, moments, together, writes
from shell import Shell

from webautodash.config import Settings
from webautodash.database.schema import Schema, schema_of
from webautodash.domain.dates import DateOrder
from webautodash.domain.vocabulary import MigrationState, ProviderStatus
from webautodash.errors import LeaseHeld
from webautodash.repositories.providers import ProviderIdentity
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services import fleet, revisions
from webautodash.services.fleet import Plan
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

HEAD = revisions.head(SchemaHistory.PROVIDER)
BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
PROVIDERS = ("Ada Ash", "Ben Birch")


@pytest.fixture
def clinic(open_clinic: NewClinic) -> Clinic:
    """Two providers with rows, one with a conflict under review."""
    clinic = open_clinic()
    for name in PROVIDERS:
        folder = name.lower().replace(" ", "_")
        clinic.ingest(a_file(a_patient("P1", allergies=["Latex"]), provider=name), folder=folder)
        clinic.ingest(a_file(a_patient("P1", name="Another"), provider=name, at="2025-01-01T00:00:00"), folder=folder)
    clinic.execute(
        "INSERT INTO conflict_reviews (conflict_id, step, old_status, new_status, reviewed_by, reviewed_at, notes) "
        "SELECT id, 1, 'unresolved', 'reviewing', 'x', '2025-01-01', 'y' FROM data_conflicts",
        "ada_ash",
    )
    return clinic


def _take_back(clinic: Clinic) -> None:
    for provider in clinic.store.providers():
        revisions.downgrade(clinic.database(provider.slug), SchemaHistory.PROVIDER, "p0001")
        if clinic.store.server.product == "mysql":
            # A dropped column stays in the rows until the table is rebuilt; after dozens of them rows are too long.
            for table in ("database_identity", "conflict_reviews"):
                clinic.execute(f"ALTER TABLE {table} FORCE", provider.slug)


def _let_leases_run_out(clinic: Clinic) -> None:
    clinic.execute_in_system("UPDATE leases SET expires_at = '2020-01-01 00:00:00.000000'")


def schemas(store: Store) -> dict[str, Schema]:
    """The schemas of the providers' databases, as the server reports them."""
    found = {}
    for provider in store.providers():
        with plain_database(store.server, provider.database_name).reading() as session:
            found[provider.slug] = schema_of(session.connection())
    return found


def _rows(clinic: Clinic) -> list[object]:
    """The rows without their checks, which a downgrade deletes."""
    tables = ("patients", "patient_extractions", "data_conflicts", "conflict_reviews", "allergies")
    found = [clinic.rows(table, slug) for slug in ("ada_ash", "ben_birch") for table in tables]
    return [[{name: value for name, value in row.items() if name != "row_checks"} for row in rows] for rows in found]


@pytest.mark.ci
@BACKENDS
def test_a_run_killed_between_any_two_statements_is_finished_by_resuming_it(
    clinic: Clinic, backend: str, tmp_path: Path, steps: Steps
) -> None:
    clean, rows = schemas(clinic.store), _rows(clinic)
    _take_back(clinic)
    all_moments = moments(migrate_fleet, clinic.settings, folder=tmp_path)
    assert schemas(clinic.store) == clean
    writing = [number for number, moment in enumerate(all_moments) if writes(moment)]
    assert len(writing) > 40
    # Each statement of a revision has its own test; this one is about the run around them.
    for number in steps(writing[:: 4 if backend == "sqlite" else 8]):
        _take_back(clinic)
        known = len(fleet.runs(clinic.store, 1000))
        # The last moments may not come, because a database may need a query less.
        killed = kill_at(number, migrate_fleet, clinic.settings, folder=tmp_path)
        assert killed or number > len(all_moments) - 10, all_moments[number]
        _let_leases_run_out(clinic)
        runs = fleet.runs(clinic.store, 1000)
        # There is no run to resume if it was killed before its row was written.
        report = fleet.resume(clinic.store, runs[0].id) if len(runs) > known else None
        rest = fleet.upgrade_all(clinic.store, Plan())
        assert (report is None) == (rest.run is not None), all_moments[number]
        assert not (report.failures if report else rest.failures), all_moments[number]
        assert fleet.runs(clinic.store)[0].state is MigrationState.DONE
        assert schemas(clinic.store) == clean, all_moments[number]
        assert _rows(clinic) == rows, all_moments[number]


@pytest.mark.ci
@BACKENDS
def test_a_way_back_that_was_killed_anywhere_is_healed_by_going_up(
    clinic: Clinic, tmp_path: Path, steps: Steps
) -> None:
    clean, rows = schemas(clinic.store), _rows(clinic)
    all_moments = moments(take_back, clinic.settings, "ada_ash", "p0003", folder=tmp_path)
    fleet.upgrade_all(clinic.store, Plan())
    writing = [n for n, moment in enumerate(all_moments) if writes(moment) and "ada_ash: " in moment]
    assert len(writing) > 5
    for number in steps(writing):
        assert kill_at(number, take_back, clinic.settings, "ada_ash", "p0003", folder=tmp_path), all_moments[number]
        _let_leases_run_out(clinic)
        assert not fleet.upgrade_all(clinic.store, Plan()).failures, all_moments[number]
        assert {each.state for each in fleet.overview(clinic.store)} == {fleet.RevisionStatus.CURRENT}, all_moments[
            number
        ]
        assert schemas(clinic.store) == clean, all_moments[number]
        assert _rows(clinic) == rows, all_moments[number]


@BACKENDS
def test_a_killed_run_keeps_others_out_until_its_lease_has_run_out(clinic: Clinic, tmp_path: Path) -> None:
    _take_back(clinic)
    all_moments = moments(migrate_fleet, clinic.settings, folder=tmp_path)
    _take_back(clinic)
    middle = next(n for n, moment in enumerate(all_moments) if "CREATE UNIQUE INDEX" in moment)
    assert kill_at(middle, migrate_fleet, clinic.settings, folder=tmp_path)
    with Store.open(clinic.settings) as store:
        with pytest.raises(LeaseHeld):
            fleet.upgrade_all(store, Plan())
        _let_leases_run_out(clinic)
        assert not fleet.upgrade_all(store, Plan()).failures
        assert {each.state for each in fleet.overview(store)} == {fleet.RevisionStatus.CURRENT}


def test_two_operators_at_once_do_no_work_twice(clinic: Clinic, tmp_path: Path) -> None:
    _take_back(clinic)
    together(migrate_fleet, *[(clinic.settings,)] * 3, folder=tmp_path)
    assert {each.state for each in fleet.overview(clinic.store)} == {fleet.RevisionStatus.CURRENT}
    worked = [
        row.database
        for run in fleet.runs(clinic.store)
        for row in fleet.run_report(clinic.store, run.id).databases
        if row.sql_sha256
    ]
    assert sorted(worked) == sorted(provider.database_name for provider in clinic.store.providers())


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_one_broken_database_of_three_hundred_leaves_the_others_at_head(
    server_url: str, database_prefix: str, tmp_path: Path
) -> None:
    shell = Shell(tmp_path, timeout_seconds=300)
    settings = Settings.load(
        database_url=server_url, database_prefix=database_prefix, results_dir=tmp_path / "Results", _env_file=None
    )
    environment = {"WEBAUTODASH_DATABASE_URL": server_url, "WEBAUTODASH_DATABASE_PREFIX": database_prefix}
    slugs = [f"clinic_{number:03}" for number in range(300)]
    halves = (slugs[::2], slugs[1::2])
    together(migrate_to, *[(settings, "p0004", *half) for half in halves], folder=tmp_path, timeout_seconds=400)
    with Store.prepare(settings) as store:
        store.system.run(partial(_register, slugs, database_prefix))
        with plain_database(store.server, f"{database_prefix}clinic_123").engine.begin() as connection:
            _spoil(connection)
    done = shell("migrate", "up", "--workers", "2", **environment)
    assert done.status == 1
    (problem,) = [line for line in done.err.splitlines() if line.startswith("problem:")]
    for word in (f"{database_prefix}clinic_123", "CREATE UNIQUE INDEX uq_conflict_reviews", "HAVING COUNT(*) > 1"):
        assert word in problem
    assert "webautodash migrate resume 1" in done.err
    with Store.open(settings) as store:
        assert [each.provider for each in fleet.overview(store) if each.revision != HEAD and each.provider] == [
            "clinic_123"
        ]
        with plain_database(store.server, f"{database_prefix}clinic_123").engine.begin() as connection:
            connection.exec_driver_sql("UPDATE conflict_reviews SET step = id")
    resumed = shell("migrate", "resume", "1", "--json", **environment)
    assert resumed.status == 0
    assert [one["provider"] for one in json.loads(resumed.out)["results"]] == ["clinic_123"]
    assert len(shell("migrate", "up", "--json", **environment).json["results"]) == 301


def _register(slugs: Sequence[str], prefix: str, work: SystemWork) -> None:
    for slug in slugs:
        identity = ProviderIdentity(slug, slug, slug, slug, DateOrder.MDY)
        work.providers.add(identity, prefix + slug, ProviderStatus.ACTIVE)


def _spoil(connection: object) -> None:
    run = connection.exec_driver_sql  # type: ignore[attr-defined]
    run(
        "INSERT INTO extraction_sessions (id, content_sha256, criteria_key, total_patients_found, "
        "successful_extractions, failed_extractions, conflicts_detected, patients_new, patients_stored, "
        "patients_changed, patients_duplicate, medications, diagnoses, allergies, health_concerns, "
        "path, created_at) VALUES (1, 'x', 'y', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'x.json', '2025-01-01')"
    )
    run(
        "INSERT INTO patients (id, prn, extraction_session_id, updated_at, created_at) "
        "VALUES (1, 'P1', 1, '2025-01-01', '2025-01-01')"
    )
    run(
        "INSERT INTO data_conflicts (id, patient_id, prn, conflict_type, severity, status, field_name, "
        "extraction_session_id_1, extraction_session_id_2, conflict_description, detected_at) "
        "VALUES (1, 1, 'P1', 'data_changed', 'low', 'unresolved', 'x', 1, 1, 'x', '2025-01-01')"
    )
    for number in (1, 2):
        run(
            "INSERT INTO conflict_reviews (id, conflict_id, step, old_status, new_status, reviewed_by, reviewed_at, "
            f"notes) VALUES ({number}, 1, 1, 'unresolved', 'reviewing', 'x', '2025-01-01', 'y')"
        )
