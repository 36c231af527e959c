"""Files of other portals, from the folder to the rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import CLINICAL_TABLES, Clinic, NewClinic, a_file, a_patient
from portal_files import ACME, ACME_PROFILE, PORTAL_FILES, medimind_file, medimind_patient, portal_patient

from webautodash.client import WebAutoDash
from webautodash.services.registry import resolve_provider
from webautodash.services.review.retry_patients import accept_set_aside, retry_set_aside
from webautodash.services.verify import verify

EXPECTED_ROWS = {
    "medications": ("medication_name", "medication_strength", "medication_type", "sig", "start_date_text"),
    "diagnoses": ("diagnosis_text", "diagnosis_code", "diagnosis_type", "start_date_text"),
    "allergies": ("allergy_name", "reaction", "severity"),
    "other_records": ("section", "label", "value", "unit", "date_text"),
}
PORTAL_ROWS: dict[str, list[tuple[Any, ...]]] = {
    "medications": [("Lisinopril Tablet", "10 mg", "active", "daily by mouth", "2020-01-02")],
    "diagnoses": [("Gout (M10.079)", "M10.079", "current", "2019-03-04")],
    "allergies": [("Peanut", "hives", "severe")],
    "other_records": [
        ("appointments", "Check", None, None, "2024-01-09"),
        ("documents", "Letter", None, None, "2021-02-03"),
        ("immunizations", "Influenza", None, None, "2022-10-01"),
        ("lab_results", "LDL", "131", "mg/dL", "2023-05-06"),
        ("medical_notes", "Walks daily.", None, None, None),
        ("vitals", None, None, None, "2023-05-06"),
    ],
}
MEDIMIND_ROWS: dict[str, list[tuple[Any, ...]]] = {
    "medications": [("Lisinopril 10 mg Tablet", "10 mg", "active", None, "2020-01-02")],
    "diagnoses": [("Gout", "M10.079", None, None)],
    "allergies": [("Peanut", None, None)],
    "other_records": [("lab_results", "LDL", "131", "mg/dL", "2023-05-06")],
}


def stored_rows(clinic: Clinic) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: sorted((tuple(row[name] for name in names) for row in clinic.rows(table)), key=repr)
        for table, names in EXPECTED_ROWS.items()
    }


@pytest.mark.parametrize("profile", PORTAL_FILES)
def test_a_file_of_each_portal_gives_its_rows(clinic: Clinic, profile: str) -> None:
    outcome = clinic.ingest(PORTAL_FILES[profile])
    assert (outcome.state, outcome.provider, outcome.stored, outcome.set_aside) == ("ingested", "gary_wang", 1, 0)
    expected = MEDIMIND_ROWS if profile == "medimind" else PORTAL_ROWS
    assert stored_rows(clinic) == {table: sorted(rows, key=repr) for table, rows in expected.items()}
    [patient] = clinic.rows("patients")
    assert (patient["prn"], patient["patient_name"], str(patient["date_of_birth"])) == (
        "P-1",
        "Test Person",
        "1988-02-19",
    )
    assert (patient["gender"], patient["phone"]) == ("Female", "555 0100")
    [session] = clinic.rows("extraction_sessions")
    assert (session["profile"], str(session["extracted_at"])[:16]) == (profile, "2024-02-04 09:00")
    assert session["portal_name"] == PORTAL_FILES[profile].get("portal_type", "MediMind")
    with WebAutoDash(clinic.settings) as webautodash:
        assert webautodash.profiles.show(profile).sha256 == session["profile_sha256"]
    assert verify(clinic.store).providers[0].wrong == ()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
class TestOneProduct:
    @pytest.mark.parametrize("profile", [name for name in PORTAL_FILES if name != "medimind"])
    @pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [one], lambda one: {"patients": [one]}])
    def test_the_usual_metadata_may_stand_around_the_patients(self, clinic: Clinic, profile: str, wrap: Any) -> None:
        metadata = a_file()["extraction_metadata"] | {"portal_name": None, "extracted_at": "2025-01-01T00:00:00"}
        content = {"extraction_metadata": metadata, "extraction_results": wrap(PORTAL_FILES[profile])}
        assert clinic.ingest(content).state == "ingested"
        [session] = clinic.rows("extraction_sessions")
        assert (session["profile"], session["provider_name"]) == (profile, "Gary Wang")
        assert (session["target_medication"], str(session["extracted_at"])[:10]) == ("Lisinopril", "2025-01-01")
        assert len(clinic.rows("medications")) == 1

    def test_a_file_that_names_no_known_portal_is_recognised_by_its_shape(self, clinic: Clinic) -> None:
        assert clinic.ingest(portal_patient("P-1", portal_type="Other")).state == "ingested"
        assert [row["profile"] for row in clinic.rows("extraction_sessions")] == ["practice"]

    def test_the_native_profile_is_recorded_too(self, clinic: Clinic) -> None:
        clinic.ingest(a_file(a_patient("P-1")))
        assert [row["profile"] for row in clinic.rows("extraction_sessions")] == ["practice_fusion"]

    def test_the_same_patient_of_two_portals_is_one_patient_and_a_repeat_is_a_duplicate(self, clinic: Clinic) -> None:
        clinic.ingest(PORTAL_FILES["epic_mychart"])
        again = clinic.ingest(portal_patient("P-1", portal_type="Epic MyChart", extraction_timestamp="2024-03-04"))
        assert (again.duplicates, clinic.count("patients"), clinic.count("medications")) == (1, 1, 1)
        other = portal_patient("P-1", portal_type="Cerner PowerChart", allergies=[])
        assert clinic.ingest(other).changed == 1
        assert {row["field_name"] for row in clinic.rows("data_conflicts") if row["field_name"]} >= {"allergies"}

    def test_patients_without_a_prn_or_with_an_error_are_set_aside_with_the_place_in_their_file(
        self, clinic: Clinic
    ) -> None:
        without = medimind_patient("x")
        del without["demographics"]["mrn"]
        failed = medimind_patient("P-2", extraction_error="SECRET")
        outcome = clinic.ingest(medimind_file(medimind_patient("P-1"), without, failed, 5))
        assert (outcome.state, outcome.stored, outcome.set_aside) == ("partial", 1, 3)
        asides = {
            row["position"]: (row["reason"], row["detail"], row["prn"]) for row in clinic.rows("set_aside_patients")
        }
        places = "demographics.mrn or demographics.prn or mrn or prn"
        assert asides == {
            1: ("no_prn", places, None),
            2: ("incomplete_extraction", "extraction_error", "P-2"),
            3: ("malformed", "extraction_results.patients[3]", None),
        }

    def test_a_set_aside_patient_is_read_later_by_the_profile_of_its_file(self, clinic: Clinic) -> None:
        without = medimind_patient("x")
        del without["demographics"]["mrn"]
        clinic.ingest(medimind_file(medimind_patient("P-1"), without, medimind_patient("P-3", error="x")))
        provider = resolve_provider(clinic.store, "gary_wang")
        corrected = json.dumps(medimind_patient("P-2"))
        assert retry_set_aside(clinic.store, provider, 1, corrected).taken_in
        [accepted] = accept_set_aside(clinic.store, provider, [2], by="Ann", why="seen in the portal")
        assert accepted.taken_in
        assert [row["prn"] for row in clinic.rows("patients")] == ["P-1", "P-2", "P-3"]
        assert clinic.count("medications") == 3

    def test_a_patient_stays_set_aside_while_the_profile_of_its_file_is_missing(
        self, open_clinic: NewClinic, tmp_path: Any
    ) -> None:
        profiles = tmp_path / "profiles"
        profiles.mkdir()
        (profiles / "acme.toml").write_text(ACME_PROFILE)
        clinic = open_clinic(profiles_dir=profiles)
        people = json.loads(json.dumps(ACME))
        people["export"]["people"][0]["error"] = "x"
        assert clinic.ingest(people).set_aside == 1
        (profiles / "acme.toml").unlink()
        clinic.reopen()
        provider = resolve_provider(clinic.store, "gary_wang")
        [kept] = accept_set_aside(clinic.store, provider, [1], by="Ann", why="seen in the portal")
        assert (kept.taken_in, kept.kind) == (False, "unknown_profile")
        (profiles / "acme.toml").write_text(ACME_PROFILE)
        clinic.reopen()
        [stored] = accept_set_aside(clinic.store, provider, [1], by="Ann", why="seen in the portal")
        assert (stored.taken_in, clinic.count("medications")) == (True, 2)

    def test_a_file_that_no_profile_fits_is_rejected_with_what_each_missed_and_read_after_a_profile_is_added(
        self, open_clinic: NewClinic, tmp_path: Any
    ) -> None:
        profiles = tmp_path / "profiles"
        profiles.mkdir()
        clinic = open_clinic(profiles_dir=profiles)
        outcome = clinic.ingest(ACME, name="acme.json")
        assert (outcome.state, outcome.kind) == ("rejected", "no_profile")
        for name in ("practice_fusion", "epic_mychart", "cerner_powerchart", "medimind", "practice"):
            assert f"{name}: " in str(outcome.reason)
        assert "Person" not in str(outcome.reason)
        (profiles / "acme.toml").write_text(ACME_PROFILE)
        clinic.reopen()
        assert clinic.ingest_states(clinic.results / "gary_wang" / "acme.json") == ["ingested"]
        [patient] = clinic.rows("patients")
        assert (patient["prn"], patient["patient_name"], patient["gender"]) == ("P-1", "Test Person", "Female")
        medications = [
            (
                row["medication_name"],
                row["medication_strength"],
                row["medication_type"],
                row["sig"],
                row["start_date_text"],
            )
            for row in clinic.rows("medications")
        ]
        assert medications == [
            ("Lisinopril", "10 mg", "active", "10 mg daily", "2020-01-02"),
            ("Aspirin", None, "historical", None, None),
        ]
        assert [(row["diagnosis_text"], row["diagnosis_code"]) for row in clinic.rows("diagnoses")] == [
            ("Gout", "M10.079")
        ]
        assert [(row["allergy_name"], row["reaction"]) for row in clinic.rows("allergies")] == [("Peanut", "hives")]
        assert [(row["section"], row["label"]) for row in clinic.rows("other_records")] == [("labs", "LDL")]
        [session] = clinic.rows("extraction_sessions")
        assert (session["profile"], session["portal_name"]) == ("acme", "Acme")

    def test_a_profile_of_a_users_own_wins_over_the_built_in_one_of_the_same_name(
        self, open_clinic: NewClinic, tmp_path: Any
    ) -> None:
        profiles = tmp_path / "profiles"
        profiles.mkdir()
        with WebAutoDash(open_clinic().settings) as webautodash:
            text = webautodash.profiles.show("epic_mychart").text
        (profiles / "epic_mychart.toml").write_text(text.replace('at = "medications"', 'at = "drugs"'))
        clinic = open_clinic("own", profiles_dir=profiles)
        clinic.ingest(portal_patient("P-1", portal_type="Epic MyChart", drugs=[{"name": "Aspirin"}], medications=None))
        assert [row["medication_name"] for row in clinic.rows("medications")] == ["Aspirin"]

    def test_a_failed_job_of_another_portal_is_no_patient(self, clinic: Clinic) -> None:
        outcome = clinic.ingest({"portal_type": "Epic MyChart", "status": "error", "error": "SECRET"})
        assert (outcome.state, outcome.kind) == ("rejected", "failed_job")
        outcome = clinic.ingest(PORTAL_FILES["epic_mychart"] | {"status": "error"})
        assert (outcome.state, outcome.stored, outcome.set_aside) == ("partial", 0, 1)
        assert all(clinic.count(table) == 0 for table in CLINICAL_TABLES)
