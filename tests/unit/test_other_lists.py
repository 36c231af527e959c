"""Lists without a table of their own: each item is a row, and no item is ignored silently."""

from datetime import date
from typing import Any

import pytest
from builders import a_patient
from generated_patients import read

from webautodash.domain.extraction.lists.clinical_lists import SECTIONS
from webautodash.domain.limits import MOST_ITEMS
from webautodash.errors import UnreadablePatient

# By column, the keys that may hold it.
KEYS = {
    "label": (
        *("label", "name", "test_name", "title", "vaccine", "vaccine_name", "condition", "procedure", "document_name"),
        *("medication_name", "medication_text", "drug_name", "diagnosis_text", "allergen", "allergy_name"),
        *("concern_text", "description", "text", "note_text", "note", "reason", "type"),
    ),
    "value": ("value", "result"),
    "unit": ("unit", "units"),
    "date_text": (
        *("date", "test_date", "result_date", "collected_at", "recorded_at", "administered_date", "date_administered"),
        *("appointment_date", "document_date", "diagnosed_date", "onset_date", "start_date"),
    ),
}


def others(**lists: Any) -> list[dict[str, Any]]:
    """The columns of each row of other records that have a value."""
    rows = read(a_patient("GW1", **lists)).lists["other_records"]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@pytest.mark.parametrize(("column", "key"), [(column, key) for column, keys in KEYS.items() for key in keys])
def test_a_field_is_found_under_any_of_its_names(column: str, key: str) -> None:
    assert others(vitals=[{key: "x"}]) == [{"section": "vitals", column: "x"}]


def test_every_other_list_gives_rows() -> None:
    lab = {"test_name": "LDL", "value": 5.4, "units": "mg/dl", "date": "01/02/2020", "status": "final"}
    lists: dict[str, Any] = {
        "lab_results": [lab, None],
        "vitals": [{"date": "soon", "blood_pressure": "120/80", "pulse": {"rest": 60}}],
        "medical_notes": ["Seen today", 7],
        "a_list_of_tomorrow": [{}],
        "nothing": [],
        "more_of_nothing": [None],
        "summary": {"lists": [1, 2]},
    }
    assert others(**lists) == [
        {
            "section": "lab_results",
            "label": "LDL",
            "value": "5.4",
            "unit": "mg/dl",
            "date": date(2020, 1, 2),
            "date_text": "01/02/2020",
            "extra": {"status": "final"},
        },
        {"section": "vitals", "date_text": "soon", "extra": {"blood_pressure": "120/80", "pulse": {"rest": 60}}},
        {"section": "medical_notes", "label": "Seen today"},
        {"section": "medical_notes", "label": "7"},
        {"section": "a_list_of_tomorrow"},
    ]
    assert read(a_patient("GW1", **lists)).extra == {
        "nothing": [],
        "more_of_nothing": [None],
        "summary": {"lists": [1, 2]},
    }


def test_an_extra_item_of_a_list_with_another_name_is_another_record() -> None:
    record = read(a_patient("GW1", diagnoses=["Gout"], problems=["Gout", {"name": "Asthma", "status": "active"}]))
    assert [row["diagnosis_text"] for row in record.lists["diagnoses"]] == ["Gout"]
    assert others(diagnoses=["Gout"], problems=["Gout", {"name": "Asthma", "status": "active"}]) == [
        {"section": "problems", "label": "Asthma", "extra": {"status": "active"}}
    ]
    assert record.extra is None


def test_an_item_that_only_an_older_list_has_is_another_record_and_counts() -> None:
    more = {"allergen": "Latex", "reaction": "anaphylaxis"}
    lists: dict[str, Any] = {"allergies": ["Penicillin"], "drug_allergies": [more]}
    record = read(a_patient("GW1", **lists))
    assert others(**lists) == [{"section": "drug_allergies", "label": "Latex", "extra": {"reaction": "anaphylaxis"}}]
    assert len(record.lists["allergies"]) == 1
    assert record.extra is None
    lists["drug_allergies"] = [more | {"reaction": "rash"}]
    assert read(a_patient("GW1", **lists)).checksum != record.checksum


def test_lists_of_objects_inside_an_object_are_other_records() -> None:
    vitals = {"readings": [{"date": "01/02/2020", "bp": "120/80"}, None], "unit": "mmHg", "marks": [1]}
    lists: dict[str, Any] = {"vitals": vitals, "lab_results": {"x": [{"name": "LDL"}]}, "one": {"bp": "1/2"}}
    assert others(**lists) == [
        {"section": "vitals.readings", "date": date(2020, 1, 2), "date_text": "01/02/2020", "extra": {"bp": "120/80"}},
        {"section": "lab_results.x", "label": "LDL"},
    ]
    assert read(a_patient("GW1", **lists)).extra == {"vitals": {"unit": "mmHg", "marks": [1]}, "one": {"bp": "1/2"}}
    about = {"extraction_summary": {"sections": [{"name": "labs"}]}, "filter_criteria": {"of": [{"a": 1}]}}
    assert (others(**about), read(a_patient("GW1", **about)).extra) == ([], about)


@pytest.mark.parametrize("key", ["filter_provider", "patient_id", "extracted_at", "photo_url", "extraction_error"])
def test_a_list_in_a_field_that_is_not_a_record_is_kept_and_gives_no_record(key: str) -> None:
    record = read(a_patient("GW1", **{key: ["x"]}))
    assert (len(record.lists["other_records"]), record.extra) == (0, {key: ["x"]})
    assert record.checksum == read(a_patient("GW1")).checksum


@pytest.mark.parametrize(
    ("lists", "reason", "detail"),
    [
        ({"lab_results": [{"name": "x"}, ["MARK"]]}, "unknown_list", "lab_results[1]"),
        ({"vitals": [True]}, "unknown_list", "vitals[0]"),
        ({"MARK": [[{"name": "MARK"}]]}, "unknown_list", "[member 8][0]"),
        ({"M" * 256: ["MARK"]}, "unknown_list", "[member 8]: the name of the list is too long"),
        ({"vitals": ["MARK"] * MOST_ITEMS, "labs": ["MARK"]}, "too_many_items", "other_records: more than 10,000"),
        ({"problems": "MARK"}, "not_a_list", "problems"),
        ({"vitals": {"MARK": [{}, ["MARK"]]}}, "unknown_list", "vitals.[...][1]"),
        ({"MARK": {"vitals": [{}, True]}}, "unknown_list", "[member 8].vitals[1]"),
        ({"patients": [{"demographics_printable": {}}]}, "unknown_list", "[member 8]: the list holds patients"),
    ],
)
def test_a_patient_is_set_aside_if_an_item_of_a_list_would_be_lost(
    lists: dict[str, Any], reason: str, detail: str
) -> None:
    with pytest.raises(UnreadablePatient) as caught:
        read(a_patient("GW1", **lists))
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


def test_each_record_counts_and_their_order_does_not() -> None:
    one, two = {"name": "LDL", "value": 5}, {"name": "HDL", "value": 2}
    prints = [
        read(a_patient("GW1", **lists)).checksum
        for lists in (
            {},
            {"labs": [one]},
            {"labs": [one, one]},
            {"labs": [one, two]},
            {"vitals": [one, two]},
            {"labs": [one | {"value": 6}, two]},
            {"labs": [one | {"flag": "high"}, two]},
        )
    ]
    assert len(set(prints)) == len(prints)
    assert read(a_patient("GW1", labs=[two, one])).checksum == prints[3]
    assert read(a_patient("GW1", labs=[])).checksum == prints[0]


def test_a_number_is_the_same_as_its_text() -> None:
    prints = [read(a_patient("GW1", vitals=[{"pulse": {"rest": [value]}}])).checksum for value in (60, 60.0, "60")]
    assert len(set(prints)) == 1
    others = [read(a_patient("GW1", vitals=[{"pulse": {"rest": [value]}}])).checksum for value in (60.5, 1, True, "x")]
    assert len({*prints, *others}) == 5


def test_the_sections_that_an_error_may_name_have_no_other_meaning() -> None:
    for section in SECTIONS:
        assert others(**{section: ["x"]}) == [{"section": section, "label": "x"}]
