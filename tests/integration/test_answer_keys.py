"""Known files, known answers: the files of Results with their answer key, and one file with lists in unusual forms."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from builders import CLINICAL_TABLES, Clinic, a_file, a_patient

from webautodash.services.ingest import ingest_paths

ROOT = Path(__file__).resolve().parents[2]


def _copy_results(clinic: Clinic, files: list[str] | None) -> None:
    for path in sorted((ROOT / "Results").glob("*/*.json")):
        name = path.relative_to(ROOT / "Results").as_posix()
        if files is None or name in files:
            target = clinic.results / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)


def _counts(clinic: Clinic, provider: str) -> dict[str, Any]:
    conflicts = clinic.rows("data_conflicts", provider)
    extractions = clinic.rows("patient_extractions", provider)
    return {
        "patients": clinic.count("patients", provider),
        "sessions": clinic.count("extraction_sessions", provider),
        "extractions": len(extractions),
        "duplicates": sum(row["processing_status"] == "duplicate" for row in extractions),
        "conflicts": dict(Counter(row["conflict_type"] for row in conflicts)),
        "unresolved": sum(row["status"] == "unresolved" for row in conflicts),
    }


@pytest.mark.parametrize("moment", ["after_first", "after_all"])
def test_the_projects_own_data_gives_its_answer_key(clinic: Clinic, moment: str) -> None:
    key = json.loads((ROOT / "tests" / "data" / "results_expected.json").read_text(encoding="utf-8"))
    _copy_results(clinic, key["first_files"] if moment == "after_first" else None)
    report = ingest_paths(clinic.store)
    assert not report.problems
    for provider, expected in key[moment].items():
        counts = _counts(clinic, provider)
        assert counts == {name: expected[name] for name in counts}, provider
        rows = {table: clinic.count(table, provider) for table in CLINICAL_TABLES}
        assert rows == {"other_records": 0} | expected["rows"]
        totals = next(each for each in report.by_provider() if each.slug == provider)
        assert (totals.stored, totals.changed) == (expected["stored"], expected["changed"])
        found = Counter(
            (row["prn"], row["conflict_type"], row["severity"], row["field_name"])
            for row in clinic.rows("data_conflicts", provider)
            if row["conflict_type"] != "extraction_duplicate"
        )
        assert found == Counter(
            (each["prn"], each["conflict_type"], each["severity"], each["field_name"])
            for each in expected["conflict_list"]
            if each["conflict_type"] != "extraction_duplicate"
        )


def test_the_projects_own_data_again_and_under_another_name_changes_no_row(clinic: Clinic) -> None:
    _copy_results(clinic, None)
    slugs = [each.slug for each in ingest_paths(clinic.store).by_provider()]
    tables = [*CLINICAL_TABLES, "patients", "patient_extractions", "extraction_sessions", "data_conflicts"]
    before = [clinic.rows(table, slug) for slug in slugs for table in tables]
    copied = next(clinic.results.glob("samuel_osei/*.json"))
    shutil.copyfile(copied, copied.with_name("another_name.json"))
    assert clinic.ingest_states() == ["already_ingested"] * 6
    assert [clinic.rows(table, slug) for slug in slugs for table in tables] == before


def test_lists_in_unusual_forms_become_rows_with_their_types(clinic: Clinic) -> None:
    split = a_patient(
        "P1",
        current_medications=[{"medication_name": "Allopurinol 100 MG Oral Tablet", "sig": "daily"}],
        historical_medications=[{"medication_name": "Colchicine 0.6 MG Oral Tablet", "stop_date": "2023"}],
        current_diagnoses=[{"diagnosis_text": "Gout (M10.079)"}],
        historical_diagnoses=[{"name": "Sprain of ankle [44465007]"}],
        drug_allergies=[{"allergen": "Penicillin", "reaction": "Hives", "severity": "Severe"}],
        food_allergies=["Peanut"],
        environmental_allergies=[],
        health_concern_notes=[{"type": "health_concern_note", "note_text": "Lives alone"}],
        active_health_concerns=[{"name": "Fall risk"}],
    )
    odd = a_patient(
        400003,
        medications=[{"medication_name": "Aspirin 81 MG", "medication_type": "over-the-counter"}],
        allergies=["Penicillin", "Latex"],
        health_concerns=["Smoker", {"concern_text": "Obesity", "unknown_key": {"kept": True}}],
    )
    outcome = clinic.ingest(a_file(split, odd))
    assert outcome.state == "ingested"
    (first, _), (second, prn) = ((row["id"], row["prn"]) for row in clinic.rows("patient_extractions"))
    assert prn == "400003"

    def of(table: str, extraction: int) -> list[dict[str, Any]]:
        return [row for row in clinic.rows(table) if row["patient_extraction_id"] == extraction]

    assert {table: len(of(table, first)) for table in CLINICAL_TABLES} == dict.fromkeys(CLINICAL_TABLES, 2) | {
        "other_records": 0
    }
    assert [row["medication_type"] for row in of("medications", first)] == ["current", "historical"]
    # SNOMED is no ICD-10 code.
    assert [row["diagnosis_code"] for row in of("diagnoses", first)] == ["M10.079", None]
    assert {row["allergy_type"] for row in of("allergies", first)} == {"drug", "food"}
    assert {row["concern_type"] for row in of("health_concerns", first)} == {"note", "active"}
    assert of("medications", second)[0]["medication_type"] == "over-the-counter"
    assert {row["allergy_name"] for row in of("allergies", second)} == {"Penicillin", "Latex"}
    assert "kept" in "".join(str(row["extra"]) for row in of("health_concerns", second))
