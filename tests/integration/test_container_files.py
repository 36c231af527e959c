"""Files that have their patients elsewhere than usual, from the folder to the rows."""

import json
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
METADATA: dict[str, Any] = a_file()["extraction_metadata"]
WITH = {"extraction_metadata": METADATA}
ONE = a_patient("P1", medications=["Aspirin 81 MG"])
HALF = {"a": "\ud83d"}


@pytest.mark.parametrize(
    ("file", "where"),
    [
        (WITH | {"extraction_results": {"patients": [ONE, HALF]}}, "extraction_results.patients[1]"),
        (WITH | {"patients": [ONE, HALF]}, "patients[1]"),
        ([ONE, HALF], "[1]"),
        ({"extraction_results": [ONE, HALF]}, "extraction_results[1]"),
    ],
)
def test_patients_are_stored_and_the_unreadable_one_is_named_by_its_place(
    clinic: Clinic, file: Any, where: str
) -> None:
    outcome = clinic.ingest(json.dumps(file).encode())
    assert (outcome.provider, outcome.state, outcome.stored, outcome.set_aside) == ("gary_wang", "partial", 1, 1)
    assert [row["medication_name"] for row in clinic.rows("medications")] == ["Aspirin 81 MG"]
    [aside] = clinic.rows("set_aside_patients")
    assert (aside["reason"], aside["detail"]) == ("half_character", where)


def test_one_patient_is_stored_and_the_doctor_is_the_provider(clinic: Clinic) -> None:
    metadata = {key: value for key, value in METADATA.items() if key != "provider_name"} | {"doctor_name": "Gary Wang"}
    outcome = clinic.ingest({"extraction_metadata": metadata, "extraction_results": ONE})
    assert (outcome.state, outcome.provider, outcome.stored) == ("ingested", "gary_wang", 1)
    assert clinic.rows("extraction_sessions")[0]["provider_name"] == "Gary Wang"


def test_a_failed_job_is_rejected_with_a_kind_of_its_own(clinic: Clinic) -> None:
    outcome = clinic.ingest({"extraction_metadata": METADATA, "status": "error", "error": "SECRET"})
    assert (outcome.state, outcome.kind) == ("rejected", "failed_job")
    assert "SECRET" not in str(outcome.reason)
