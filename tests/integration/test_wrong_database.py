"""Databases that belong to another provider, to none, or to a newer version of the program."""

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.errors import NewerThanProgram, WrongDatabase
from webautodash.services.registry.provider_names import resolve_provider
from webautodash.services.registry.registration import register
from webautodash.services.revisions import SchemaHistory, upgrade


def test_a_database_without_an_identity_is_claimed_by_a_registration(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.execute("DELETE FROM database_identity")
    clinic.reopen()
    outcome = clinic.ingest(a_file(a_patient("GW2")))
    assert (outcome.state, outcome.kind) == ("failed", "wrong_database")
    register(clinic.store, "Gary Wang")
    assert clinic.ingest(a_file(a_patient("GW2"))).state == "ingested"


def test_a_database_with_the_identity_of_another_provider_is_neither_read_nor_written(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(a_file(a_patient("JD1"), provider="John Doe"), folder="john_doe")
    identity = clinic.rows("database_identity")[0]["identity"]
    clinic.execute(f"UPDATE database_identity SET identity = '{identity}', slug = 'gary_wang'", "john_doe")
    clinic.reopen()
    with pytest.raises(WrongDatabase, match="gary_wang"):
        clinic.store.provider_database(resolve_provider(clinic.store, "john_doe"))
    outcome = clinic.ingest(a_file(a_patient("JD2"), provider="John Doe"), folder="john_doe")
    assert (outcome.state, outcome.kind) == ("failed", "wrong_database")
    assert clinic.count("patients", "john_doe") == 1


def test_a_registration_is_not_finished_in_a_database_of_another_provider(clinic: Clinic) -> None:
    register(clinic.store, "John Doe")
    clinic.execute_in_system("UPDATE providers SET status = 'registering'")
    clinic.execute("UPDATE database_identity SET identity = 'another', slug = 'gary_wang'", "john_doe")
    with pytest.raises(WrongDatabase, match="gary_wang"):
        register(clinic.store, "John Doe")
    assert [row["status"] for row in clinic.system_rows("providers")] == ["registering"]
    assert [row["identity"] for row in clinic.rows("database_identity", "john_doe")] == ["another"]


def test_a_database_of_a_lost_registry_belongs_to_its_own_provider_only(clinic: Clinic) -> None:
    register(clinic.store, "John Doe")
    clinic.execute("UPDATE database_identity SET name = 'Johanna Doe'", "john_doe")
    for table in ("provider_aliases", "providers"):
        clinic.execute_in_system(f"DELETE FROM {table}")
    with pytest.raises(WrongDatabase, match="Johanna Doe"):
        register(clinic.store, "John Doe")
    assert clinic.system_rows("providers") == []


def test_a_database_of_a_newer_version_is_not_written(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.execute("UPDATE alembic_version SET version_num = 'p9999'")
    clinic.reopen()
    outcome = clinic.ingest(a_file(a_patient("GW2")))
    assert (outcome.state, outcome.kind, outcome.provider) == ("blocked", "newer_than_program", "gary_wang")
    with pytest.raises(NewerThanProgram):
        upgrade(clinic.database(), SchemaHistory.PROVIDER)
    assert clinic.count("patients") == 1
