"""The JSON of a stored extraction has the values of its rows."""

from typing import Any

import pytest
from generated_patients import read

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.extraction.patient.stored_json import patient_json

PRINTED = {"prn": "A1", "patient_name": "Ann Lee", "date_of_birth": "02/19/1988", "age": "36 yrs", "sex": "F"}
PATIENTS: list[dict[str, Any]] = [
    {"all_medications": [{"medication_name": "Xanax 1 mg", "sig": "daily", "start_date": "1/2/2020", "x": [1]}]},
    {"all_medications": [{"name": "Xanax", "dosage": "1 mg", "status": "active"}], "filter_last_seen": "2024"},
    {"drug_allergies": ["Penicillin"], "food_allergies": [{"allergen": "Nuts", "allergy_type": "severe"}]},
    {"all_allergies": [{"allergen": {"odd": 1}, "name": "Dust", "severity": "high", "row_index": 3}]},
    {"all_health_concerns": ["Smoker", {"note_text": "quit", "type": "health_concern_note"}], "error": "timeout"},
    {"all_diagnoses": [{"diagnosis_text": "Gout (M10.079)", "acuity": "acute", "stop_date": "someday"}]},
    {"lab_results": [{"test_name": "A1C", "value": 6.1, "units": "%"}], "vitals": [{"bp": "120/80"}], "note": {"a": 1}},
    {"all_allergies": ["Dust"], "drug_allergies": [{"allergen": "Latex", "reaction": "rash"}], "allergies": ["dust"]},
    {"diagnoses": ["Gout"], "problems": [{"name": "Gout", "status": "active"}, "Flu"]},
    {"vitals": {"readings": [{"bp": "1/2"}], "unit": "mmHg"}},
    {"extraction_metadata": {"extraction_method": "dom", "found_at": "top", "page": 2}, "patient_id": "u-1"},
]


def columns(record: PatientRecord) -> dict[str, Any]:
    return {"prn": record.prn, **record.demographics.values(), **record.sweep, "extra": record.extra}


@pytest.mark.parametrize("patient", PATIENTS)
def test_reading_the_json_of_a_stored_patient_gives_the_same_values_and_rows(patient: dict[str, Any]) -> None:
    record = read({"demographics_printable": PRINTED} | patient, 0, DateOrder.MDY)
    again = read(patient_json(columns(record), record.lists), 0, DateOrder.MDY)
    assert (again.checksum, columns(again)) == (record.checksum, columns(record))
    assert {name: list(rows) for name, rows in again.lists.items()} == {
        name: list(rows) for name, rows in record.lists.items()
    }
