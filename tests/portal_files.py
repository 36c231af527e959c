"""Files of portals other than the native one, as their robots write them; every patient is made up."""

from typing import Any

_VISITS: dict[str, Any] = {
    "lab_results": [
        {
            "test_name": "LDL",
            "value": "131",
            "units": "mg/dL",
            "reference_range": "0-99",
            "date": "2023-05-06",
            "status": "final",
        }
    ],
    "vitals": [{"date": "2023-05-06", "blood_pressure": "128/82", "heart_rate": "70"}],
    "immunizations": [{"vaccine": "Influenza", "date": "2022-10-01"}],
    "appointments": [{"date": "2024-01-09", "reason": "Check"}],
    "documents": [{"title": "Letter", "date": "2021-02-03"}],
    "medical_notes": ["Walks daily."],
}


def portal_patient(prn: str, **more: Any) -> dict[str, Any]:
    """A patient as the robots of Epic, Cerner and Practice write one."""
    return {
        "extraction_timestamp": "2024-02-04T09:00:00",
        "patient_identifier": "a search",
        "demographics": {
            "name": "Test Person",
            "dob": "02/19/1988",
            "mrn": prn,
            "gender": "Female",
            "address": "1 Long Street",
            "phone": "555 0100",
            "email": "test@example.org",
        },
        "medications": [
            {
                "name": "Lisinopril Tablet",
                "dosage": "10 mg",
                "frequency": "daily",
                "route": "by mouth",
                "prescriber": "Dr. W",
                "start_date": "2020-01-02",
                "status": "active",
            }
        ],
        "allergies": [{"allergen": "Peanut", "reaction": "hives", "severity": "severe"}],
        "medical_history": [{"condition": "Gout (M10.079)", "diagnosed_date": "2019-03-04", "status": "current"}],
        **_VISITS,
        **more,
    }


def medimind_patient(prn: str, **more: Any) -> dict[str, Any]:
    """A patient as the robot of MediMind writes one."""
    return {
        "patient_id": "00000000-0000-4000-8000-000000000001",
        "first_name": "Test",
        "last_name": "Person",
        "full_name": "Test Person",
        "demographics": {"mrn": prn, "date_of_birth": "1988-02-19", "gender": "Female", "phone": "555 0100"},
        "medications": [{"name": "Lisinopril 10 mg Tablet", "status": "active", "start_date": "2020-01-02"}],
        "allergies": ["Peanut"],
        "diagnoses": [{"diagnosis": "Gout", "code": "M10.079"}],
        "lab_results": _VISITS["lab_results"],
        **more,
    }


def medimind_file(*patients: Any, **results: Any) -> dict[str, Any]:
    """A file of MediMind."""
    return {
        "extraction_results": {
            "extraction_timestamp": "2024-02-04T09:00:00",
            "portal_name": "MediMind",
            "total_patients": len(patients),
            "status": "success",
            "patients": list(patients),
            **results,
        }
    }


PORTAL_FILES: dict[str, dict[str, Any]] = {
    "epic_mychart": portal_patient("P-1", portal_type="Epic MyChart"),
    "cerner_powerchart": portal_patient("P-1", portal_type="Cerner PowerChart"),
    "practice": portal_patient("P-1", portal_type="Practice"),
    "medimind": medimind_file(medimind_patient("P-1")),
}
"""A file of one patient of each portal, by its profile."""

ACME = {
    "vendor": "Acme",
    "export": {
        "made": "2024-02-04T09:00:00",
        "people": [
            {
                "ids": {"chart.no": "P-1", "internal": 7},
                "who": {"given": "Test", "family": "Person", "born": "1988-02-19", "sex": "Female", "race": "unknown"},
                "rx": {
                    "now": [
                        {"drug": "Lisinopril", "how": {"much": "10 mg", "often": "daily"}, "started": "2020-01-02"}
                    ],
                    "past": [{"drug": "Aspirin"}],
                },
                "problems": [{"label": "Gout", "icd": "M10.079"}],
                "intolerances": [{"agent": "Peanut", "manifestation": "hives"}],
                "labs": [{"test_name": "LDL", "value": "131"}],
            }
        ],
    },
}
"""A file of a portal that no built-in profile reads."""
ACME_PROFILE = """
title = "Acme"
patients = "export.people"

[recognise]
paths = ['ids."chart.no"', "rx"]

[metadata]
portal_name = "vendor"
extracted_at = "export.made"

[patient]
demographics = "who"
prn = 'ids."chart.no"'
first_name = "who.given"
last_name = "who.family"
date_of_birth = "who.born"
gender = "who.sex"

[lists.medications]
split = { active = "rx.now", historical = "rx.past" }
medication_name = ["product", "drug"]
medication_strength = "how.much"
sig = [["how.much", "how.often"]]
start_date = "started"

[lists.diagnoses]
at = ["problems", "conditions"]
diagnosis_text = "label"
diagnosis_code = "icd"

[lists.allergies]
at = "intolerances"
allergy_name = "agent"
reaction = "manifestation"
"""
"""A profile that reads it."""
