"""Known files, known answers: the project's own data, and the shared samples where they are."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from builders import CLINICAL_TABLES, Clinic

from webautodash.services.ingest import ingest_paths

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / "shared" / "samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")


def _copy(clinic: Clinic, source: Path, files: list[str] | None = None) -> None:
    for path in sorted(source.glob("*/*.json")):
        name = path.relative_to(source).as_posix()
        if files is None or name in files:
            target = clinic.results / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)


def _seen(clinic: Clinic, provider: str) -> dict[str, Any]:
    conflicts = clinic.rows("data_conflicts", provider)
    extractions = clinic.rows("patient_extractions", provider)
    return {
        "patients": clinic.count("patients", provider),
        "sessions": clinic.count("extraction_sessions", provider),
        "extractions": len(extractions),
        "duplicates": sum(row["processing_status"] == "duplicate" for row in extractions),
        "conflicts": dict(Counter(row["conflict_type"] for row in conflicts)),
        "unresolved": sum(row["status"] == "unresolved" for row in conflicts),
        "critical": sum(row["severity"] == "critical" for row in conflicts),
        **{table: clinic.count(table, provider) for table in CLINICAL_TABLES},
    }


@pytest.mark.parametrize("moment", ["after_first", "after_all"])
def test_the_projects_own_data_gives_its_answer_key(clinic: Clinic, moment: str) -> None:
    key = json.loads((ROOT / "tests" / "data" / "results_expected.json").read_text(encoding="utf-8"))
    _copy(clinic, ROOT / "Results", key["first_files"] if moment == "after_first" else None)
    report = ingest_paths(clinic.store)
    assert not report.problems
    for provider, expected in key[moment].items():
        seen = _seen(clinic, provider)
        for name in ("patients", "sessions", "extractions", "duplicates", "conflicts", "unresolved"):
            assert seen[name] == expected[name], (provider, name)
        assert {table: seen[table] for table in CLINICAL_TABLES} == {"other_records": 0} | expected["rows"]
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


@needs_samples
def test_the_samples_give_their_answer_key(clinic: Clinic) -> None:
    key = json.loads((SAMPLES / "EXPECTED.json").read_text(encoding="utf-8"))

    def check(moment: str) -> None:
        for provider, expected in key[moment].items():
            if not isinstance(expected, dict):
                assert isinstance(expected, str)
                continue
            seen = _seen(clinic, provider)
            renamed = {"of them duplicates": "duplicates", "unresolved conflicts": "unresolved"}
            assert {name: seen[renamed.get(name, name)] for name in expected} == expected, provider

    _copy(clinic, SAMPLES / "first")
    assert clinic.ingest_states() == ["ingested"] * 3
    check("after first")
    before = [clinic.rows(table, slug) for slug in key["after first"] for table in (*CLINICAL_TABLES, "patients")]
    assert clinic.ingest_states() == ["already_ingested"] * 3
    assert before == [
        clinic.rows(table, slug) for slug in key["after first"] for table in (*CLINICAL_TABLES, "patients")
    ]
    _copy(clinic, SAMPLES / "second")
    states = Counter(str(outcome.state) for outcome in ingest_paths(clinic.store).files)
    assert states == {"already_ingested": 4, "ingested": 2}
    check("after second")
    assert _seen(clinic, "maria_jose_oneil")["sessions"] == 1


@needs_samples
def test_the_odd_samples_give_their_answers(clinic: Clinic) -> None:
    for name in json.loads((SAMPLES / "EXPECTED.json").read_text(encoding="utf-8"))["odd"]:
        _copy(clinic, SAMPLES / "odd", [f"gary_wang/{name}"])
    report = ingest_paths(clinic.store)
    states = {outcome.path.removeprefix("gary_wang/"): str(outcome.state) for outcome in report.files}
    assert states == {
        "split_lists.json": "ingested",
        "strings_and_unknown_fields.json": "ingested",
        "two_of_three_unreadable.json": "partial",
        "prn_twice.json": "ingested",
        "bom.json": "ingested",
        "cut_short.json": "rejected",
        "latin1.json": "rejected",
        "not_an_extraction.json": "rejected",
        "empty.json": "rejected",
        "another_providers.json": "rejected",
    }
    stored = {outcome.path.removeprefix("gary_wang/"): outcome for outcome in report.files}
    assert stored["split_lists.json"].rows == dict.fromkeys(CLINICAL_TABLES, 2) | {"other_records": 0}
    assert (stored["prn_twice.json"].stored, stored["prn_twice.json"].duplicates) == (1, 1)
    assert stored["two_of_three_unreadable.json"].set_aside == 2
    aside = clinic.rows("set_aside_patients")
    assert [row["reason"] for row in aside if row["taken_in_at"] is None] == ["no_prn", "not_a_list"]
    assert [row["reason"] for row in aside if row["taken_in_at"] is not None] == ["repeated_prn"]

    extraction = {row["prn"]: row["id"] for row in clinic.rows("patient_extractions")}
    assert "400003" in extraction

    def of(table: str, prn: str) -> list[dict[str, Any]]:
        return [row for row in clinic.rows(table) if row["patient_extraction_id"] == extraction[prn]]

    assert [row["medication_type"] for row in of("medications", "GW400001")] == ["current", "historical"]
    assert [row["diagnosis_code"] for row in of("diagnoses", "GW400001")] == ["M10.079", None]
    assert {row["allergy_type"] for row in of("allergies", "GW400001")} == {"drug", "food"}
    assert {row["concern_type"] for row in of("health_concerns", "GW400001")} == {"note", "active"}
    assert of("medications", "GW400002")[0]["medication_type"] == "over-the-counter"
    assert {row["allergy_name"] for row in of("allergies", "GW400002")} == {"Penicillin", "Latex"}
    assert "kept" in "".join(str(row["extra"]) for row in of("health_concerns", "GW400002"))
