"""Demographics: names built from parts, contact details, unknown fields, and late files."""

import json
from typing import Any

from builders import Clinic, a_file, a_patient
from generated_patients import read

from webautodash.domain.dates import DateOrder
from webautodash.services.review import patients
from webautodash.services.verify import verify

EARLIER, LATER, LATEST = "2023-03-04T09:00:00", "2024-03-04T09:00:00", "2024-04-04T09:00:00"


def _conflicts(clinic: Clinic) -> list[tuple[str, str, Any, Any]]:
    """Field, severity, old and new value of the differences."""
    return [
        (row["field_name"], row["severity"], json.loads(row["old_value"]), json.loads(row["new_value"]))
        for row in clinic.rows("data_conflicts")
        if row["conflict_type"] != "extraction_duplicate"
    ]


def _parts(first: str, last: str, **more: Any) -> dict[str, Any]:
    return a_patient("GW1", name=None, demographics={"first_name": first, "last_name": last}, **more)


def test_first_and_last_name_make_the_name(clinic: Clinic) -> None:
    clinic.ingest(a_file(_parts("Ann", " Lee ")))
    assert clinic.rows("patients")[0]["patient_name"] == "Ann Lee"
    assert clinic.ingest(a_file(a_patient("GW1", name="ann lee"), at=LATER)).duplicates == 1
    assert clinic.ingest(a_file(_parts("Bob", "Smith"), at=LATEST)).changed == 1
    assert _conflicts(clinic) == [("patient_name", "high", "ann lee", "Bob Smith")]


def test_patients_stored_before_names_were_made_of_their_parts_are_compared_by_the_same_rule(clinic: Clinic) -> None:
    clinic.ingest(a_file(_parts("Ann", "Lee", medications=["Aspirin 81 mg"])))
    # As the previous version stored it.
    nameless = read(a_patient("GW1", name=None, medications=["Aspirin 81 mg"]), 0, DateOrder.MDY).checksum
    clinic.execute("UPDATE patients SET patient_name = NULL")
    statement = "UPDATE patient_extractions SET patient_name = NULL, data_checksum = :checksum, row_checks = NULL"
    clinic.execute(statement, checksum=nameless)
    assert verify(clinic.store).is_right
    for at in (LATER, LATEST):
        assert clinic.ingest(a_file(_parts("Ann", "Lee", medications=["Aspirin 81 mg"]), at=at)).duplicates == 1
    assert (_conflicts(clinic), clinic.count("medications")) == ([], 1)
    assert verify(clinic.store).is_right


def test_another_name_than_the_parts_that_an_older_version_stored_is_a_mismatch(clinic: Clinic) -> None:
    clinic.ingest(a_file(_parts("Ann", "Lee")))
    clinic.execute("UPDATE patients SET patient_name = NULL")
    clinic.execute("UPDATE patient_extractions SET patient_name = NULL, data_checksum = :old", old="0" * 64)
    clinic.ingest(a_file(_parts("Bob", "Smith"), at=LATER))
    assert _conflicts(clinic) == [("patient_name", "high", "Ann Lee", "Bob Smith")]


def test_contact_details_and_unknown_demographic_fields_are_compared_with_the_patient(clinic: Clinic) -> None:
    who = {"phone": "555-0100", "email": "A@example.org", "address": "1 Main St", "sex": "F", "deceased": False}
    clinic.ingest(a_file(a_patient("GW1", demographics=who)))
    same = {"phone": " 555-0100", "email": "a@example.org", "address": "1  main st", "sex": " f", "photo_url": "x"}
    assert clinic.ingest(a_file(a_patient("GW1", demographics=same), at=LATER)).conflicts == 0
    # A missing value keeps the stored one, and a value on one side only is no difference.
    other = {"phone": "555-0199", "address": "2 Main St", "sex": "M", "deceased": True, "language": "en"}
    outcome = clinic.ingest(a_file(a_patient("GW1", demographics=other), at=LATEST))
    # None of them is covered by the checksum.
    assert (outcome.duplicates, outcome.conflicts) == (1, 4)
    assert _conflicts(clinic) == [
        ("phone", "low", " 555-0100", "555-0199"),
        ("address", "low", "1  main st", "2 Main St"),
        ("sex", "low", " f", "M"),
        ("deceased", "low", False, True),
    ]
    [row] = clinic.rows("patients")
    kept = {"sex": "M", "deceased": True, "photo_url": "x", "language": "en"}
    assert json.loads(row["other_demographics"]) == kept
    assert patients.show(clinic.store, "gary_wang", "GW1").patient.other_demographics["language"] == "en"  # type: ignore[index]
    assert verify(clinic.store).is_right


def test_unknown_fields_of_patients_stored_before_are_compared_with_their_extraction(clinic: Clinic) -> None:
    for prn in ("GW1", "GW2"):
        clinic.ingest(a_file(a_patient(prn, demographics={"sex": "F"})))
    clinic.execute("UPDATE patients SET other_demographics = NULL")
    people = [a_patient("GW1", demographics={"sex": "M"}), a_patient("GW2", demographics={"sex": "f"})]
    clinic.ingest(a_file(*people, at=LATER))
    assert _conflicts(clinic) == [("sex", "low", "F", "M")]
    assert [json.loads(row["other_demographics"]) for row in clinic.rows("patients")] == [{"sex": "M"}, {"sex": "f"}]


def test_any_number_and_length_of_unknown_fields_is_bounded(clinic: Clinic) -> None:
    long = "x" * 300
    clinic.ingest(a_file(a_patient("GW1", demographics={long: 1}), a_patient("GW2", demographics=_many("a"))))
    clinic.ingest(a_file(a_patient("GW1", demographics={long: 2}), a_patient("GW2", demographics=_many("b")), at=LATER))
    first, second = _conflicts(clinic)
    assert (len(first[0]), first[2:]) == (255, (1, 2))
    assert (second[0], second[2:]) == ("demographics_printable", (_many("a"), _many("b")))


def _many(value: str) -> dict[str, str]:
    return {f"field {number}": value for number in range(21)}


def test_fields_of_a_patient_that_are_not_demographics_are_not_compared(clinic: Clinic) -> None:
    about = {"extraction_summary": {"total": 1}, "filter_criteria": "a", "extraction_status": "ok"}
    clinic.ingest(a_file(a_patient("GW1", **about)))
    outcome = clinic.ingest(a_file(a_patient("GW1", extraction_summary={"total": 2}, filter_criteria="b"), at=LATER))
    assert (outcome.duplicates, outcome.conflicts) == (1, 0)
    assert json.loads(clinic.rows("patient_extractions")[0]["extra"]) == about


def test_if_a_file_comes_late_the_later_state_is_the_new_value(clinic: Clinic) -> None:
    late: dict[str, Any] = {"gender": "Male", "medications": ["Xanax"], "demographics": {"phone": "1"}}
    clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin"], demographics={"phone": "2"}), at=LATER))
    outcome = clinic.ingest(a_file(a_patient("GW1", **late), at=EARLIER))
    assert (outcome.changed, outcome.conflicts) == (1, 3)
    assert _conflicts(clinic) == [
        ("gender", "high", "Male", "Female"),
        ("phone", "low", "1", "2"),
        ("medications", "medium", [{"medication_name": "Xanax"}], [{"medication_name": "Aspirin"}]),
    ]
    first, second = (row["id"] for row in clinic.rows("extraction_sessions"))
    sides = {(row["extraction_session_id_1"], row["extraction_session_id_2"]) for row in clinic.rows("data_conflicts")}
    assert sides == {(second, first)}
    assert clinic.rows("patients")[0]["gender"] == "Female"
    # They count for the late file, and its alert reports them.
    assert [row["conflicts_detected"] for row in clinic.rows("extraction_sessions")] == [0, 3]
    [alert] = [row for row in clinic.system_rows("alerts") if row["kind"] == "conflict"]
    assert json.loads(alert["details"])["by_severity"] == {"high": 1}
    assert verify(clinic.store).is_right
    # The next one is compared with the latest by its time, not with the one that came last.
    same = a_patient("GW1", medications=["Aspirin"], demographics={"phone": "2"})
    assert clinic.ingest(a_file(same, at=LATEST)).duplicates == 1
