"""The items of the four lists become rows: every field of the format, and no value is dropped."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.lists.clinical_lists import (
    ALLERGIES,
    DIAGNOSES,
    HEALTH_CONCERNS,
    MEDICATIONS,
    NAMED_LISTS,
)
from webautodash.domain.extraction.lists.derived_columns import complete_rows
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.read_lists import read_items
from webautodash.domain.extraction.lists.rows import Row, Rows
from webautodash.errors import UnreadablePatient


def read_list(
    patient: dict[str, Any], which: ClinicalList, order: DateOrder = DateOrder.MDY
) -> tuple[Rows, dict[str, Any]]:
    items, unmatched = read_items(patient, which, order)
    return complete_rows(which, [items], order)[0], unmatched


LONG = "x" * 256
CODE_KEYS = ("code", "icd10")


def rows(which: ClinicalList, *items: Any, order: DateOrder = DateOrder.MDY) -> Sequence[Row]:
    found, unmatched = read_list({which.key: list(items)}, which, order)
    assert unmatched == {}
    return found


def row(which: ClinicalList, item: Any, order: DateOrder = DateOrder.MDY) -> Row:
    """The columns of one item's row that have a value."""
    [found] = rows(which, item, order=order)
    return {name: value for name, value in found.items() if value is not None}


def test_a_medication() -> None:
    item = {
        "medication_name": "lisinopril 10 MG Oral Tablet",
        "medication_type": "active",
        "sig": "Take one tablet daily",
        "start_date": "01/31/2020",
        "stop_date": "2021-02-03",
        "dates": "1/31/2020 - 2/3/2021",
        "diagnosis": "Essential hypertension (I10)",
        "row_index": 3,
        "extraction_method": "table",
        "extracted_at": "2024-02-04T09:00:00",
    }
    assert row(MEDICATIONS, item) == item | {
        "medication_strength": "10 MG",
        "start_date": date(2020, 1, 31),
        "start_date_text": "01/31/2020",
        "stop_date": date(2021, 2, 3),
        "stop_date_text": "2021-02-03",
    }


def test_a_diagnosis() -> None:
    item = {
        "diagnosis_text": "Gout (M10.079) [ICD-10: E11.9, I10] [SNOMED: 90560007]",
        "diagnosis_type": "current",
        "acuity": "chronic",
        "start_date": "1/2/2020",
        "stop_date": "",
        "row_index": 0,
    }
    assert row(DIAGNOSES, item) == {
        **{key: value for key, value in item.items() if key != "stop_date"},
        "diagnosis_code": "M10.079, E11.9, I10",
        "start_date": date(2020, 1, 2),
        "start_date_text": "1/2/2020",
        "stop_date_text": "",
    }


def test_an_allergy() -> None:
    rest = {"allergy_type": "drug", "reaction": "hives", "severity": "mild", "notes": "since 9"}
    assert row(ALLERGIES, {"allergen": "Penicillin"} | rest) == {"allergy_name": "Penicillin"} | rest


def test_a_health_concern() -> None:
    item = {
        "concern_text": "Smoker",
        "concern_type": "inactive",
        "status": "open",
        "priority": "high",
        "start_date": "2020-01-01T10:00:00",
        "end_date": "not yet",
        "notes": "a pack a day",
    }
    assert row(HEALTH_CONCERNS, item) == {
        **{key: value for key, value in item.items() if key != "end_date"},
        "start_date": date(2020, 1, 1),
        "start_date_text": "2020-01-01T10:00:00",
        "end_date_text": "not yet",
    }


def test_every_row_of_a_list_has_the_same_columns() -> None:
    for which in NAMED_LISTS:
        full, empty, plain = rows(which, dict.fromkeys(which.text_keys, "x"), {}, "x")
        assert full.keys() == empty.keys() == plain.keys()
        assert set(empty.values()) == {None}


TEXT, DAY, STRENGTH = "Some text", "1/2/2020", "10 MG"
# Every alias of the format: the names that a field may have in a list, its value, and the columns that it gives.
ALIASES: list[tuple[ClinicalList, tuple[str, ...], str, dict[str, Any]]] = [
    (
        *(MEDICATIONS, ("medication_name", "name", "medication", "medication_text", "drug_name")),
        *(TEXT, {"medication_name": TEXT}),
    ),
    (MEDICATIONS, ("medication_type", "status"), "active", {"medication_type": "active"}),
    (MEDICATIONS, ("sig", "directions", "instructions", "frequency"), "daily", {"sig": "daily"}),
    (
        *(MEDICATIONS, ("medication_strength", "dosage")),
        *(STRENGTH, {"medication_strength": STRENGTH, "medication_strength_text": STRENGTH}),
    ),
    (MEDICATIONS, ("start_date",), DAY, {"start_date": date(2020, 1, 2), "start_date_text": DAY}),
    (MEDICATIONS, ("stop_date", "end_date"), DAY, {"stop_date": date(2020, 1, 2), "stop_date_text": DAY}),
    (DIAGNOSES, ("diagnosis_text", "name", "condition", "diagnosis"), TEXT, {"diagnosis_text": TEXT}),
    (DIAGNOSES, ("diagnosis_type", "status"), "current", {"diagnosis_type": "current"}),
    (DIAGNOSES, ("start_date", "diagnosed_date"), DAY, {"start_date": date(2020, 1, 2), "start_date_text": DAY}),
    *((DIAGNOSES, (key,), "M10.079", {"diagnosis_code": "M10.079", "extra": {key: "M10.079"}}) for key in CODE_KEYS),
    *((DIAGNOSES, (key,), "i10", {"diagnosis_code": "I10", "extra": {key: "i10"}}) for key in CODE_KEYS),
    *((DIAGNOSES, (key,), "90560007", {"extra": {key: "90560007"}}) for key in CODE_KEYS),
    (ALLERGIES, ("allergen", "allergy_name", "name"), TEXT, {"allergy_name": TEXT}),
    (ALLERGIES, ("allergy_type", "type"), "food", {"allergy_type": "food"}),
    (
        *(HEALTH_CONCERNS, ("concern_text", "name", "description", "note_text", "text", "content")),
        *(TEXT, {"concern_text": TEXT}),
    ),
    (HEALTH_CONCERNS, ("concern_type", "type"), "inactive", {"concern_type": "inactive"}),
    (HEALTH_CONCERNS, ("type",), "health_concern_note", {"concern_type": "note"}),
]


@pytest.mark.parametrize(
    ("which", "name", "value", "expected"),
    [(which, name, value, expected) for which, names, value, expected in ALIASES for name in names],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_field_is_found_under_any_of_its_names(
    which: ClinicalList, name: str, value: str, expected: dict[str, Any]
) -> None:
    assert row(which, {name: value}) == expected


@pytest.mark.parametrize(
    ("which", "item", "columns", "extra"),
    [
        (MEDICATIONS, {"frequency": "daily", "route": "oral"}, {"sig": "daily oral"}, ("frequency", "route")),
        (MEDICATIONS, {"sig": "a", "directions": "b"}, {"sig": "a"}, ("directions",)),
        (MEDICATIONS, {"sig": " ", "directions": "b"}, {"sig": "b"}, ()),
        (MEDICATIONS, {"directions": "a", "frequency": "b", "route": "c"}, {"sig": "a"}, ("frequency", "route")),
        (MEDICATIONS, {"route": "oral"}, {}, ("route",)),
        (MEDICATIONS, {"stop_date": ["x"], "end_date": "soon"}, {"stop_date_text": "soon"}, ("stop_date",)),
        (MEDICATIONS, {"stop_date": "", "end_date": LONG}, {"stop_date_text": ""}, ("end_date",)),
        (MEDICATIONS, {"medication_type": "active", "status": "active"}, {"medication_type": "active"}, ("status",)),
        (MEDICATIONS, {"medication_name": "x", "name": "x"}, {"medication_name": "x"}, ("name",)),
        (DIAGNOSES, {"diagnosis_text": None, "name": " ", "condition": "Gout"}, {"diagnosis_text": "Gout"}, ()),
        (DIAGNOSES, {"name": "Gout", "condition": "Gout"}, {"diagnosis_text": "Gout"}, ()),
        (DIAGNOSES, {"diagnosis_text": ["?"], "name": "Gout"}, {"diagnosis_text": "Gout"}, ("diagnosis_text",)),
        (
            *(DIAGNOSES, {"diagnosis_text": "Gout (M10.079)", "code": "E11.9"}),
            *({"diagnosis_text": "Gout (M10.079)", "diagnosis_code": "M10.079"}, ("code",)),
        ),
        (ALLERGIES, {"allergy_name": "Rubber", "allergen": "Latex"}, {"allergy_name": "Latex"}, ("allergy_name",)),
        (
            *(HEALTH_CONCERNS, {"content": "c", "text": "t", "note_text": "n", "description": "d"}),
            *({"concern_text": "d"}, ("content", "text", "note_text")),
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_first_present_field_wins_and_the_others_are_kept(
    which: ClinicalList, item: dict[str, Any], columns: dict[str, Any], extra: tuple[str, ...]
) -> None:
    assert row(which, item) == columns | ({"extra": {name: item[name] for name in extra}} if extra else {})


@pytest.mark.parametrize(
    ("which", "key", "item"),
    [
        (MEDICATIONS, "medications", {"name": "x"}),
        (DIAGNOSES, "diagnoses", {"name": "x"}),
        (DIAGNOSES, "problems", {"name": "x"}),
        (ALLERGIES, "allergies", "x"),
        (HEALTH_CONCERNS, "health_concerns", "x"),
    ],
)
def test_a_list_is_found_under_its_bare_name_where_no_other_has_items(which: ClinicalList, key: str, item: Any) -> None:
    for others in ({}, {which.key: []}, {which.key: None, which.split_lists[0][0]: []}):
        found, unmatched = read_list({key: [item], **others}, which, DateOrder.MDY)
        assert ([each[which.text_field] for each in found], unmatched) == (["x"], {})
        assert found[0][which.type_field] is None
    for others in ({which.key: ["y"]}, {which.split_lists[0][0]: ["y"]}):
        found, unmatched = read_list({key: ["y", item], **others}, which, DateOrder.MDY)
        assert ([each[which.text_field] for each in found], unmatched) == (["y"], {key: [item]})


def test_of_two_bare_names_the_first_wins_and_extra_items_of_the_other_are_returned() -> None:
    found, unmatched = read_list({"problems": ["Gout", "Asthma"], "diagnoses": ["Gout"]}, DIAGNOSES, DateOrder.MDY)
    assert [each["diagnosis_text"] for each in found] == ["Gout"]
    assert unmatched == {"problems": ["Asthma"]}


@pytest.mark.parametrize("which", NAMED_LISTS, ids=lambda which: which.name)
def test_a_plain_string_or_number_is_the_text_of_an_item(which: ClinicalList) -> None:
    texts = [found[which.text_field] for found in rows(which, "Latex", 7, 2.5, None, " x ")]
    assert texts == ["Latex", "7", "2.5", " x "]


@pytest.mark.parametrize(
    ("which", "item", "expected"),
    [
        (MEDICATIONS, {"medication_type": "current"}, "current"),
        (MEDICATIONS, {"medication_type": "Over the counter"}, "Over the counter"),
        (MEDICATIONS, {"type": "active"}, None),
        (DIAGNOSES, {"diagnosis_type": "historical"}, "historical"),
        (ALLERGIES, {"type": "environmental"}, "environmental"),
        (ALLERGIES, {"allergy_type": "food", "type": "drug"}, "food"),
        (ALLERGIES, {"allergy_type": " ", "type": "drug"}, "drug"),
        (HEALTH_CONCERNS, {"type": "health_concern_note"}, "note"),
        (HEALTH_CONCERNS, {"concern_type": "inactive"}, "inactive"),
        (HEALTH_CONCERNS, {"type": "something new"}, "something new"),
        (HEALTH_CONCERNS, {"concern_type": 3}, "3"),
        (HEALTH_CONCERNS, {}, None),
    ],
)
def test_the_type_stays_as_it_came(which: ClinicalList, item: dict[str, Any], expected: str | None) -> None:
    assert rows(which, item)[0][which.type_field] == expected


@pytest.mark.parametrize(
    ("which", "key", "word"),
    [(which, key, word) for which in NAMED_LISTS for key, word in which.split_lists],
    ids=[key for which in NAMED_LISTS for key, _ in which.split_lists],
)
def test_an_older_list_gives_its_items_their_type(which: ClinicalList, key: str, word: str) -> None:
    found, unmatched = read_list({key: ["x", {which.text_keys[0]: "y"}]}, which, DateOrder.MDY)
    assert [(item[which.text_field], item[which.type_field]) for item in found] == [("x", word), ("y", word)]
    assert unmatched == {}


def test_the_older_lists_are_those_of_the_format() -> None:
    assert dict(pair for which in NAMED_LISTS for pair in which.split_lists) == {
        "current_medications": "current",
        "active_medications": "active",
        "historical_medications": "historical",
        "current_diagnoses": "current",
        "historical_diagnoses": "historical",
        "drug_allergies": "drug",
        "food_allergies": "food",
        "environmental_allergies": "environmental",
        "active_health_concerns": "active",
        "inactive_health_concerns": "inactive",
        "health_concern_notes": "note",
    }


def test_the_own_type_of_an_item_of_an_older_list_is_kept() -> None:
    older = {"current_medications": [{"medication_name": "x", "medication_type": "active"}]}
    [found], _ = read_list(older, MEDICATIONS, DateOrder.MDY)
    assert (found["medication_type"], found["extra"]) == ("current", {"own_type": "active"})
    older["current_medications"][0]["medication_type"] = "current"
    [found], _ = read_list(older, MEDICATIONS, DateOrder.MDY)
    assert (found["medication_type"], found["extra"]) == ("current", None)


def test_the_new_list_is_the_data_and_extra_items_of_the_older_ones_are_returned() -> None:
    both = {
        "all_medications": [{"medication_name": "Aspirin", "medication_type": "active"}],
        "active_medications": [{"medication_name": "Aspirin"}],
        "historical_medications": ["Aspirin", "Xanax", {"medication_name": "Aspirin", "sig": "daily"}],
    }
    found, unmatched = read_list(both, MEDICATIONS, DateOrder.MDY)
    assert [(item["medication_name"], item["medication_type"]) for item in found] == [("Aspirin", "active")]
    assert unmatched == {"historical_medications": both["historical_medications"]}


@pytest.mark.parametrize(
    ("lists", "which"),
    [
        ({"all_medications": [{"name": "Y", "status": "active"}], "medications": [{"name": "Y", "status": "x"}]}, 0),
        ({"all_medications": ["Y"], "historical_medications": ["Y"]}, 0),
        (
            {
                "all_medications": [{"name": "Y", "status": "current"}],
                "current_medications": [{"name": "Y", "status": "x"}],
            },
            0,
        ),
        # No single row has both: one has the sig, the other the strength.
        (
            {
                "all_medications": [{"name": "Y", "sig": "daily", "dosage": "1"}, {"name": "Y", "sig": "weekly"}],
                "medications": [{"name": "Y", "sig": "weekly", "dosage": "1"}],
            },
            0,
        ),
        ({"diagnoses": [{"name": "Y", "status": "active"}], "problems": [{"name": "Y", "status": "x"}]}, 1),
        ({"all_allergies": [{"name": "Y", "type": "food"}], "allergies": [{"name": "Y", "type": "x"}]}, 2),
        ({"all_allergies": ["Y"], "allergies": [{"name": "Y", "photo_url": "x"}]}, 2),
        ({"all_health_concerns": ["Y"], "health_concerns": [{"name": "Y", "type": "x"}]}, 3),
    ],
)
def test_an_item_that_no_single_row_covers_is_returned(lists: dict[str, Any], which: int) -> None:
    second = list(lists)[1]
    assert read_list(lists, NAMED_LISTS[which], DateOrder.MDY)[1] == {second: lists[second]}


def test_an_item_in_another_spelling_is_a_copy() -> None:
    row = {"medication_name": "Y", "medication_type": "active", "sig": "Take  one", "stop_date": "01/02/2020"}
    copy = {"name": "y", "status": "ACTIVE", "directions": "take one", "end_date": "2020-01-02", "row_index": 4}
    assert read_list({"all_medications": [row], "medications": [copy]}, MEDICATIONS, DateOrder.MDY)[1] == {}


def test_an_own_type_overwrites_no_field_of_that_name() -> None:
    older = {"current_medications": [{"name": "x", "medication_type": "active", "own_type": "mine"}]}
    [found] = read_list(older, MEDICATIONS, DateOrder.MDY)[0]
    assert found["extra"] == {"own_type": "mine", "own_type_": "active"}


def test_an_older_item_with_scraping_details_only_is_returned() -> None:
    both = {"all_allergies": ["Latex", {}], "drug_allergies": [{"extraction_method": "dom", "type": "x"}]}
    assert read_list(both, ALLERGIES, DateOrder.MDY)[1] == {"drug_allergies": both["drug_allergies"]}


@pytest.mark.parametrize("empty", [None, []])
def test_an_empty_new_list_leaves_the_data_to_the_older_ones(empty: object) -> None:
    found, _ = read_list({"all_allergies": empty, "food_allergies": ["Nuts"]}, ALLERGIES, DateOrder.MDY)
    assert [item["allergy_name"] for item in found] == ["Nuts"]


@pytest.mark.parametrize(
    ("item", "strength", "text"),
    [
        ({"medication_name": "lisinopril 10 MG Oral Tablet"}, "10 MG", None),
        ({"medication_name": "0.3 ML Epinephrine 1 MG/ML"}, "1 MG/ML", None),
        ({"medication_name": "lisinopril 10 MG", "medication_strength": "20 MG"}, "20 MG", "20 MG"),
        ({"medication_name": "lisinopril 10 MG", "medication_strength": ""}, "10 MG", ""),
        ({"medication_name": "lisinopril 10 MG", "medication_strength": 5}, "5", "5"),
        ({"medication_name": "Multivitamin"}, None, None),
        ({}, None, None),
    ],
)
def test_the_strength_is_a_field_or_part_of_the_name(
    item: dict[str, Any], strength: str | None, text: str | None
) -> None:
    [found] = rows(MEDICATIONS, item)
    assert (found["medication_strength"], found["medication_strength_text"]) == (strength, text)


def test_a_date_is_read_in_the_providers_order_and_its_text_kept() -> None:
    item = {"medication_name": "x", "start_date": "02/03/2020", "stop_date": "31/12/2020"}
    [american], [european] = rows(MEDICATIONS, item), rows(MEDICATIONS, item, order=DateOrder.DMY)
    assert (american["start_date"], american["stop_date"]) == (date(2020, 2, 3), None)
    assert (european["start_date"], european["stop_date"]) == (date(2020, 3, 2), date(2020, 12, 31))
    assert european["stop_date_text"] == american["stop_date_text"] == "31/12/2020"


@pytest.mark.parametrize(
    ("which", "field"),
    [
        (which, field)
        for which in NAMED_LISTS
        for field in (*which.short_fields, *which.date_fields, which.type_keys[0], "extracted_at", "extraction_method")
    ],
)
@pytest.mark.parametrize("value", [LONG, ["a"], {"b": 1}, True])
def test_a_value_that_no_column_can_hold_is_kept_in_extra(which: ClinicalList, field: str, value: object) -> None:
    found = row(which, {which.text_keys[0]: "x", field: value})
    assert found == {which.text_field: "x", "extra": {field: value}}


@pytest.mark.parametrize("which", NAMED_LISTS, ids=lambda which: which.name)
def test_prose_of_any_length_has_its_column(which: ClinicalList) -> None:
    prose = {field: field * 100_000 for field in (which.text_keys[0], *which.prose_fields)}
    found = row(which, prose)
    assert "extra" not in found
    assert sorted(found.values()) == sorted(prose.values())


@pytest.mark.parametrize(
    ("value", "fits"),
    [*((number, True) for number in (0, -1, 2**31 - 1, None)), *((other, False) for other in (2**31, "3", 1.5, True))],
)
def test_a_row_index_is_a_number_that_fits(value: object, fits: bool) -> None:
    [found] = rows(MEDICATIONS, {"row_index": value})
    assert (found["row_index"], found["extra"]) == ((value, None) if fits else (None, {"row_index": value}))


def test_unknown_fields_are_kept_and_nulls_are_not() -> None:
    assert row(ALLERGIES, {"allergen": "x", "route": {"by": [1, None]}, "seen": False, "count": 0, "gone": None}) == {
        "allergy_name": "x",
        "extra": {"route": {"by": [1, None]}, "seen": False, "count": 0},
    }


@pytest.mark.parametrize(
    ("patient", "reason", "detail"),
    [
        *(({"all_medications": no_list}, "not_a_list", "all_medications") for no_list in ("MARK", {"MARK": 1}, 0)),
        ({"medications": {"name": "MARK"}}, "not_a_list", "medications"),
        ({"all_medications": ["x"], "medications": "MARK"}, "not_a_list", "medications"),
        *(({"current_medications": no_list}, "not_a_list", "current_medications") for no_list in ("", "MARK")),
        ({"all_medications": ["x", True]}, "unreadable_item", "all_medications[1]"),
        ({"all_medications": ["x"], "active_medications": [["MARK"]]}, "unreadable_item", "active_medications[0]"),
    ],
)
def test_a_value_that_is_not_a_list_is_refused_with_its_place(
    patient: dict[str, Any], reason: str, detail: str
) -> None:
    with pytest.raises(UnreadablePatient) as caught:
        read_list(patient, MEDICATIONS, DateOrder.MDY)
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


def test_an_item_is_not_changed_by_reading_it() -> None:
    item = {"allergen": "Latex", "type": "drug", "row_index": 1, "more": {"a": [1]}}
    rows(ALLERGIES, item)
    assert item == {"allergen": "Latex", "type": "drug", "row_index": 1, "more": {"a": [1]}}
