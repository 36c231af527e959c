"""What becomes of files and patients: the rules of sameness, on every backend."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from builders import CLINICAL_TABLES, Clinic, a_file, a_patient

from webautodash.domain.alerts import Cause
from webautodash.domain.row_checks import parse_row_checks
from webautodash.services.ingest import FileLog, file_log
from webautodash.services.ingest.ingest_run import ingest_paths

LATER = "2025-03-05T09:00:00"
ALL_TABLES = (*CLINICAL_TABLES, "patients", "extraction_sessions", "patient_extractions", "data_conflicts")


def _conflicts(clinic: Clinic) -> list[tuple[str, str, str, str]]:
    return [
        (row["conflict_type"], row["field_name"], row["severity"], row["status"])
        for row in clinic.rows("data_conflicts")
    ]


def test_a_patient_becomes_rows_in_the_providers_own_database(clinic: Clinic) -> None:
    outcome = clinic.ingest(
        a_file(
            a_patient(
                " GW1 ",
                medications=[{"medication_name": "lisinopril 10 MG Oral Tablet", "start_date": "02/03/2020"}],
                diagnoses=["Gout (M10.079)"],
                allergies=[{"allergen": "Penicillin", "allergy_type": "drug"}],
                health_concerns=["Smoker"],
            )
        )
    )
    assert (outcome.state, outcome.found, outcome.stored, outcome.database_name) == (
        "ingested",
        1,
        1,
        clinic.database_name(),
    )
    [patient] = clinic.rows("patients")
    assert (patient["prn"], patient["patient_name"], str(patient["date_of_birth"])) == (
        "GW1",
        "Test Person",
        "1988-02-19",
    )
    [medication] = clinic.rows("medications")
    assert medication["medication_strength"] == "10 MG"
    assert (str(medication["start_date"]), medication["start_date_text"]) == ("2020-02-03", "02/03/2020")
    assert clinic.rows("diagnoses")[0]["diagnosis_code"] == "M10.079"
    assert clinic.rows("allergies")[0]["allergy_name"] == "Penicillin"
    assert clinic.rows("health_concerns")[0]["concern_text"] == "Smoker"
    [extraction] = clinic.rows("patient_extractions")
    assert (extraction["processing_status"], extraction["duplicate_of_id"]) == ("processed", None)


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


def test_the_same_bytes_written_again_change_nothing_but_what_the_file_looks_like(clinic: Clinic) -> None:
    path = clinic.drop(a_file(a_patient("GW1")))
    content = path.read_bytes()
    clinic.ingest(content, name=path.name)
    before = [clinic.system_rows(table) for table in ("providers", "system_logs")]
    [row] = clinic.system_rows("ingested_files")
    clinic.ingest(content, name=path.name)
    assert [clinic.system_rows(table) for table in ("providers", "system_logs")] == before
    [now] = clinic.system_rows("ingested_files")
    assert {name for name in row if row[name] != now[name]} == {"look", "unfinished_look", "attempts", "updated_at"}


def test_order_age_uuid_spacing_case_and_nulls_are_no_difference(clinic: Clinic) -> None:
    first = a_patient(
        "GW1",
        medications=[{"medication_name": "Xanax 1 mg", "sig": None}, "Aspirin 81 mg", "Aspirin 81 mg"],
        allergies=["Penicillin", {"allergen": "Latex", "reaction": ""}],
    )
    again = a_patient(
        "GW1",
        age="36 yrs",
        uuid="11111111-0000-4000-8000-000000000000",
        name=" test  PERSON",
        born="1988-02-19",
        medications=["aspirin  81 MG ", "Aspirin 81 mg", {"medication_name": "Xanax 1 mg", "row_index": 7}],
        allergies=[{"allergen": "latex"}, {"allergy_name": "Penicillin"}],
    )
    clinic.ingest(a_file(first))
    rows = {table: clinic.count(table) for table in CLINICAL_TABLES}
    outcome = clinic.ingest(a_file(again, at=LATER, medication=" LISINOPRIL "))
    assert (outcome.duplicates, outcome.changed, outcome.conflicts) == (1, 0, 0)
    assert {table: clinic.count(table) for table in CLINICAL_TABLES} == rows
    assert _conflicts(clinic) == [("extraction_duplicate", "data_checksum", "low", "resolved")]
    original, repeat = clinic.rows("patient_extractions")
    assert (repeat["processing_status"], repeat["duplicate_of_id"]) == ("duplicate", original["id"])
    assert clinic.rows("patients")[0]["age"] == "36 yrs"


def test_a_duplicate_of_a_duplicate_points_at_the_original(clinic: Clinic) -> None:
    for year in (2021, 2022, 2023):
        clinic.ingest(a_file(a_patient("GW1"), at=f"{year}-01-01T00:00:00"))
    original, second, third = clinic.rows("patient_extractions")
    assert (second["duplicate_of_id"], third["duplicate_of_id"]) == (original["id"], original["id"])


def test_a_duplicate_keeps_the_check_of_its_own_row_alone(clinic: Clinic) -> None:
    for year in (2021, 2022):
        clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg"]), at=f"{year}-01-01T00:00:00"))
    original, repeat = (parse_row_checks(row["row_checks"]) for row in clinic.rows("patient_extractions"))
    assert [len(rows) for rows in original.lists] == [1, 0, 0, 0, 0]
    assert list(repeat.lists) == [[]] * 5


def test_one_more_equal_row_is_a_change(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg"])))
    outcome = clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg", "Aspirin 81 mg"]), at=LATER))
    assert outcome.changed == 1
    [conflict] = clinic.rows("data_conflicts")
    assert json.loads(conflict["old_value"]) == []
    assert json.loads(conflict["new_value"]) == [{"medication_name": "Aspirin 81 mg"}]


def test_each_list_that_differs_is_one_conflict_with_what_went_and_came(clinic: Clinic) -> None:
    clinic.ingest(
        a_file(
            a_patient(
                "GW1",
                medications=["Aspirin 81 mg", "Xanax 1 mg"],
                diagnoses=["Gout (M10.079)"],
                allergies=["Penicillin", "Latex"],
                health_concerns=["Smoker"],
            )
        )
    )
    outcome = clinic.ingest(
        a_file(
            a_patient(
                "GW1",
                medications=["Aspirin 81 mg", "Metformin 500 mg"],
                diagnoses=["Gout (M10.079)", "Essential hypertension (I10)"],
                allergies=["Latex"],
                health_concerns=["Former smoker"],
            ),
            at=LATER,
        )
    )
    assert (outcome.changed, outcome.conflicts) == (1, 4)
    assert _conflicts(clinic) == [
        ("medication_conflict", "medications", "medium", "unresolved"),
        ("data_changed", "diagnoses", "low", "unresolved"),
        ("data_changed", "allergies", "high", "unresolved"),
        ("data_changed", "health_concerns", "low", "unresolved"),
    ]
    first = clinic.rows("data_conflicts")[0]
    assert json.loads(first["old_value"]) == [{"medication_name": "Xanax 1 mg"}]
    assert json.loads(first["new_value"]) == [{"medication_name": "Metformin 500 mg"}]
    assert (first["extraction_session_id_1"], first["extraction_session_id_2"]) == tuple(
        row["id"] for row in clinic.rows("extraction_sessions")
    )
    assert clinic.count("medications") == 4
    assert clinic.rows("patient_extractions")[1]["processing_status"] == "conflict"


def test_a_new_allergy_is_medium(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", allergies=["Latex"])))
    clinic.ingest(a_file(a_patient("GW1", allergies=["Latex", "Penicillin"]), at=LATER))
    assert _conflicts(clinic) == [("data_changed", "allergies", "medium", "unresolved")]


def test_another_birth_date_and_gender_are_mismatches_with_both_values(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(a_file(a_patient("GW1", born="07/04/1976", gender="Male"), at=LATER))
    assert _conflicts(clinic) == [
        ("demographic_mismatch", "date_of_birth", "critical", "unresolved"),
        ("demographic_mismatch", "gender", "high", "unresolved"),
    ]
    born = clinic.rows("data_conflicts")[0]
    assert (json.loads(born["old_value"]), json.loads(born["new_value"])) == ("02/19/1988", "07/04/1976")
    [patient] = clinic.rows("patients")
    assert (patient["gender"], str(patient["date_of_birth"])) == ("Male", "1976-07-04")


def test_demographics_are_compared_whatever_the_criteria(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    outcome = clinic.ingest(a_file(a_patient("GW1", gender="Male"), medication="Metformin", at=LATER))
    assert (outcome.stored, outcome.changed) == (1, 0)
    assert _conflicts(clinic) == [("demographic_mismatch", "gender", "high", "unresolved")]


def test_each_extraction_keeps_the_demographics_it_came_with(clinic: Clinic) -> None:
    for month, phone in ((2, "111"), (3, "222"), (1, "333")):
        person = {"phone": phone, "email": f"{phone}@example.org", "address": f"{phone} Main St", "first_name": phone}
        clinic.ingest(a_file(a_patient("GW1", demographics=person), at=f"2024-{month:02}-01T00:00:00"))
    assert [row["phone"] for row in clinic.rows("patient_extractions")] == ["111", "222", "333"]
    assert [row["address"] for row in clinic.rows("patient_extractions")][2] == "333 Main St"
    assert clinic.rows("patients")[0]["phone"] == "222"


def test_other_criteria_alone_are_neither_duplicate_nor_conflict(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg"])))
    for other in ({"medication": "Metformin"}, {"start": "2021-01-01"}, {"end": None}):
        outcome = clinic.ingest(a_file(a_patient("GW1", medications=["Xanax 1 mg"]), at=LATER, **other))
        assert (outcome.stored, outcome.conflicts) == (1, 0)
    assert clinic.count("patient_extractions") == 4
    assert clinic.count("data_conflicts") == 0


def test_an_absent_criterion_is_equal_to_an_absent_criterion(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1"), medication=None, start=None, end=None))
    outcome = clinic.ingest(a_file(a_patient("GW1"), medication="", start="", end="", at=LATER))
    assert outcome.duplicates == 1


def test_a_late_older_file_does_not_overwrite_newer_demographics(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", name="New Name"), at=LATER))
    outcome = clinic.ingest(a_file(a_patient("GW1", name="Old Name"), at="2019-01-01T00:00:00"))
    assert outcome.changed == 1
    assert clinic.rows("patients")[0]["patient_name"] == "New Name"
    assert [row[:2] for row in _conflicts(clinic)] == [("demographic_mismatch", "patient_name")]
    # The next one is compared with the latest by its time, not with the last that came.
    assert clinic.ingest(a_file(a_patient("GW1", name="New Name"), at="2025-04-01T00:00:00")).duplicates == 1


def test_a_value_that_is_not_said_this_time_stays_as_known_and_is_recorded(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", demographics={"phone": "555-0100"})))
    outcome = clinic.ingest(a_file(a_patient("GW1", gender=None), at=LATER))
    assert (outcome.changed, outcome.conflicts) == (1, 1)
    assert _conflicts(clinic) == [("demographic_mismatch", "gender", "low", "unresolved")]
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
    server_url: str, database_prefix: str, tmp_path: Path, connections: int, one_order: bool
) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path, max_connections=connections)
    for year, provider in ((2024, "Gary Wang"), (2023, "Zed Last"), (2022, "Gary Wang")):
        folder, stamp = provider.lower().replace(" ", "_"), f"{year}-01-01T00:00:00"
        clinic.drop(a_file(a_patient("P1"), provider=provider, at=stamp), folder, name=f"{year}.json")
    taken = [Path(outcome.path).name for outcome in ingest_paths(clinic.store).files]
    assert taken == (["2022.json", "2023.json", "2024.json"] if one_order else ["2022.json", "2024.json", "2023.json"])
    clinic.store.close()


def test_prns_that_collations_hold_equal_are_different_patients(clinic: Clinic) -> None:
    prns = ["José1", "Jose1", "a1", "A1", "O'Neil", "o'neil", "1", "01", "ﬁ", "fi", "a 1"]
    outcome = clinic.ingest(a_file(*(a_patient(prn, medications=[f"drug {n} mg"]) for n, prn in enumerate(prns))))
    assert outcome.stored == len(prns)
    assert {row["prn"] for row in clinic.rows("patients")} == set(prns)
    again = clinic.ingest(
        a_file(*(a_patient(prn, medications=[f"drug {n} mg"]) for n, prn in enumerate(prns)), at=LATER)
    )
    assert (again.duplicates, again.conflicts) == (len(prns), 0)


def test_a_prn_may_come_as_a_number(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient(400003)))
    assert clinic.ingest(a_file(a_patient("400003"), at=LATER)).duplicates == 1


def test_a_prn_twice_with_the_same_content_is_stored_once(clinic: Clinic) -> None:
    first = a_patient("GW1", age="35 yrs", filter_medication_name="Xanax", note="kept too")
    outcome = clinic.ingest(a_file(first, a_patient("GW1", age="36 yrs"), a_patient("GW2")))
    assert (outcome.found, outcome.stored, outcome.duplicates, outcome.conflicts) == (3, 2, 1, 0)
    assert (outcome.state, outcome.set_aside) == ("ingested", 0)
    assert clinic.count("patient_extractions") == 2
    [kept] = clinic.rows("set_aside_patients")
    assert (kept["reason"], json.loads(kept["raw_json"])) == ("repeated_prn", first)
    assert kept["taken_in_at"] is not None


def test_a_prn_twice_with_different_content_keeps_the_later_and_says_so(clinic: Clinic) -> None:
    outcome = clinic.ingest(
        a_file(
            a_patient("GW1", medications=["Aspirin 81 mg"]),
            a_patient("GW2"),
            a_patient("GW1", medications=["Xanax 1 mg"], born="07/04/1976"),
        )
    )
    assert (outcome.found, outcome.stored, outcome.duplicates, outcome.conflicts) == (3, 2, 1, 1)
    assert [row["medication_name"] for row in clinic.rows("medications")] == ["Xanax 1 mg"]
    [conflict] = clinic.rows("data_conflicts")
    assert (conflict["conflict_type"], conflict["field_name"], conflict["severity"]) == (
        "data_changed",
        "prn",
        "critical",
    )
    assert json.loads(conflict["old_value"])["medications"] == [{"medication_name": "Aspirin 81 mg"}]


def test_a_prn_twice_across_batches_is_one_patient(clinic: Clinic) -> None:
    others = [a_patient(f"P{n:05}") for n in range(1200)]
    outcome = clinic.ingest(a_file(a_patient("GW1"), *others, a_patient("GW1")))
    assert (outcome.found, outcome.stored, outcome.duplicates) == (1202, 1201, 1)


def test_a_bad_patient_is_set_aside_alone_with_its_json(clinic: Clinic) -> None:
    good = a_patient("GW1", medications=["Aspirin 81 mg"])
    outcome = clinic.ingest(
        a_file(
            a_patient("  "),
            good,
            a_patient("GW3", all_medications="none"),
            7,
            a_patient(1.5),
            a_patient("GW4", all_allergies=[True]),
            {"patient_id": "x"},
            a_patient("GW\u0000"),
            a_patient("x" * 129),
            a_patient("GW5", name="n" * 256),
            a_patient(True),
        )
    )
    assert (outcome.state, outcome.found, outcome.stored, outcome.set_aside) == ("partial", 11, 1, 10)
    aside = {row["position"]: row for row in clinic.rows("set_aside_patients")}
    assert {position: row["reason"] for position, row in aside.items()} == {
        0: "no_prn",
        2: "not_a_list",
        3: "malformed",
        4: "unusable_prn",
        5: "unreadable_item",
        6: "no_demographics",
        7: "unusable_prn",
        8: "unusable_prn",
        9: "unusable_value",
        10: "unusable_prn",
    }
    assert json.loads(aside[2]["raw_json"])["all_medications"] == "none"
    [session] = clinic.rows("extraction_sessions")
    assert (session["total_patients_found"], session["successful_extractions"], session["failed_extractions"]) == (
        11,
        1,
        10,
    )
    assert clinic.system_rows("ingested_files")[0]["state"] == "partial"


def test_what_is_set_aside_in_several_batches_is_counted_whole(clinic: Clinic) -> None:
    outcome = clinic.ingest(a_file(a_patient(None), *(a_patient(f"P{n:05}") for n in range(600)), a_patient(None)))
    assert (outcome.found, outcome.stored, outcome.set_aside) == (602, 600, 2)
    assert [row["position"] for row in clinic.rows("set_aside_patients")] == [0, 601]


def test_nothing_that_was_extracted_is_dropped(clinic: Clinic) -> None:
    clinic.ingest(
        a_file(
            a_patient(
                "GW1",
                medications=[
                    {"medication_name": "Aspirin", "medication_type": "over-the-counter", "route": {"by": "mouth"}},
                    {"medication_name": "A" * 70_000, "medication_type": "t" * 300, "sig": ["not", "text"]},
                    {},
                ],
                favourite_colour="green",
                demographics={"nickname": "Tess"},
            ),
            clinic_code="C-7",
            start_date="N/A",
        )
    )
    aspirin, long, empty = clinic.rows("medications")
    assert (aspirin["medication_type"], json.loads(aspirin["extra"])) == (
        "over-the-counter",
        {"route": {"by": "mouth"}},
    )
    assert (len(long["medication_name"]), json.loads(long["extra"])) == (
        70_000,
        {"medication_type": "t" * 300, "sig": ["not", "text"]},
    )
    assert empty["medication_name"] is None
    extra = json.loads(clinic.rows("patient_extractions")[0]["extra"])
    assert extra == {"favourite_colour": "green", "demographics_printable": {"nickname": "Tess"}}
    [session] = clinic.rows("extraction_sessions")
    assert json.loads(session["extra"]) == {"clinic_code": "C-7", "start_date": "N/A"}


def test_an_unknown_field_that_changes_is_a_change(clinic: Clinic) -> None:
    def with_route(route: str) -> dict[str, object]:
        return a_patient("GW1", medications=[{"medication_name": "Aspirin", "route": route}])

    clinic.ingest(a_file(with_route("oral")))
    assert clinic.ingest(a_file(with_route("ORAL"), at=LATER)).duplicates == 1
    assert clinic.ingest(a_file(with_route("rectal"), at="2025-06-01T00:00:00")).changed == 1


def test_deeply_nested_json_costs_its_patient_only(clinic: Clinic) -> None:
    deep = json.loads("[" * 70 + "]" * 70)
    shallow = json.loads("[" * 40 + "]" * 40)
    outcome = clinic.ingest(a_file(a_patient("GW1", odd={"deep": deep}), a_patient("GW2", odd={"deep": shallow})))
    assert (outcome.stored, outcome.set_aside) == (1, 1)
    bottomless = b'{"odd":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    raw = json.dumps(a_file(a_patient("GW3"), "HERE")).encode().replace(b'"HERE"', bottomless)
    assert clinic.ingest(raw).state in {"partial", "rejected"}


def test_text_of_every_script_comes_back_as_it_was(clinic: Clinic) -> None:
    texts = ["Ω-3 жир 💊", "a\u0000b", "tab\tnewline\n", "%s %(x)s :name ? \\ ' \" `", "\u202egnirts"]
    clinic.ingest(a_file(a_patient("GW1", medications=texts)))
    assert [row["medication_name"] for row in clinic.rows("medications")] == texts


def _extracted_at(clinic: Clinic) -> datetime:
    [session] = clinic.rows("extraction_sessions")
    stamp = session["extracted_at"]
    stamp = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    return stamp.replace(tzinfo=UTC)  # type: ignore[no-any-return]


def test_a_session_keeps_what_the_file_says_of_itself(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1"), at="2024-02-04T09:00:00-05:00", job_id=101, start="02/01/2020"))
    [session] = clinic.rows("extraction_sessions")
    assert (session["job_id"], session["target_medication"]) == (101, "Lisinopril")
    assert date.fromisoformat(str(session["start_date"])) == date(2020, 2, 1)
    assert _extracted_at(clinic) == datetime(2024, 2, 4, 14, tzinfo=UTC)


def test_an_extraction_whose_time_names_no_zone_is_of_the_settings_zone(
    server_url: str, database_prefix: str, tmp_path: Path
) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path, timezone="America/New_York")
    clinic.ingest(a_file(a_patient("GW1"), at="2024-07-04T09:00:00"))
    assert _extracted_at(clinic) == datetime(2024, 7, 4, 13, tzinfo=UTC)
    clinic.store.close()


def test_an_empty_list_of_patients_is_a_file_without_patients(clinic: Clinic) -> None:
    outcome = clinic.ingest(a_file())
    assert (outcome.state, outcome.found) == ("ingested", 0)
    assert clinic.count("extraction_sessions") == 1


def test_two_processes_that_record_a_file_at_the_same_time_count_both_attempts(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected = clinic.ingest(b"not JSON")

    def record_meanwhile(*_: object) -> list[Cause]:
        monkeypatch.undo()
        with FileLog(clinic.store) as other:
            other.record(rejected)
        return []

    with FileLog(clinic.store) as log:
        log.record(rejected)
        # Called after the row was read and before it is written.
        monkeypatch.setattr(file_log, "causes_of", record_meanwhile)
    [row] = clinic.system_rows("ingested_files")
    assert (row["state"], row["attempts"]) == ("rejected", 3)
