"""What replaces the earlier scripts (docs/how-to/adopt.md): each counterpart is run."""

from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient
from shell import ForkedShell
from sqlalchemy import text

from webautodash import WebAutoDash

FILES = (
    (a_file(a_patient("GW1"), a_patient("GW2")), "gary_wang", "first.json"),
    (a_file(a_patient("GW1", name="Other Name"), at="2025-01-01T00:00:00"), "gary_wang", "second.json"),
    (a_file(a_patient("JD1"), provider="John Doe"), "john_doe", "first.json"),
)


@pytest.fixture
def webautodash(clinic: Clinic) -> WebAutoDash:
    for content, folder, name in FILES:
        clinic.drop(content, folder, name)
    return WebAutoDash(clinic.settings)


@pytest.mark.parametrize("arguments", [("setup", "--auto"), ("ingest",)], ids=" ".join)
def test_the_commands(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    shell = ForkedShell(tmp_path)
    for content, folder, name in FILES:
        shell.drop(content, name, folder)
    assert shell(*arguments).status == 0
    found = shell("stats", "--json").json
    assert (found["total_providers"], found["total_patients"], found["total_sessions"]) == (2, 3, 3)
    listed = shell("conflict", "list", "gary_wang", "--json").json
    assert [(item["field_name"], item["status"]) for item in listed["items"]] == [("patient_name", "unresolved")]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_process_json_file(clinic: Clinic, webautodash: WebAutoDash) -> None:
    outcome = webautodash.ingest_file(clinic.results / "gary_wang" / "first.json")
    stored = (outcome.provider_name, outcome.database_name, outcome.patients_processed)
    assert stored == ("Gary Wang", clinic.database_name(), 2)
    assert outcome.session_id == clinic.rows("extraction_sessions")[0]["id"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_process_existing_files_and_statistics_of_all_and_of_one(webautodash: WebAutoDash) -> None:
    for state in ("ingested", "already_ingested"):
        assert [str(file.state) for file in webautodash.ingest().files] == [state] * 3
    everyone, one = webautodash.statistics(), webautodash.statistics("gary_wang")
    assert (everyone.total_providers, everyone.total_patients, everyone.total_sessions) == (2, 3, 3)
    assert (one.total_patients, one.total_sessions, one.unresolved_conflicts) == (2, 2, 1)
    assert everyone.conflicts_detected == 1


def test_a_connection_to_a_providers_database_and_sql_by_hand(clinic: Clinic, webautodash: WebAutoDash) -> None:
    webautodash.ingest()
    with webautodash.provider("gary_wang").session() as session:
        assert session.execute(text("SELECT COUNT(*) FROM patients")).scalar() == 2
        session.execute(text("DELETE FROM conflict_reviews"))
        session.execute(text("UPDATE patients SET phone = 'undone'"))
    with webautodash.provider("Gary Wang").session() as session:
        assert session.execute(text("SELECT COUNT(*) FROM patients WHERE phone = 'undone'")).scalar() == 0
    with clinic.database().engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT * FROM data_conflicts WHERE status = 'unresolved'").mappings().all()
    assert [(row["prn"], row["field_name"]) for row in found] == [("GW1", "patient_name")]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_register_provider(webautodash: WebAutoDash) -> None:
    assert webautodash.providers() == []
    assert webautodash.register_provider("Ann Lee").slug == "ann_lee"
    assert [provider.slug for provider in webautodash.providers()] == ["ann_lee"]
