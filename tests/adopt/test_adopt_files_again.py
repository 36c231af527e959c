"""Files that the earlier scripts stored are recognised after the adoption, whatever they stored later."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from builders import Clinic, a_file
from legacy_database import Legacy, LegacyDatabase
from legacy_files import a_person

from webautodash.services.adopt import adopt


@pytest.fixture
def database(legacy: Legacy) -> LegacyDatabase:
    return legacy("gary_wang")


def _round(number: int, *people: dict[str, Any], **more: Any) -> dict[str, Any]:
    name = f"round{number}.json"
    at = f"2024-0{number}-04T09:00:00.4"
    return a_file(*people, at=at, job_id=number, results_filename=name, provider_directory="gary_wang", **more)


def _two_rounds(people: int = 4) -> list[dict[str, Any]]:
    """Two files with the same criteria; in the second, every patient has another medication and another name."""
    first = [a_person(number) for number in range(people)]
    second = [
        a_person(number, name=f"Renamed{number} Éxample", medications=[{"medication_name": f"Other {number}"}])
        for number in range(people)
    ]
    for person in second:
        person["all_medications"][0]["medication_type"] = "current"
    return [_round(1, *first), _round(2, *second)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_history_of_two_rounds_ingested_again_gives_no_conflict(
    clinic: Clinic, database: LegacyDatabase, order: tuple[int, int]
) -> None:
    rounds = _two_rounds()
    for file in rounds:
        database.take(file)
    adopt(clinic.store, database.name)
    before = clinic.rows("data_conflicts")
    for number in order:
        outcome = clinic.ingest(rounds[number], name=f"round{number + 1}.json")
        assert (outcome.state, outcome.found, outcome.duplicates, outcome.conflicts) == ("ingested", 4, 4, 0)
    added = clinic.rows("data_conflicts")[len(before) :]
    assert {row["conflict_type"] for row in added} == {"extraction_duplicate"}
    assert clinic.count("medications") == 4 * 2 + 4


def test_the_recognised_file_repeats_its_own_session(clinic: Clinic, database: LegacyDatabase) -> None:
    rounds = _two_rounds(people=1)
    first, _ = (database.take(file) for file in rounds)
    adopt(clinic.store, database.name)
    clinic.ingest(rounds[0], name="round1.json")
    [again] = [row for row in clinic.rows("patient_extractions") if row["duplicate_of_id"] is not None]
    [original] = [row for row in clinic.rows("patient_extractions") if row["id"] == again["duplicate_of_id"]]
    assert original["extraction_session_id"] == first


@pytest.mark.parametrize("other", [{"job_id": 77}, {"results_filename": "x.json"}, {"extracted_at": "2024-01-05"}])
def test_another_file_is_compared_with_the_latest_extraction(
    clinic: Clinic, database: LegacyDatabase, other: dict[str, Any]
) -> None:
    rounds = _two_rounds(people=1)
    for file in rounds:
        database.take(file)
    adopt(clinic.store, database.name)
    changed = copy.deepcopy(rounds[0])
    changed["extraction_metadata"] |= other
    assert clinic.ingest(changed, name="another.json").duplicates == 0


def test_a_file_with_more_than_the_scripts_kept_of_it_is_a_change(clinic: Clinic, database: LegacyDatabase) -> None:
    rounds = _two_rounds(people=1)
    for file in rounds:
        database.take(file)
    database.run(f"DELETE FROM `{database.name}`.diagnoses WHERE id = 2")
    adopt(clinic.store, database.name)
    outcome = clinic.ingest(rounds[1], name="round2.json")
    assert (outcome.duplicates, outcome.changed) == (0, 1)


def test_what_an_old_row_does_not_say_stays_empty(clinic: Clinic, database: LegacyDatabase) -> None:
    for file in _two_rounds(people=1):
        database.take(file)
    adopt(clinic.store, database.name)
    names = [(row["patient_name"], row["date_of_birth"] is None) for row in clinic.rows("patient_extractions")]
    assert names == [("Person0 Éxample", False), (None, True)]


def test_two_persons_in_a_record_and_the_patient_row_are_a_critical_conflict(
    clinic: Clinic, database: LegacyDatabase
) -> None:
    first = database.take(_round(1, a_person(1, name="Old Name", born="01/02/1950")))
    second = database.take(_round(2, a_person(1, name="New Name", born="03/04/1960"), medication="Xanax"))
    adopt(clinic.store, database.name)
    [conflict] = clinic.rows("data_conflicts")
    assert (conflict["severity"], conflict["status"], conflict["field_name"]) == ("critical", "unresolved", "prn")
    assert "1960-03-04" in conflict["old_value"]
    assert "1950-01-02" in conflict["new_value"]
    assert (conflict["extraction_session_id_1"], conflict["extraction_session_id_2"]) == (second, second)
    assert first != second
