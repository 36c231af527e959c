"""What replaces the earlier scripts (docs/how-to/adopt.md): each counterpart is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import text

from webautodash import WebAutoDash


@pytest.fixture
def webautodash(clinic: Clinic) -> WebAutoDash:
    clinic.drop(a_file(a_patient("GW1"), a_patient("GW2")))
    clinic.drop(a_file(a_patient("GW1", name="Other Name"), at="2025-01-01T00:00:00"))
    clinic.drop(a_file(a_patient("JD1"), provider="John Doe"), folder="john_doe")
    return WebAutoDash(clinic.settings)


def _command(clinic: Clinic, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    url = clinic.settings.database_url
    assert url is not None
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBAUTODASH_")} | {
        "WEBAUTODASH_DATABASE_URL": url.get_secret_value(),
        "WEBAUTODASH_DATABASE_PREFIX": clinic.settings.database_prefix,
        "WEBAUTODASH_RESULTS_DIR": str(clinic.results),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    return subprocess.run(
        [sys.executable, "-m", "webautodash", *words],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("words", [("setup", "--auto"), ("ingest",)], ids=["setup --auto", "process"])
def test_the_commands(clinic: Clinic, webautodash: WebAutoDash, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = _command(clinic, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert clinic.count("patients") == 2
    status = json.loads(_command(clinic, tmp_path, "stats", "--json").stdout)
    assert (status["total_providers"], status["total_patients"], status["total_sessions"]) == (2, 3, 3)
    listed = json.loads(_command(clinic, tmp_path, "conflict", "list", "gary_wang", "--json").stdout)
    assert [(item["field_name"], item["status"]) for item in listed["items"]] == [("patient_name", "unresolved")]


def test_process_json_file(clinic: Clinic, webautodash: WebAutoDash) -> None:
    outcome = webautodash.ingest_file(clinic.results / "gary_wang" / "file_001.json")
    assert (outcome.provider_name, outcome.database_name, outcome.patients_processed) == (
        "Gary Wang",
        clinic.database_name(),
        2,
    )
    assert outcome.session_id == clinic.rows("extraction_sessions")[0]["id"]


def test_statistics_of_all_and_of_one(webautodash: WebAutoDash) -> None:
    webautodash.ingest()
    everyone, one = webautodash.statistics(), webautodash.statistics("gary_wang")
    assert (everyone.total_providers, everyone.total_patients, everyone.total_sessions) == (2, 3, 3)
    assert (one.total_patients, one.total_sessions, one.unresolved_conflicts) == (2, 2, 1)
    assert everyone.conflicts_detected == 1


def test_process_existing_files(webautodash: WebAutoDash) -> None:
    assert [str(file.state) for file in webautodash.ingest().files] == ["ingested"] * 3
    assert [str(file.state) for file in webautodash.ingest().files] == ["already_ingested"] * 3


def test_a_connection_to_a_providers_database(webautodash: WebAutoDash) -> None:
    webautodash.ingest()
    with webautodash.provider("gary_wang").session() as session:
        assert session.execute(text("SELECT COUNT(*) FROM patients")).scalar() == 2
        session.execute(text("DELETE FROM conflict_reviews"))
        session.execute(text("UPDATE patients SET phone = 'undone'"))
    with webautodash.provider("Gary Wang").session() as session:
        assert session.execute(text("SELECT COUNT(*) FROM patients WHERE phone = 'undone'")).scalar() == 0


def test_register_provider(webautodash: WebAutoDash) -> None:
    assert webautodash.providers() == []
    assert webautodash.register_provider("Ann Lee").slug == "ann_lee"
    assert [provider.slug for provider in webautodash.providers()] == ["ann_lee"]


def test_sql_by_hand(clinic: Clinic, webautodash: WebAutoDash) -> None:
    webautodash.ingest()
    with clinic.database().engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT * FROM data_conflicts WHERE status = 'unresolved'").mappings().all()
    assert [(row["prn"], row["field_name"]) for row in found] == [("GW1", "patient_name")]
