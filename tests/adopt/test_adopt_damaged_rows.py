"""Damaged rows of the earlier scripts are kept, marked, and harm no later ingest."""

import copy
from typing import Any

import pytest
from builders import Clinic, a_file
from legacy_database import Legacy, LegacyDatabase
from legacy_files import a_person, two_sweeps

from webautodash.services.adopt import adopt, survey_adoption
from webautodash.services.adopt.incomplete import NOT_FINISHED, ROWS_FEWER, ROWS_MISSING
from webautodash.services.review import conflicts, patients


@pytest.fixture
def damaged(legacy: Legacy) -> LegacyDatabase:
    return legacy("gary_wang")


def _later(file: dict[str, Any]) -> dict[str, Any]:
    again = copy.deepcopy(file)
    again["extraction_metadata"]["extracted_at"] = "2025-01-01T00:00:00"
    return again


def test_an_extraction_whose_rows_are_missing_is_flagged_and_the_next_is_stored_whole(
    clinic: Clinic, damaged: LegacyDatabase
) -> None:
    file = two_sweeps(people=3)[0]
    damaged.take(file, killed_before_rows_of="GW0001")
    assert adopt(clinic.store, damaged.name).flagged == {ROWS_MISSING: 1}
    [flagged] = [row for row in clinic.rows("patient_extractions") if row["processing_status"] == "failed"]
    assert flagged["prn"] == "GW0001"
    assert ROWS_MISSING in flagged["extra"]
    outcome = clinic.ingest(_later(file))
    assert (outcome.stored, outcome.duplicates, outcome.changed) == (1, 2, 0)
    assert [row["conflict_type"] for row in clinic.rows("data_conflicts")] == ["extraction_duplicate"] * 2


def test_an_extraction_with_an_earlier_whole_one_is_compared_with_that(clinic: Clinic, damaged: LegacyDatabase) -> None:
    file = a_file(a_person(1))
    damaged.take(file)
    damaged.take(a_file(a_person(1), at="2024-05-01T09:00:00"), killed_before_rows_of="GW0001")
    assert adopt(clinic.store, damaged.name).flagged == {ROWS_MISSING: 1}
    assert clinic.ingest(_later(file)).duplicates == 1


def test_an_extraction_with_fewer_rows_than_its_comprehensive_record_is_flagged(
    clinic: Clinic, damaged: LegacyDatabase
) -> None:
    file = a_file(a_person(1), a_person(2))
    damaged.take(file)
    damaged.run(f"DELETE FROM `{damaged.name}`.medications WHERE id = 2")
    assert adopt(clinic.store, damaged.name).flagged == {ROWS_FEWER: 1}
    outcome = clinic.ingest(_later(file))
    assert (outcome.stored, outcome.duplicates, outcome.conflicts) == (1, 1, 0)


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_an_unfinished_extraction_stays_unfinished(clinic: Clinic, damaged: LegacyDatabase, status: str) -> None:
    damaged.take(a_file(a_person(1)))
    damaged.run(
        f"UPDATE `{damaged.name}`.patient_extractions SET processing_status = %s, error_message = 'broke'", status
    )
    assert adopt(clinic.store, damaged.name).flagged == {NOT_FINISHED: 1}
    [row] = clinic.rows("patient_extractions")
    assert row["processing_status"] == "failed"
    assert '"error_message": "broke"' in row["extra"]
    assert clinic.count("medications") == 2


def test_a_patient_whose_lists_were_empty_is_complete(clinic: Clinic, damaged: LegacyDatabase) -> None:
    empty = a_person(1, medications=[], diagnoses=[], allergies=[], health_concerns=[])
    file = a_file(empty, a_person(2), a_person(3))
    damaged.take(file, killed_before_rows_of="GW0002")
    assert survey_adoption(clinic.store, damaged.name).flagged == {ROWS_MISSING: 1}
    assert adopt(clinic.store, damaged.name).flagged == {ROWS_MISSING: 1}
    assert survey_adoption(clinic.store, damaged.name).flagged == {ROWS_MISSING: 1}
    outcome = clinic.ingest(_later(file))
    assert (outcome.stored, outcome.duplicates, outcome.changed) == (1, 2, 0)


def test_the_survey_predicts_every_reason(clinic: Clinic, damaged: LegacyDatabase) -> None:
    damaged.take(a_file(*map(a_person, range(5))), killed_before_rows_of="GW0001")
    damaged.run(f"DELETE FROM `{damaged.name}`.medications WHERE patient_extraction_id = 3")
    damaged.run(f"UPDATE `{damaged.name}`.patient_extractions SET processing_status = 'pending' WHERE id = 4")
    predicted = survey_adoption(clinic.store, damaged.name).flagged
    assert predicted == {NOT_FINISHED: 1, ROWS_FEWER: 1, ROWS_MISSING: 1}
    assert adopt(clinic.store, damaged.name).flagged == predicted


def test_a_session_counts_what_the_scripts_skipped_as_duplicates(clinic: Clinic, damaged: LegacyDatabase) -> None:
    session = damaged.take(a_file(*map(a_person, range(3))))
    damaged.run(
        f"UPDATE `{damaged.name}`.extraction_sessions SET total_patients_found = 9, failed_extractions = 2, "
        "successful_extractions = 7"
    )
    adopt(clinic.store, damaged.name)
    [row] = clinic.rows("extraction_sessions")
    assert row["id"] == session
    counts = ("total_patients_found", "patients_stored", "patients_duplicate", "failed_extractions", "patients_new")
    assert [row[name] for name in counts] == [9, 3, 4, 2, 3]
    assert [row[name] for name in ("medications", "diagnoses", "allergies", "health_concerns")] == [6, 3, 3, 3]
    [provider] = clinic.store.providers()
    assert (provider.total_patients, provider.total_sessions, provider.total_extractions) == (3, 1, 7)


def test_a_patient_without_a_session_is_kept(clinic: Clinic, damaged: LegacyDatabase) -> None:
    damaged.take(a_file(a_person(1)))
    damaged.add("patients", prn="LONELY", patient_name="Nobody Else", date_of_birth="1950-01-02")
    done = adopt(clinic.store, damaged.name)
    assert {each.table: each.after for each in done.tables}["patients"] == 2
    assert [(row["prn"], row["patient_name"]) for row in clinic.rows("patients")][1] == ("LONELY", "Nobody Else")
    assert [row["path"] for row in clinic.rows("extraction_sessions")][1:] == [
        f"adopted from {damaged.name}, of no session"
    ]
    [provider] = clinic.store.providers()
    assert provider.total_patients == 2


def test_an_empty_database_is_adopted(clinic: Clinic, damaged: LegacyDatabase) -> None:
    done = adopt(clinic.store, damaged.name)
    assert {each.before for each in done.tables} == {0}
    assert clinic.ingest(a_file(a_person(1))).stored == 1


def test_prns_that_the_collation_took_for_equal_become_two_patients(clinic: Clinic, damaged: LegacyDatabase) -> None:
    # The earlier scripts found jose when they looked up José.
    damaged.take(a_file(a_person(1, prn="jose", name="First One", born="01/01/1950")))
    session = damaged.session(a_file(at="2024-05-01T09:00:00")["extraction_metadata"], 1)
    extraction = damaged.add(
        "patient_extractions",
        prn="José",
        patient_id=1,
        extraction_session_id=session,
        patient_uuid="other",
        data_checksum="cd" * 32,
        processing_status="processed",
    )
    damaged.add("allergies", patient_extraction_id=extraction, allergy_type="food", allergy_name="Nuts")
    done = adopt(clinic.store, damaged.name)
    people = {row["id"]: row["prn"] for row in clinic.rows("patients")}
    assert people == {1: "jose", 2: "José"}
    assert [(row["prn"], people[row["patient_id"]]) for row in clinic.rows("patient_extractions")] == [
        ("jose", "jose"),
        ("José", "José"),
    ]
    assert any(note.startswith("1 PRN") for note in done.notes)
    [conflict] = clinic.rows("data_conflicts")
    assert (conflict["severity"], conflict["field_name"], conflict["status"]) == ("critical", "prn", "unresolved")
    assert patients.show(clinic.store, "gary_wang", "José").lists["allergies"][0]["allergy_name"] == "Nuts"
    assert clinic.rows("patients")[1]["patient_name"] is None


def test_a_row_that_mixes_two_persons_changes_no_extraction(clinic: Clinic, damaged: LegacyDatabase) -> None:
    first = a_file(a_person(1, name="Old Name", born="01/02/1950"))
    damaged.take(first)
    damaged.take(a_file(a_person(1, name="New Name", born="03/04/1960"), medication="Xanax", at="2024-05-01T09:00:00"))
    adopt(clinic.store, damaged.name)
    assert [(row["patient_name"], row["date_of_birth"].isoformat()) for row in clinic.rows("patient_extractions")] == [
        ("Old Name", "1950-01-02"),
        ("New Name", "1960-03-04"),
    ]
    assert [(row["patient_name"], row["date_of_birth"].isoformat()) for row in clinic.rows("patients")] == [
        ("New Name", "1950-01-02")
    ]
    again = _later(first)
    again["extraction_metadata"]["extracted_at"] = "2024-02-04T10:00:00"
    assert clinic.ingest(again).duplicates == 1


def test_conflicts_keep_their_status_and_their_review(clinic: Clinic, damaged: LegacyDatabase) -> None:
    first, second = (damaged.take(file) for file in two_sweeps(people=1))
    common = {"patient_id": 1, "prn": "GW0000", "conflict_type": "data_changed"}
    between = {"extraction_session_id_1": first, "extraction_session_id_2": second}
    damaged.add("data_conflicts", **common, **between, field_name="data_checksum", old_value="ab", new_value="cd")
    damaged.add(
        "data_conflicts",
        **common,
        **between,
        severity="high",
        status="false_positive",
        reviewed_by="Ann",
        reviewed_at="2024-06-01 10:00:00",
        resolution_notes="the age",
        conflict_description="changed",
    )
    damaged.add("data_conflicts", **common, extraction_session_id_2=second, status="resolved")
    damaged.add("data_conflicts", **common)
    done = adopt(clinic.store, damaged.name)
    assert {each.table: each.after for each in done.tables}["data_conflicts"] == 4
    shown = [conflicts.show(clinic.store, "gary_wang", number) for number in (1, 2, 3, 4)]
    assert [(str(each.conflict.status), str(each.conflict.severity)) for each in shown] == [
        ("unresolved", "medium"),
        ("false_positive", "high"),
        ("resolved", "medium"),
        ("unresolved", "medium"),
    ]
    assert (shown[0].conflict.old_value, shown[0].conflict.new_value) == ("ab", "cd")
    assert [(step.reviewed_by, step.notes) for step in shown[1].reviews] == [("Ann", "the age")]
    assert [len(each.reviews) for each in shown] == [0, 1, 0, 0]
    assert (shown[2].conflict.session_id_1, shown[2].conflict.session_id_2) == (second, second)


def test_a_text_that_only_looks_like_a_printed_item_stays_a_text(clinic: Clinic, damaged: LegacyDatabase) -> None:
    damaged.take(a_file(a_person(1, allergies=["{not a dictionary}", {"allergen": "Nuts", "allergy_type": "food"}])))
    adopt(clinic.store, damaged.name)
    assert [(row["allergy_name"], row["allergy_type"]) for row in clinic.rows("allergies")][1] == ("Nuts", "food")
    assert clinic.rows("allergies")[0]["allergy_name"] == "{not a dictionary}"


def test_added_columns_are_named_and_stay_in_the_kept_tables(clinic: Clinic, damaged: LegacyDatabase) -> None:
    damaged.run(f"ALTER TABLE `{damaged.name}`.patients ADD COLUMN insurance VARCHAR(20)")
    damaged.take(a_file(a_person(1)))
    assert any("patients.insurance" in note for note in adopt(clinic.store, damaged.name).notes)
    assert "insurance" in damaged.rows("legacy_patients")[0]


def test_times_are_those_of_the_files(clinic: Clinic, damaged: LegacyDatabase) -> None:
    damaged.take(a_file(a_person(1)))
    before = damaged.rows("extraction_sessions")[0]
    adopt(clinic.store, damaged.name)
    [session] = clinic.rows("extraction_sessions")
    assert session["extracted_at"].isoformat() == "2024-02-04T09:00:00"
    assert before["extracted_at"].isoformat() == "2024-02-04T09:00:00"
    assert clinic.rows("medications")[0]["extracted_at"] == "2024-02-04T09:01:02"
    assert clinic.rows("patients")[0]["as_of"].isoformat() == "2024-02-04T09:00:00"


def test_what_the_scripts_left_out_comes_from_the_comprehensive_record(clinic: Clinic, damaged: LegacyDatabase) -> None:
    person = a_person(
        1,
        allergies=["Latex", {"allergen": "Nuts", "type": "food", "odd": 7}],
        health_concerns=[
            "Smoker",
            {"note_text": "Lives alone", "type": "health_concern_note"},
            {"concern_text": "Fall", "concern_type": "active", "start_date": "01/02/2020", "notes": "twice"},
        ],
    )
    file = a_file(person)
    damaged.take(file)
    assert adopt(clinic.store, damaged.name).flagged == {}
    assert [(row["allergy_name"], row["allergy_type"]) for row in clinic.rows("allergies")] == [
        ("Latex", None),
        ("Nuts", "food"),
    ]
    assert [(row["concern_text"], row["notes"]) for row in clinic.rows("health_concerns")][2] == ("Fall", "twice")
    assert clinic.ingest(_later(file)).duplicates == 1


def test_a_corrected_row_wins_over_the_comprehensive_record(clinic: Clinic, damaged: LegacyDatabase) -> None:
    damaged.take(a_file(a_person(1)))
    damaged.run(f"UPDATE `{damaged.name}`.allergies SET severity = 'Severe'")
    damaged.run(f"UPDATE `{damaged.name}`.medications SET medication_name = 'Other 5 mg' WHERE id = 1")
    damaged.run(f"UPDATE `{damaged.name}`.medications SET sig = 'at night' WHERE id = 2")
    adopt(clinic.store, damaged.name)
    assert [(row["allergy_name"], row["severity"]) for row in clinic.rows("allergies")] == [
        ("Penicillin, it's", "Severe")
    ]
    assert [(row["medication_name"], row["sig"]) for row in clinic.rows("medications")] == [
        ("Other 5 mg", "one  daily"),
        ("Drug 1", "at night"),
    ]
