"""What counts as a change: repeated files, duplicates, demographics, criteria, and the order of files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import CLINICAL_TABLES, Clinic, a_file, a_patient

from webautodash.domain.row_checks import parse_row_checks
from webautodash.services.ingest import plan
from webautodash.services.ingest.ingest_run import ingest_paths

LATER = "2025-03-05T09:00:00"
ALL_TABLES = (*CLINICAL_TABLES, "patients", "extraction_sessions", "patient_extractions", "data_conflicts")


def test_the_same_bytes_under_any_name_leave_the_same_rows(clinic: Clinic) -> None:
    content = a_file(a_patient("GW1", medications=["Aspirin 81 MG"]))
    first = clinic.ingest(content)
    before = {table: clinic.rows(table) for table in ALL_TABLES}
    registry = clinic.system_rows("providers")
    again = clinic.ingest(content, name="another_name.json")
    assert (first.state, again.state) == ("ingested", "already_ingested")
    assert again.session_id == first.session_id
    assert {table: clinic.rows(table) for table in ALL_TABLES} == before
    assert clinic.system_rows("providers") == registry


def test_the_same_bytes_written_again_change_only_the_stat_of_the_file(clinic: Clinic) -> None:
    path = clinic.drop(a_file(a_patient("GW1")))
    content = path.read_bytes()
    clinic.ingest(content, name=path.name)
    before = [clinic.system_rows(table) for table in ("providers", "system_logs")]
    [row] = clinic.system_rows("ingested_files")
    clinic.ingest(content, name=path.name)
    assert [clinic.system_rows(table) for table in ("providers", "system_logs")] == before
    [now] = clinic.system_rows("ingested_files")
    assert {name for name in row if row[name] != now[name]} == {"look", "unfinished_look", "attempts", "updated_at"}


def test_a_duplicate_of_a_duplicate_points_at_the_original(clinic: Clinic) -> None:
    for year in (2021, 2022, 2023):
        clinic.ingest(a_file(a_patient("GW1"), at=f"{year}-01-01T00:00:00"))
    original, second, third = clinic.rows("patient_extractions")
    assert (second["duplicate_of_id"], third["duplicate_of_id"]) == (original["id"], original["id"])


def test_a_duplicate_keeps_the_check_of_its_own_row_only(clinic: Clinic) -> None:
    for year in (2021, 2022):
        clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg"]), at=f"{year}-01-01T00:00:00"))
    original, repeat = (parse_row_checks(row["row_checks"]) for row in clinic.rows("patient_extractions"))
    assert [len(rows) for rows in original.lists] == [1, 0, 0, 0, 0]
    assert list(repeat.lists) == [[]] * 5


def test_another_birth_date_and_gender_are_mismatches_with_both_values(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(a_file(a_patient("GW1", born="07/04/1976", gender="Male"), at=LATER))
    assert clinic.conflicts() == [
        ("demographic_mismatch", "date_of_birth", "critical", "unresolved"),
        ("demographic_mismatch", "gender", "high", "unresolved"),
    ]
    born = clinic.rows("data_conflicts")[0]
    assert (json.loads(born["old_value"]), json.loads(born["new_value"])) == ("02/19/1988", "07/04/1976")
    [patient] = clinic.rows("patients")
    assert (patient["gender"], str(patient["date_of_birth"])) == ("Male", "1976-07-04")


def test_each_extraction_keeps_the_demographics_it_came_with(clinic: Clinic) -> None:
    for month, phone in ((2, "111"), (3, "222"), (1, "333")):
        person = {"phone": phone, "email": f"{phone}@example.org", "address": f"{phone} Main St", "first_name": phone}
        clinic.ingest(a_file(a_patient("GW1", demographics=person), at=f"2024-{month:02}-01T00:00:00"))
    assert [row["phone"] for row in clinic.rows("patient_extractions")] == ["111", "222", "333"]
    assert [row["address"] for row in clinic.rows("patient_extractions")][2] == "333 Main St"
    assert clinic.rows("patients")[0]["phone"] == "222"


def test_with_other_criteria_only_demographics_are_compared(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg"])))
    for other in ({"medication": "Metformin"}, {"start": "2021-01-01"}, {"end": None}):
        outcome = clinic.ingest(a_file(a_patient("GW1", medications=["Xanax 1 mg"]), at=LATER, **other))
        assert (outcome.stored, outcome.conflicts) == (1, 0)
    assert (clinic.count("patient_extractions"), clinic.count("data_conflicts")) == (4, 0)
    male = a_patient("GW1", gender="Male", medications=["Xanax 1 mg"])
    outcome = clinic.ingest(a_file(male, medication="Aspirin", at=LATER))
    assert (outcome.stored, outcome.changed) == (1, 0)
    assert clinic.conflicts() == [("demographic_mismatch", "gender", "high", "unresolved")]


def test_a_missing_value_keeps_the_known_one_and_is_recorded(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", demographics={"phone": "555-0100"})))
    outcome = clinic.ingest(a_file(a_patient("GW1", gender=None), at=LATER))
    assert (outcome.changed, outcome.conflicts) == (1, 1)
    assert clinic.conflicts() == [("demographic_mismatch", "gender", "low", "unresolved")]
    [patient] = clinic.rows("patients")
    assert (patient["gender"], patient["phone"]) == ("Female", "555-0100")


def test_files_of_one_run_go_in_the_order_of_their_extraction(clinic: Clinic) -> None:
    clinic.drop(a_file(a_patient("GW1", name="Newer"), at="2025-01-01T00:00:00Z"), name="a.json")
    clinic.drop(a_file(a_patient("GW1", name="Older"), at="2024-12-31T23:00:00-05:00"), name="b.json")
    clinic.drop(a_file(a_patient("GW1", name="Oldest"), at="2024-01-01T00:00:00"), name="c.json")
    report = ingest_paths(clinic.store)
    assert [outcome.path for outcome in report.files] == ["gary_wang/c.json", "gary_wang/a.json", "gary_wang/b.json"]
    assert clinic.rows("patients")[0]["patient_name"] == "Older"


@pytest.mark.parametrize(("connections", "one_order"), [(7, True), (6, False)])
def test_files_of_all_providers_go_in_one_order_unless_that_takes_too_many_connections(
    open_clinic: Callable[..., Clinic], connections: int, one_order: bool
) -> None:
    clinic = open_clinic(max_connections=connections)
    for year, provider in ((2024, "Gary Wang"), (2023, "Zed Last"), (2022, "Gary Wang")):
        folder, stamp = provider.lower().replace(" ", "_"), f"{year}-01-01T00:00:00"
        clinic.drop(a_file(a_patient("P1"), provider=provider, at=stamp), folder, name=f"{year}.json")
    order = [Path(outcome.path).name for outcome in ingest_paths(clinic.store).files]
    assert order == (["2022.json", "2023.json", "2024.json"] if one_order else ["2022.json", "2024.json", "2023.json"])


def test_of_a_prn_twice_with_different_content_the_later_is_kept_and_a_conflict_has_the_other(clinic: Clinic) -> None:
    first = a_patient("GW1", medications=["Aspirin 81 mg"])
    last = a_patient("GW1", medications=["Xanax 1 mg"], born="07/04/1976")
    outcome = clinic.ingest(a_file(first, a_patient("GW2"), last))
    assert (outcome.found, outcome.stored, outcome.duplicates, outcome.conflicts) == (3, 2, 1, 1)
    assert [row["medication_name"] for row in clinic.rows("medications")] == ["Xanax 1 mg"]
    assert clinic.conflicts() == [("data_changed", "prn", "critical", "unresolved")]
    [conflict] = clinic.rows("data_conflicts")
    assert json.loads(conflict["old_value"])["medications"] == [{"medication_name": "Aspirin 81 mg"}]


def test_an_empty_list_of_patients_is_a_file_without_patients(clinic: Clinic) -> None:
    outcome = clinic.ingest(a_file())
    assert (outcome.state, outcome.found) == ("ingested", 0)
    assert clinic.count("extraction_sessions") == 1


def test_a_prn_twice_and_patients_set_aside_are_counted_over_all_batches(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PATIENTS_AT_ONCE", 10)
    others = [a_patient(f"P{n:05}") for n in range(25)]
    outcome = clinic.ingest(a_file(a_patient(None), a_patient("GW1"), *others, a_patient("GW1"), a_patient(None)))
    assert (outcome.found, outcome.stored, outcome.duplicates, outcome.set_aside) == (29, 26, 1, 2)
    aside = clinic.rows("set_aside_patients", order="position")
    assert [(row["position"], row["reason"]) for row in aside] == [(0, "no_prn"), (1, "repeated_prn"), (28, "no_prn")]
