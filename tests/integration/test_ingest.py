"""From a file to rows: what is stored, repeated, compared and set aside, on every product."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from builders import CLINICAL_TABLES, Clinic, a_file, a_patient

from webautodash.domain.alerts import Cause
from webautodash.services.ingest import FileLog, file_log
from webautodash.services.review import patients

LATER = "2025-03-05T09:00:00"
# Signs that a driver, a server or a statement could take for something else.
TEXTS = [
    *"'\"\\\n\r\t\x1a\x1e%;`é😀\u2028",
    "'\\'",
    "a\x00b",
    "%s",
    "%(x)s",
    ":name ?",
    "--",
    "Ω-3 жир",
    "\u202egnirts",
]


def test_a_patient_becomes_rows_in_the_providers_own_database(clinic: Clinic) -> None:
    one = a_patient(
        " GW1 ",
        medications=[{"medication_name": "lisinopril 10 MG Oral Tablet", "start_date": "02/03/2020"}],
        diagnoses=["Gout (M10.079)"],
        allergies=[{"allergen": "Penicillin", "allergy_type": "drug"}],
        health_concerns=["Smoker"],
    )
    outcome = clinic.ingest(a_file(one))
    assert (outcome.state, outcome.found, outcome.stored) == ("ingested", 1, 1)
    assert outcome.database_name == clinic.database_name()
    [patient] = clinic.rows("patients")
    assert (patient["prn"], patient["patient_name"]) == ("GW1", "Test Person")
    assert str(patient["date_of_birth"]) == "1988-02-19"
    [medication] = clinic.rows("medications")
    assert medication["medication_strength"] == "10 MG"
    assert (str(medication["start_date"]), medication["start_date_text"]) == ("2020-02-03", "02/03/2020")
    assert clinic.rows("diagnoses")[0]["diagnosis_code"] == "M10.079"
    assert clinic.rows("allergies")[0]["allergy_name"] == "Penicillin"
    assert clinic.rows("health_concerns")[0]["concern_text"] == "Smoker"
    [extraction] = clinic.rows("patient_extractions")
    assert (extraction["processing_status"], extraction["duplicate_of_id"]) == ("processed", None)


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
    assert clinic.conflicts() == [("extraction_duplicate", "data_checksum", "low", "resolved")]
    original, repeat = clinic.rows("patient_extractions")
    assert (repeat["processing_status"], repeat["duplicate_of_id"]) == ("duplicate", original["id"])
    assert clinic.rows("patients")[0]["age"] == "36 yrs"


def test_each_list_that_differs_is_one_conflict_with_removed_and_added_items(clinic: Clinic) -> None:
    before = a_patient(
        "GW1",
        medications=["Aspirin 81 mg", "Xanax 1 mg"],
        diagnoses=["Gout (M10.079)"],
        allergies=["Penicillin", "Latex"],
        health_concerns=["Smoker"],
    )
    after = a_patient(
        "GW1",
        medications=["Aspirin 81 mg", "Metformin 500 mg"],
        diagnoses=["Gout (M10.079)", "Essential hypertension (I10)"],
        allergies=["Latex"],
        health_concerns=["Former smoker"],
    )
    clinic.ingest(a_file(before))
    outcome = clinic.ingest(a_file(after, at=LATER))
    assert (outcome.changed, outcome.conflicts) == (1, 4)
    assert clinic.conflicts() == [
        ("medication_conflict", "medications", "medium", "unresolved"),
        ("data_changed", "diagnoses", "low", "unresolved"),
        ("data_changed", "allergies", "high", "unresolved"),
        ("data_changed", "health_concerns", "low", "unresolved"),
    ]
    first = clinic.rows("data_conflicts")[0]
    assert json.loads(first["old_value"]) == [{"medication_name": "Xanax 1 mg"}]
    assert json.loads(first["new_value"]) == [{"medication_name": "Metformin 500 mg"}]
    sessions = [row["id"] for row in clinic.rows("extraction_sessions")]
    assert [first["extraction_session_id_1"], first["extraction_session_id_2"]] == sessions
    assert clinic.count("medications") == 4
    assert clinic.rows("patient_extractions")[1]["processing_status"] == "conflict"


def test_prns_that_a_collation_takes_for_equal_are_different_patients(clinic: Clinic) -> None:
    prns = ["José", "Jose", "Jose\N{COMBINING ACUTE ACCENT}", "a1", "A1", "á1", "O'Neil", "o'neil", "1", "01", "a 1"]
    prns += ["ﬁ", "fi", "Straße", "Strasse"]
    people = [a_patient(prn, medications=[f"drug {n} mg"]) for n, prn in enumerate(prns)]
    assert clinic.ingest(a_file(*people)).stored == len(prns)
    assert {row["prn"] for row in clinic.rows("patients")} == set(prns)
    assert [patients.show(clinic.store, "gary_wang", prn).patient.prn for prn in prns] == prns
    again = clinic.ingest(a_file(*people, at=LATER))
    assert (again.duplicates, again.conflicts) == (len(prns), 0)


def test_a_prn_twice_with_the_same_content_is_stored_once(clinic: Clinic) -> None:
    first = a_patient("GW1", age="35 yrs", filter_medication_name="Xanax", note="kept too")
    outcome = clinic.ingest(a_file(first, a_patient("GW1", age="36 yrs"), a_patient("GW2")))
    assert (outcome.found, outcome.stored, outcome.duplicates, outcome.conflicts) == (3, 2, 1, 0)
    assert (outcome.state, outcome.set_aside) == ("ingested", 0)
    assert clinic.count("patient_extractions") == 2
    [kept] = clinic.rows("set_aside_patients")
    assert (kept["reason"], json.loads(kept["raw_json"])) == ("repeated_prn", first)
    assert kept["taken_in_at"] is not None


def test_an_unreadable_patient_is_set_aside_with_its_json_and_no_other(clinic: Clinic) -> None:
    places: list[tuple[Any, str | None]] = [
        (a_patient("  "), "no_prn"),
        (a_patient("GW1", medications=["Aspirin 81 mg"]), None),
        (a_patient("GW3", all_medications="none"), "not_a_list"),
        (7, "malformed"),
        *((a_patient(prn), "unusable_prn") for prn in (1.5, "GW\u0000", "x" * 129, True)),
        (a_patient("GW4", all_allergies=[True]), "unreadable_item"),
        ({"patient_id": "x"}, "no_demographics"),
        (a_patient("GW5", name="n" * 256), "unusable_value"),
    ]
    outcome = clinic.ingest(a_file(*(patient for patient, _ in places)))
    assert (outcome.state, outcome.found, outcome.stored, outcome.set_aside) == ("partial", 11, 1, 10)
    aside = {row["position"]: row for row in clinic.rows("set_aside_patients")}
    expected = {position: reason for position, (_, reason) in enumerate(places) if reason is not None}
    assert {position: row["reason"] for position, row in aside.items()} == expected
    assert json.loads(aside[2]["raw_json"])["all_medications"] == "none"
    [session] = clinic.rows("extraction_sessions")
    counts = ("total_patients_found", "successful_extractions", "failed_extractions")
    assert [session[name] for name in counts] == [11, 1, 10]
    assert clinic.system_rows("ingested_files")[0]["state"] == "partial"


def test_nothing_that_was_extracted_is_dropped(clinic: Clinic) -> None:
    odd = {"medication_type": "t" * 300, "sig": ["not", "text"]}
    medications = [
        {"medication_name": "Aspirin", "medication_type": "over-the-counter", "route": {"by": "mouth"}},
        {"medication_name": "A" * 70_000} | odd,
        {},
    ]
    one = a_patient("GW1", medications=medications, favourite_colour="green", demographics={"nickname": "Tess"})
    clinic.ingest(a_file(one, clinic_code="C-7", start_date="N/A"))
    aspirin, long, empty = clinic.rows("medications")
    assert aspirin["medication_type"] == "over-the-counter"
    assert json.loads(aspirin["extra"]) == {"route": {"by": "mouth"}}
    assert (len(long["medication_name"]), json.loads(long["extra"])) == (70_000, odd)
    assert empty["medication_name"] is None
    extra = json.loads(clinic.rows("patient_extractions")[0]["extra"])
    assert extra == {"favourite_colour": "green", "demographics_printable": {"nickname": "Tess"}}
    [session] = clinic.rows("extraction_sessions")
    assert json.loads(session["extra"]) == {"clinic_code": "C-7", "start_date": "N/A"}


def test_a_session_keeps_the_metadata_of_its_file(open_clinic: Callable[..., Clinic]) -> None:
    clinic = open_clinic(timezone="America/New_York")
    clinic.ingest(a_file(a_patient("GW1"), at="2024-02-04T09:00:00+01:00", job_id=101, start="02/01/2020"))
    clinic.ingest(a_file(a_patient("GW1"), at="2024-07-04T09:00:00"))
    first, second = clinic.rows("extraction_sessions")
    assert (first["job_id"], first["target_medication"], str(first["start_date"])) == (101, "Lisinopril", "2020-02-01")
    # Without a zone the time is of the zone of the settings.
    assert [str(row["extracted_at"])[:16] for row in (first, second)] == ["2024-02-04 08:00", "2024-07-04 13:00"]


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


@pytest.mark.parametrize("apart", ["", "\x1f"], ids=["usual", "with the sign between literals"])
@pytest.mark.parametrize("repeated", [False, True])
def test_any_text_is_stored_as_it_is(clinic: Clinic, apart: str, repeated: bool) -> None:
    texts = [f"{'' if repeated else number} {TEXTS[number % len(TEXTS)]} x" for number in range(150)]
    texts[70] += apart
    medications = [
        {"medication_name": text, "sig": text, "diagnosis": text if number % 2 else None}
        for number, text in enumerate(texts)
    ]
    clinic.ingest(a_file(a_patient("GW1", medications=medications)))
    rows = sorted(clinic.rows("medications"), key=lambda row: row["id"])
    assert [row["medication_name"] for row in rows] == texts
    assert [row["sig"] for row in rows] == texts
    assert [row["diagnosis"] for row in rows] == [text if number % 2 else None for number, text in enumerate(texts)]
