"""Items of the usual shape are decoded as a whole, others field by field: both ways give the same result."""

import json
from typing import Any

import msgspec
import pytest
from builders import a_patient
from generated_patients import PATIENTS, patient_record
from hypothesis import given, strategies as st

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.read_item import item_type
from webautodash.domain.extraction.patient.patient_record import PatientRecord, complete_records
from webautodash.domain.extraction.patient.read_patient import read_patient
from webautodash.errors import UnreadablePatient

# Texts around the length of a column, and values that are not texts.
VALUES = st.sampled_from(
    ["x", "", " \t", "x" * 255, "x" * 256, "é" * 255, "é" * 256, "😀" * 255, "01/02/2020", "health_concern_note"]
) | st.sampled_from([None, 0, 7, -1, 1.0, 1.5, True, 2**31 - 1, 2**31, -(2**31), 10**30, [], ["x"], {"a": None}])


def read(patient: dict[str, Any], order: DateOrder = DateOrder.MDY) -> PatientRecord:
    return patient_record(msgspec.Raw(json.dumps(patient).encode()), 0, order)


def field_by_field(patient: dict[str, Any]) -> dict[str, Any]:
    """The same patient with a null item in each list: it is ignored, but is not of the usual shape."""
    return patient | {which.key: [*patient[which.key], None] for which in NAMED_LISTS}


def unusual(patient: dict[str, Any]) -> dict[str, Any]:
    """The same patient with an unknown, empty field."""
    return patient | {"unknown_too": None}


def whole(record: PatientRecord) -> list[Any]:
    lists = {name: list(rows) for name, rows in record.lists.items()}
    return [record.prn, record.demographics, record.sweep, lists, record.extra, record.checksum]


def outcome(patient: dict[str, Any]) -> list[Any]:
    try:
        return whole(read(patient))
    except UnreadablePatient as refusal:
        return [refusal.reason, refusal.detail]


@given(PATIENTS, st.sampled_from(DateOrder))
def test_both_ways_of_reading_give_the_same_record(patient: dict[str, Any], order: DateOrder) -> None:
    assert whole(read(patient, order)) == whole(read(field_by_field(patient), order))


PRINTED = ("patient_name", "date_of_birth", "age", "gender", "first_name", "last_name", "phone", "email", "address")
OWN = ("patient_id", "patient_name", "filter_provider", "filter_medication_name", "summary_page_url", "unknown")


@given(
    st.dictionaries(st.sampled_from([*PRINTED, "unknown"]), VALUES, max_size=4),
    st.dictionaries(st.sampled_from(OWN), VALUES, max_size=4),
    st.none() | st.dictionaries(st.sampled_from(["extraction_method", "found_at", "unknown"]), VALUES, max_size=2),
)
def test_a_patients_own_fields_are_read_the_same_in_both_ways(
    printed: dict[str, Any], own: dict[str, Any], scraped: dict[str, Any] | None
) -> None:
    patient = own | {"demographics_printable": printed | {"prn": "GW1"}, "extraction_metadata": scraped}
    assert outcome(patient) == outcome(unusual(patient))


@given(st.data(), st.sampled_from(NAMED_LISTS))
def test_the_usual_shape_has_no_value_that_a_column_cannot_hold(data: st.DataObject, which: ClinicalList) -> None:
    keys = [*which.text_keys, *which.type_keys, *which.prose_fields, *which.short_fields, *which.date_fields]
    keys += ["row_index", "extraction_method", "extracted_at", "unknown", "medication_strength"]
    item = data.draw(st.dictionaries(st.sampled_from(keys), VALUES, max_size=5))
    patient = a_patient("GW1") | {other.key: [] for other in NAMED_LISTS} | {which.key: [item]}
    assert whole(read(patient)) == whole(read(field_by_field(patient)))


@given(st.lists(PATIENTS, max_size=5))
def test_a_batch_gives_the_same_records_as_its_patients_one_by_one(patients: list[dict[str, Any]]) -> None:
    drafts = [read_patient(msgspec.Raw(json.dumps(patient).encode()), 0, DateOrder.MDY) for patient in patients]
    assert list(map(whole, complete_records(drafts, DateOrder.MDY))) == [whole(read(patient)) for patient in patients]


@pytest.mark.parametrize("which", NAMED_LISTS, ids=lambda which: which.name)
def test_what_a_portal_usually_prints_is_the_usual_shape(which: ClinicalList) -> None:
    keys = [which.text_keys[0], which.type_keys[0], *which.prose_fields, *which.short_fields, *which.date_fields]
    item = dict.fromkeys([*keys, "extraction_method", "extracted_at"], "x") | {"row_index": 3}
    decoded = msgspec.json.decode(json.dumps(item).encode(), type=item_type(which))
    assert set(msgspec.structs.astuple(decoded)) == {"x", 3} | ({None} if which.strength_field else set())
