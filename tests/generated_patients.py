"""Patients as hypothesis draws them: few different values, so that equal ones are frequent."""

import json
from typing import Any

import msgspec
from builders import a_patient
from hypothesis import strategies as st

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.patient.patient_record import PatientRecord, complete_records
from webautodash.domain.extraction.patient.read_patient import read_decoded, read_patient

BLANK = st.sampled_from([None, "", " ", "\t"])
WORDS = st.sampled_from(["Aspirin 81 mg", "aspirin  81 MG ", "Straße", "STRASSE", "Café", "Cafe\u0301", "Latex", "0"])
TEXT = BLANK | WORDS | st.text(max_size=4)
DATES = BLANK | st.sampled_from(["2020-01-02", "01/02/2020", "1/2/2020 ", "2020-01-02T10:00", "N/A", "n/a", "2020"])
RANGES = BLANK | st.sampled_from(
    ["10/20/1988 - ", "10/20/1988 -", "1988-10-20  - ", "- 1/1/2000", "1/1/2000", "-", "a-b"]
)
SCRAPED = {"row_index": st.integers(0, 9), "extracted_at": DATES, "extraction_method": TEXT, "page_url": TEXT}
UNKNOWN = st.sampled_from([None, "", [], {}, "oral", "ORAL ", 0, 1, True, ["oral"], {"by": "mouth"}, {"by": None}])


def _items(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.fixed_dictionaries({}, optional={**fields, **SCRAPED, "route": UNKNOWN}), max_size=4)


MEDICATIONS = _items(
    **dict.fromkeys(("medication_name", "medication_strength", "sig", "diagnosis"), TEXT),
    medication_type=st.sampled_from(["current", "Active", None]),
    **{"dates": RANGES, "start_date": DATES, "stop_date": DATES},
)
DIAGNOSES = _items(diagnosis_text=TEXT, name=TEXT, diagnosis_type=TEXT, acuity=TEXT, start_date=DATES, stop_date=DATES)
ALLERGIES = _items(
    allergen=TEXT, allergy_name=TEXT, name=TEXT, allergy_type=TEXT, type=TEXT, reaction=TEXT, severity=TEXT, notes=TEXT
)
HEALTH_CONCERNS = _items(
    **dict.fromkeys(("concern_text", "description", "type", "status", "priority", "notes"), TEXT),
    **{"start_date": DATES, "end_date": DATES},
)
OTHERS = _items(name=TEXT, type=TEXT, value=TEXT, units=TEXT, date=DATES)

PATIENTS = st.builds(
    lambda prn, others, **fields: a_patient(prn, **fields, **others),
    st.just("GW1"),
    # None in most, so that a patient of the usual shape is drawn often.
    st.just({}) | st.just({}) | st.fixed_dictionaries({"lab_results": OTHERS}, optional={"vitals": OTHERS}),
    name=TEXT,
    born=DATES,
    gender=st.sampled_from(["Female", "female ", "Male", None, ""]),
    medications=MEDICATIONS,
    diagnoses=DIAGNOSES,
    allergies=ALLERGIES,
    health_concerns=HEALTH_CONCERNS,
)


def read(patient: dict[str, Any], position: int = 0, order: DateOrder = DateOrder.MDY) -> PatientRecord:
    """The record of a patient, as the program reads it."""
    return complete_records([read_decoded(patient, position, order)], order)[0]


def patient_record(raw: msgspec.Raw, position: int = 0, order: DateOrder = DateOrder.MDY) -> PatientRecord:
    """The record of one patient of a file."""
    return complete_records([read_patient(raw, position, order)], order)[0]


def has_repeated_key(text: bytes) -> bool:
    """Whether an object in valid JSON has a key twice, as the standard library's decoder reads it."""
    found = False

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)
        return dict(pairs)

    json.loads(text, object_pairs_hook=check)
    return found
