"""Storing set-aside patients later keeps the counts consistent."""

import json
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.errors import NotFound, UsageError
from webautodash.services.registry.provider_names import resolve_provider
from webautodash.services.review.retry_patients import RetryOutcome, retry_set_aside
from webautodash.services.statistics.provider_statistics import statistics


def _session(clinic: Clinic) -> dict[str, Any]:
    [row] = clinic.rows("extraction_sessions")
    return row


def _adds_up(clinic: Clinic) -> bool:
    row = _session(clinic)
    parts = ("patients_stored", "patients_changed", "patients_duplicate", "failed_extractions")
    return bool(row["total_patients_found"] == sum(row[part] for part in parts))


def _one_aside(clinic: Clinic) -> int:
    clinic.ingest(a_file(a_patient("GW1"), a_patient(None, medications=["Aspirin 81 mg"])))
    [row] = clinic.rows("set_aside_patients")
    return int(row["id"])


def _retry(clinic: Clinic, number: int, corrected: str | None = None) -> RetryOutcome:
    return retry_set_aside(clinic.store, resolve_provider(clinic.store, "gary_wang"), number, corrected)


def test_a_corrected_patient_is_stored_in_the_session_of_its_file(clinic: Clinic) -> None:
    number = _one_aside(clinic)
    corrected = json.dumps(a_patient("GW2", medications=["Aspirin 81 mg"]))
    outcome = _retry(clinic, number, corrected)
    assert (outcome.taken_in, outcome.outcome) == (True, "stored")
    assert {row["prn"] for row in clinic.rows("patients")} == {"GW1", "GW2"}
    assert clinic.count("medications") == 1
    assert (_session(clinic)["failed_extractions"], _session(clinic)["patients_stored"]) == (0, 2)
    assert _adds_up(clinic)
    assert clinic.rows("set_aside_patients")[0]["taken_in_at"] is not None
    [file] = clinic.system_rows("ingested_files")
    assert (file["state"], file["stored"], file["set_aside"]) == ("ingested", 2, 0)
    assert clinic.system_rows("providers")[0]["total_patients"] == 2
    assert statistics(clinic.store, "gary_wang").set_aside == 0


def test_a_patient_that_is_still_unreadable_stays_aside(clinic: Clinic) -> None:
    number = _one_aside(clinic)
    outcome = _retry(clinic, number)
    assert (outcome.taken_in, outcome.reason) == (False, "no_prn: demographics_printable.prn")
    assert clinic.rows("set_aside_patients")[0]["taken_in_at"] is None
    assert (_session(clinic)["failed_extractions"], _adds_up(clinic)) == (1, True)


def test_a_correction_that_is_no_patient_or_another_of_the_file_is_refused_and_a_right_one_is_stored_once(
    clinic: Clinic,
) -> None:
    number = _one_aside(clinic)
    for text in ("", "{", "[]", "7", "\ud800"):
        assert not _retry(clinic, number, text).taken_in
    with pytest.raises(UsageError):
        _retry(clinic, number, json.dumps(a_patient("GW1", name="Else")))
    with pytest.raises(NotFound):
        _retry(clinic, 999)
    assert [row["patient_name"] for row in clinic.rows("patients")] == ["Test Person"]
    assert _adds_up(clinic)
    corrected = json.dumps(a_patient("GW2"))
    _retry(clinic, number, corrected)
    with pytest.raises(UsageError):
        _retry(clinic, number, corrected)
    assert clinic.count("patient_extractions") == 2


def test_a_patient_that_is_stored_later_is_compared_with_the_known_one(clinic: Clinic) -> None:
    number = _one_aside(clinic)
    clinic.ingest(a_file(a_patient("GW2", name="Known Person"), at="2023-01-01T00:00:00"))
    corrected = json.dumps(a_patient("GW2", name="Other Person"))
    assert _retry(clinic, number, corrected).outcome == "changed"
    [conflict] = clinic.rows("data_conflicts")
    assert (conflict["conflict_type"], conflict["field_name"]) == ("demographic_mismatch", "patient_name")
