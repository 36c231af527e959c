"""Whole files that are held until a person accepts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.errors import UsageError
from webautodash.services.accept_file import accept_file
from webautodash.services.ingest import ingest_paths

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
def test_an_acceptance_that_says_too_little_changes_nothing(clinic: Clinic, arguments: dict[str, str]) -> None:
    outcome = clinic.ingest(a_file(a_patient("A1"), at=ahead(days=2)))
    with pytest.raises(UsageError):
        accept_file(clinic.store, outcome.path, **arguments)
    assert (clinic.rows("extraction_sessions"), clinic.system_rows("file_acceptances")) == ([], [])


def test_only_a_held_file_is_accepted(clinic: Clinic) -> None:
    rejected = clinic.ingest(b"{", name="a.json")
    with pytest.raises(UsageError):
        accept_file(clinic.store, rejected.path, by="Ann", why="it is right")
