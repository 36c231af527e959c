"""Whole files that are held until a person accepts them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.errors import UsageError
from webautodash.services.ingest import FileOutcome, ingest_paths
from webautodash.services.ingest.file_states import accept_file

RIGHT = "2024-02-04T09:00:00Z"


def ahead(**difference: int) -> str:
    return (datetime.now(UTC) + timedelta(**difference)).isoformat()


def test_a_file_of_the_future_is_held_before_a_row_is_written(clinic: Clinic) -> None:
    outcome = clinic.ingest(a_file(a_patient("A1", medications=["Xanax"]), at=ahead(days=2)))
    assert (outcome.state, outcome.kind, outcome.is_problem) == ("held", "future_time", True)
    assert (clinic.rows("extraction_sessions"), clinic.rows("patients")) == ([], [])
    [row] = clinic.system_rows("ingested_files")
    assert (row["state"], row["kind"], row["content_sha256"]) == ("held", "future_time", outcome.sha256)
    assert clinic.ingest(a_file(a_patient("A2"), at=ahead(hours=23))).state == "ingested"


def test_a_held_file_is_accepted_with_its_right_time(clinic: Clinic) -> None:
    stamp = ahead(days=27000)
    outcome = clinic.ingest(a_file(a_patient("A1", medications=["Xanax"]), at=stamp), name="a.json")
    accepted = accept_file(clinic.store, outcome.path, by="Ann", why="the robot's clock", extracted_at=RIGHT)
    assert (accepted.state, accepted.stored) == ("ingested", 1)
    [session] = clinic.rows("extraction_sessions")
    [patient] = clinic.rows("patients")
    assert str(session["extracted_at"])[:16] == str(patient["as_of"])[:16] == "2024-02-04 09:00"
    [decision] = clinic.rows("session_decisions")
    assert {name: decision[name] for name in ("kind", "old_value", "new_value", "decided_by", "why")} == {
        "kind": "future_time",
        "old_value": stamp,
        "new_value": "2024-02-04T09:00:00+00:00",
        "decided_by": "Ann",
        "why": "the robot's clock",
    }
    later = clinic.ingest(a_file(a_patient("A1", medications=["Xanax"]), at="2024-03-04T09:00:00"))
    assert (later.duplicates, later.conflicts) == (1, 0)
    again = ingest_paths(clinic.store, [clinic.results / outcome.path], rehash=True).files[0]
    assert (again.state, clinic.count("extraction_sessions")) == ("already_ingested", 2)
    [row, _] = clinic.system_rows("ingested_files")
    assert (row["state"], row["kind"]) == ("ingested", None)


def test_an_acceptance_is_for_the_bytes_that_were_held(clinic: Clinic) -> None:
    path = clinic.drop(a_file(a_patient("A1"), at=ahead(days=2)), name="a.json")
    ingest_paths(clinic.store)
    path.write_text(json.dumps(a_file(a_patient("A1"), a_patient("A2"), at=ahead(days=2))))
    accepted = accept_file(clinic.store, "gary_wang/a.json", by="Ann", why="clock", extracted_at=RIGHT)
    assert (accepted.state, clinic.rows("extraction_sessions")) == ("held", [])


@pytest.mark.parametrize(
    "arguments",
    [
        {"by": " ", "why": "clock", "extracted_at": RIGHT},
        {"by": "Ann", "why": "", "extracted_at": RIGHT},
        {"by": "Ann", "why": "clock"},
        {"by": "Ann", "why": "clock", "extracted_at": "yesterday"},
        {"by": "Ann", "why": "clock", "extracted_at": "2999-01-01T00:00:00Z"},
    ],
)
def test_an_incomplete_acceptance_changes_nothing(clinic: Clinic, arguments: dict[str, str]) -> None:
    outcome = clinic.ingest(a_file(a_patient("A1"), at=ahead(days=2)))
    with pytest.raises(UsageError):
        accept_file(clinic.store, outcome.path, **arguments)
    assert (clinic.rows("extraction_sessions"), clinic.system_rows("file_acceptances")) == ([], [])


def test_only_a_held_file_is_accepted(clinic: Clinic) -> None:
    rejected = clinic.ingest(b"{", name="a.json")
    with pytest.raises(UsageError):
        accept_file(clinic.store, rejected.path, by="Ann", why="it is right")


def _elsewhere(clinic: Clinic) -> FileOutcome:
    """Ingest a file without a provider name in the folder of one provider, and then in that of another."""
    content = a_file(a_patient("A1", medications=["Xanax"]), provider=None)
    assert clinic.ingest(content, "gary_wang", "a.json").state == "ingested"
    return clinic.ingest(content, "ann_bee", "a.json")


def test_a_file_that_is_stored_for_another_provider_is_held_until_a_person_accepts_it(clinic: Clinic) -> None:
    held = _elsewhere(clinic)
    assert (held.state, held.kind, held.provider, held.is_problem) == ("held", "stored_elsewhere", "ann_bee", True)
    assert (clinic.rows("patients", "ann_bee"), clinic.count("patients")) == ([], 1)
    assert [row["kind"] for row in clinic.system_rows("alerts")] == ["held"]
    accepted = accept_file(clinic.store, held.path, by="Ann", why="both treat him")
    assert (accepted.state, clinic.count("patients", "ann_bee")) == ("ingested", 1)
    assert [row["kind"] for row in clinic.rows("session_decisions", "ann_bee")] == ["stored_elsewhere"]
    again = ingest_paths(clinic.store, rehash=True).files
    assert [str(file.state) for file in again] == ["already_ingested"] * 2


@pytest.mark.parametrize("workers", [1, 2])
def test_of_two_providers_with_the_same_bytes_in_one_run_one_is_held(clinic: Clinic, workers: int) -> None:
    content = a_file(*(a_patient(f"A{number}") for number in range(20)), provider=None)
    for folder in ("gary_wang", "ann_bee"):
        clinic.drop(content, folder, "a.json")
    found = ingest_paths(clinic.store, workers=workers).files
    states = sorted(str(file.state) for file in found)
    # The second is held, or waits for the first to end.
    assert states in (["held", "ingested"], ["failed", "ingested"])
    assert {file.kind for file in found if file.state != "ingested"} <= {"stored_elsewhere", "being_stored_elsewhere"}
    assert sorted(str(file.state) for file in ingest_paths(clinic.store).files) == ["already_ingested", "held"]
    assert sorted(len(clinic.rows("patients", slug)) for slug in ("ann_bee", "gary_wang")) == [0, 20]


def test_the_database_of_the_other_provider_decides(clinic: Clinic) -> None:
    held = _elsewhere(clinic)
    clinic.execute("UPDATE extraction_sessions SET content_sha256 = 'another'")
    path = clinic.results / held.path
    [waits] = ingest_paths(clinic.store, [path]).files
    assert (waits.state, waits.kind) == ("failed", "being_stored_elsewhere")
    clinic.execute_in_system("UPDATE stored_contents SET claimed_at = '2024-01-01 00:00:00'")
    assert [file.state for file in ingest_paths(clinic.store, [path]).files] == ["ingested"]
    owners = {row["id"]: row["slug"] for row in clinic.system_rows("providers")}
    claims = [owners[row["provider_id"]] for row in clinic.system_rows("stored_contents", "content_sha256")]
    assert claims == ["ann_bee"]


def test_a_file_stored_before_there_were_claims_is_found_by_its_row(clinic: Clinic) -> None:
    content = a_file(a_patient("A1"), provider=None)
    clinic.ingest(content, "gary_wang", "a.json")
    clinic.execute_in_system("DELETE FROM stored_contents")
    assert clinic.ingest(content, "ann_bee", "a.json").kind == "stored_elsewhere"
    assert ingest_paths(clinic.store, [clinic.results / "gary_wang/a.json"], rehash=True).files[0].session_id == 1
