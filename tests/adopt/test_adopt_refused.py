"""Databases that cannot be adopted are refused with the reason, and stay unchanged."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import Clinic, a_file
from legacy_database import TABLES, Legacy, LegacyDatabase
from legacy_files import a_person

from webautodash.config import Settings
from webautodash.errors import (
    ConfigurationError,
    DamagedRows,
    LeaseHeld,
    NotAdoptable,
    ProviderNameTaken,
    UsageError,
    WebAutoDashError,
)
from webautodash.repositories.legacy_tables import LegacyTables
from webautodash.services.adopt import adopt, adopt_database, survey_adoption
from webautodash.services.leases import leased
from webautodash.services.registry import register
from webautodash.services.store import Store


@pytest.fixture
def database(legacy: Legacy) -> LegacyDatabase:
    made = legacy("gary_wang")
    made.take(a_file(a_person(1), a_person(2)))
    return made


def _refused(clinic: Clinic, database: LegacyDatabase, name: str | None = None) -> WebAutoDashError:
    """Adopt, and return the error; no table and no registration may have changed."""
    before = {table: database.rows(table) for table in sorted(database.tables())}
    known = clinic.system_rows("providers")
    with pytest.raises(WebAutoDashError) as caught:
        adopt(clinic.store, database.name, name)
    assert {table: database.rows(table) for table in sorted(database.tables())} == before
    assert clinic.system_rows("providers") == known
    text = str(caught.value)
    assert [value for value in ("GW0001", "Person1", "1931") if value in text] == []
    return caught.value


@pytest.mark.parametrize(
    ("statements", "kind", "named"),
    [
        (["INSERT INTO {0}.patients (prn, patient_name) VALUES (' GW0001', 'X')"], "damaged_rows", "white space"),
        (["INSERT INTO {0}.patients (prn, patient_name) VALUES ('', 'X')"], "damaged_rows", "PRN"),
        (
            [
                "ALTER TABLE {0}.medications DROP FOREIGN KEY medications_ibfk_1",
                "UPDATE {0}.medications SET patient_extraction_id = 77 WHERE id = 1",
            ],
            "damaged_rows",
            "medications have a patient_extraction_id",
        ),
        (["CREATE TABLE {0}.legacy_patients SELECT * FROM {0}.patients"], "not_adoptable", "legacy_patients"),
        (
            ["DROP TABLE {0}.allergies", "ALTER TABLE {0}.medications DROP COLUMN sig"],
            "not_adoptable",
            "medications.sig, allergies",
        ),
    ],
    ids=["white space", "no PRN", "no parent", "tables twice", "tables missing"],
)
def test_a_database_that_cannot_be_copied_is_refused_and_unchanged(
    clinic: Clinic, database: LegacyDatabase, statements: list[str], kind: str, named: str
) -> None:
    for statement in statements:
        database.run(statement.format(database.name))
    error = _refused(clinic, database)
    assert (error.kind, named in str(error)) == (kind, True)
    if isinstance(error, DamagedRows):
        assert survey_adoption(clinic.store, database.name).problems == error.problems


def test_a_name_that_is_taken_or_impossible_and_a_database_in_use(
    clinic: Clinic, database: LegacyDatabase, legacy: Legacy
) -> None:
    assert _refused(clinic, database, "!!!").kind == "invalid_provider_name"
    with leased(clinic.store.system, f"database {database.name}", "migration run 1", 30):
        assert isinstance(_refused(clinic, database), LeaseHeld)
    register(clinic.store, "John Doe")
    other = legacy("clinic_of_john")
    for name in ("John Doe", "John-Doe"):
        assert "john_doe" in str(_refused(clinic, other, name))


def test_a_database_whose_name_names_no_provider_needs_a_name(clinic: Clinic, server_url: str) -> None:
    made = LegacyDatabase(server_url, f"x{clinic.settings.database_prefix}")
    try:
        assert _refused(clinic, made).kind == "not_adoptable"
        assert adopt(clinic.store, made.name, "Ann Lee").provider == "ann_lee"
    finally:
        made.run(f"DROP DATABASE `{made.name}`")
        made.close()


def test_a_database_that_does_not_exist(clinic: Clinic, database: LegacyDatabase) -> None:
    with pytest.raises(UsageError, match=database.name):
        adopt(clinic.store, f"{database.name}x")


def test_a_database_of_a_registered_provider(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_person(1)))
    with pytest.raises(NotAdoptable, match="gary_wang"):
        adopt(clinic.store, clinic.database_name())


def test_an_adopted_database_whose_old_tables_were_deleted(clinic: Clinic, database: LegacyDatabase) -> None:
    adopt(clinic.store, database.name)
    database.run(f"DROP TABLE `{database.name}`.legacy_comprehensive_patient_records")
    assert adopt(clinic.store, database.name).already
    database.run(f"DROP TABLE `{database.name}`.legacy_allergies")
    with pytest.raises(NotAdoptable, match="gary_wang"):
        adopt(clinic.store, database.name)
    assert clinic.ingest(a_file(a_person(3))).state == "ingested"


def test_the_system_database_and_an_empty_one(clinic: Clinic) -> None:
    clinic.store.server.create(clinic.database_name("nothing"))
    for name in (clinic.store.system.name, clinic.database_name("nothing")):
        with pytest.raises(NotAdoptable, match="patients, extraction_sessions"):
            adopt(clinic.store, name)


def test_a_database_without_the_comprehensive_table_can_be_adopted(clinic: Clinic, database: LegacyDatabase) -> None:
    database.run(f"DROP TABLE `{database.name}`.comprehensive_patient_records")
    assert adopt(clinic.store, database.name).provider == "gary_wang"


def test_a_name_that_is_not_the_registered_one(clinic: Clinic, database: LegacyDatabase) -> None:
    adopt(clinic.store, database.name)
    with pytest.raises(NotAdoptable, match=r"'Gary Wang'.*'John Doe'"):
        adopt(clinic.store, database.name, "John Doe")
    assert adopt(clinic.store, database.name, "gary  WANG").already


def test_files_wait_until_the_database_is_adopted(clinic: Clinic, database: LegacyDatabase) -> None:
    before = {table: database.rows(table) for table in TABLES}
    outcome = clinic.ingest(a_file(a_person(3)), name="new.json")
    assert (outcome.state, outcome.kind) == ("failed", "made_by_earlier_scripts")
    assert {table: database.rows(table) for table in TABLES} == before
    assert adopt(clinic.store, database.name).provider == "gary_wang"
    assert clinic.ingest(a_file(a_person(3)), name="new.json").state == "ingested"
    assert clinic.count("patients") == 3


def test_the_registry_of_the_earlier_scripts_is_not_used_as_system_database(
    legacy: Legacy, server_url: str, database_prefix: str
) -> None:
    made = legacy("odd_name")
    made.run(f"CREATE DATABASE `{database_prefix}system`")
    made.run(
        f"CREATE TABLE `{database_prefix}system`.providers (id INT AUTO_INCREMENT PRIMARY KEY, provider_name "
        "VARCHAR(255), sanitized_name VARCHAR(100), database_name VARCHAR(150))"
    )
    made.run(
        f"INSERT INTO `{database_prefix}system`.providers (provider_name, sanitized_name, database_name) "
        "VALUES ('Dr. Odd Name', 'dr_odd_name', %s)",
        made.name,
    )
    settings = Settings.load(database_url=server_url, database_prefix=database_prefix, _env_file=None)
    with pytest.raises(ConfigurationError, match="WEBAUTODASH_SYSTEM_DATABASE"):
        Store.prepare(settings)
    other = settings.model_copy(update={"system_database": f"{database_prefix}registry"})
    with Store.prepare(other) as store:
        assert survey_adoption(store, made.name).name == "Dr. Odd Name"
        [note] = adopt(store, made.name, "Odd Name").notes
        assert "'Dr. Odd Name'" in note


def test_sqlite_has_no_databases_of_the_earlier_scripts(tmp_path: Path) -> None:
    settings = Settings.load(database_url=f"sqlite:///{tmp_path}/databases", _env_file=None)
    with Store.prepare(settings) as store, pytest.raises(UsageError, match="WEBAUTODASH_DATABASE_URL"):
        adopt(store, "webautodash_gary_wang")


def test_files_wait_until_an_interrupted_adoption_is_finished(
    clinic: Clinic, database: LegacyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(adopt_database, "copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        adopt(clinic.store, database.name)
    monkeypatch.undo()
    outcome = clinic.ingest(a_file(a_person(3)), name="new.json")
    assert (outcome.state, outcome.kind) == ("failed", "made_by_earlier_scripts")
    assert database.rows("patients") == []
    assert survey_adoption(clinic.store, database.name).begun
    assert {each.table: each.after for each in adopt(clinic.store, database.name).tables}["patients"] == 2
    assert clinic.ingest(a_file(a_person(3)), name="new.json").state == "ingested"


def test_a_name_that_is_taken_at_the_last_moment(
    clinic: Clinic, legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, put_aside = legacy("clinic_of_gary"), LegacyTables.put_aside
    other.take(a_file(a_person(1)))

    def put_aside_late(tables: LegacyTables, names: Sequence[str]) -> None:
        register(clinic.store, "Gary Wang")
        put_aside(tables, names)

    monkeypatch.setattr(LegacyTables, "put_aside", put_aside_late)
    with pytest.raises(ProviderNameTaken):
        adopt(clinic.store, other.name, "Gary Wang")
    monkeypatch.undo()
    assert clinic.count("patients") == 0
    assert other.rows("legacy_patients") != []
    done = adopt(clinic.store, other.name, "Gary Wang Clinic")
    assert (done.provider, {each.table: each.after for each in done.tables}["patients"]) == ("gary_wang_clinic", 1)
    assert clinic.count("patients") == 0
