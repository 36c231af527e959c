"""Differences between two visits that do not change the checksum, and differences that do."""

import copy
import json
import time
import unicodedata
from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import pytest
from builders import FULL_ITEMS, a_patient
from generated_patients import PATIENTS, WORDS, read
from hypothesis import example, given, strategies as st

from webautodash.domain.checksum import checksum, folded
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS

KEYS = [which.key for which in NAMED_LISTS]
DATE_FIELDS = ("start_date", "stop_date", "end_date", "dates", "date_of_birth")


def fingerprint(patient: dict[str, Any]) -> str:
    return read(patient).checksum


def changed(patient: dict[str, Any], change: Callable[[str, Any], Any]) -> dict[str, Any]:
    """The patient with each field of the demographics and of the items passed through ``change``."""
    changed = copy.deepcopy(patient)
    parts = [changed["demographics_printable"], *(item for key in KEYS for item in changed[key])]
    for part in parts:
        for field, value in list(part.items()):
            part[field] = change(field, value)
    return changed


@given(PATIENTS, st.randoms(use_true_random=False))
def test_the_order_of_a_list_does_not_count(patient: dict[str, Any], random: Random) -> None:
    shuffled = copy.deepcopy(patient)
    for key in KEYS:
        random.shuffle(shuffled[key])
    assert fingerprint(shuffled) == fingerprint(patient)


@given(PATIENTS, st.text(), st.integers())
def test_uuid_age_urls_filters_and_scrape_fields_do_not_count(patient: dict[str, Any], text: str, number: int) -> None:
    again = changed(patient, lambda _, value: value)
    again |= {"patient_id": text, "summary_page_url": text, "filter_medication_name": text, "clinic_note": text}
    again |= {"filter_last_seen": text, "extraction_metadata": {"extraction_method": text, "found_at": text}}
    again["demographics_printable"] |= {"age": text, "phone": text, "email": text, "address": text}
    for key in KEYS:
        for item in again[key]:
            item |= {"row_index": number, "extraction_method": text, "extracted_at": text, "detail_url": text}
            item |= {"age": text, "patient_id": text, "found_at": text}
    assert fingerprint(again) == fingerprint(patient)


@given(PATIENTS, st.sampled_from([" {} ", "\t{}", "{}\n", "\u00a0{}\u2003"]))
def test_spacing_case_and_composition_do_not_count(patient: dict[str, Any], frame: str) -> None:
    def respell(field: str, value: Any) -> Any:
        if not isinstance(value, str) or field == "prn":
            return value
        if field in DATE_FIELDS:
            return frame.format(value)
        return frame.format(unicodedata.normalize("NFD", value.casefold()).replace(" ", "  "))

    assert fingerprint(changed(patient, respell)) == fingerprint(patient)


@given(PATIENTS, st.randoms(use_true_random=False))
def test_null_empty_blank_and_missing_are_the_same(patient: dict[str, Any], random: Random) -> None:
    again = changed(patient, lambda _, value: value)
    for part in (again["demographics_printable"], *(item for key in KEYS for item in again[key])):
        for field in [field for field, value in part.items() if value is None or value in ([], {})]:
            match random.randrange(4):
                case 0:
                    del part[field]
                case 1:
                    part[field] = ""
                case 2:
                    part[field] = "  "
                case _:
                    part[field] = None
    assert fingerprint(again) == fingerprint(patient)


@given(st.dates(min_value=date(1000, 1, 1)), st.dates(min_value=date(1000, 1, 1)))
def test_iso_and_us_dates_are_the_same(born: date, start: date) -> None:
    def visit(write: Callable[[date], str]) -> dict[str, Any]:
        medication = {"medication_name": "Aspirin", "start_date": write(start), "dates": f"{write(start)} - "}
        concern = {"concern_text": "Smoker", "end_date": write(born)}
        return a_patient("GW1", born=write(born), medications=[medication], health_concerns=[concern])

    def american(day: date) -> str:
        return f"{day.month:02}/{day.day:02}/{day.year:04}"

    assert fingerprint(visit(american)) == fingerprint(visit(date.isoformat))


@given(PATIENTS, st.randoms(use_true_random=False))
def test_rows_as_stored_give_the_same_checksum(patient: dict[str, Any], random: Random) -> None:
    record = read(patient)

    def stored(row: dict[str, Any]) -> dict[str, Any]:
        columns = list(row.items())
        random.shuffle(columns)
        return dict(columns) | {"extra": json.loads(json.dumps(row["extra"]))}

    lists = {name: [stored(row) for row in rows] for name, rows in record.lists.items()}
    assert checksum(record.prn, record.demographics.values(), lists) == record.checksum


@given(PATIENTS, st.sampled_from(KEYS), WORDS)
def test_one_item_more_is_a_difference(patient: dict[str, Any], key: str, text: str) -> None:
    none, one, two = (fingerprint(patient | {key: [*patient[key], *[text] * times]}) for times in range(3))
    assert none == fingerprint(patient)
    assert one not in {none, two}


@given(PATIENTS, st.data())
def test_one_item_less_or_one_twice_is_a_difference(patient: dict[str, Any], data: st.DataObject) -> None:
    filled = [key for key in KEYS if patient[key]]
    if not filled:
        return
    key = data.draw(st.sampled_from(filled))
    place = data.draw(st.integers(0, len(patient[key]) - 1))
    items = patient[key]
    assert fingerprint(patient | {key: items[:place] + items[place + 1 :]}) != fingerprint(patient)
    assert fingerprint(patient | {key: [*items, items[place]]}) != fingerprint(patient)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("prn", other) for other in ("gw1", "GW2")),
        *(("name", other) for other in ("Test Persona", None)),
        *(("born", other) for other in ("02/20/1988", "19.02.1988", None)),
        *(("gender", other) for other in ("Male", None)),
    ],
)
def test_another_prn_name_birth_date_or_gender_is_a_difference(field: str, value: Any) -> None:
    assert fingerprint(a_patient(**{"prn": "GW1", field: value})) != fingerprint(a_patient("GW1"))


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, item in FULL_ITEMS.items() for field in item])
def test_each_clinical_field_counts(name: str, field: str) -> None:
    item = FULL_ITEMS[name]
    before = fingerprint(a_patient("GW1", **{name: [item]}))
    for other in ("2022-02-02", None):
        assert fingerprint(a_patient("GW1", **{name: [item | {field: other}]})) != before


def test_an_item_in_another_list_is_a_difference() -> None:
    prints = {fingerprint(a_patient("GW1", **{key: ["Latex"]})) for key in KEYS}
    assert len(prints) == len(KEYS)


def test_a_value_in_another_field_is_a_difference() -> None:
    fields = ("sig", "diagnosis", "dates", "start_date", "stop_date", "medication_type", "medication_strength", "route")
    items = [{"medication_name": "Aspirin", field: "daily"} for field in fields]
    assert len({fingerprint(a_patient("GW1", medications=[item])) for item in items}) == len(fields)


def test_a_second_text_under_another_alias_hides_no_difference() -> None:
    two = {"allergen": "Latex", "allergy_name": "Rubber"}
    for other in (two | {"allergen": "Peanut"}, two | {"allergy_name": "Peanut"}):
        assert fingerprint(a_patient("GW1", allergies=[two])) != fingerprint(a_patient("GW1", allergies=[other]))


@pytest.mark.parametrize(
    ("key", "first", "again"),
    [
        ("all_allergies", {"allergen": "Latex", "name": "Latex"}, {"allergen": "Latex", "name": " LATEX"}),
        ("all_allergies", {"allergen": "Latex"}, {"allergy_name": "Latex"}),
        ("all_allergies", {"allergen": "Latex"}, "Latex"),
        ("all_allergies", {"name": "Latex", "type": "drug"}, {"allergen": "Latex", "allergy_type": "Drug"}),
        ("all_allergies", {"name": "x", "allergy_type": " ", "type": "drug"}, {"name": "x", "type": "drug"}),
        ("all_allergies", {"name": "x", "allergy_type": "food", "type": "Food"}, {"name": "x", "type": "food"}),
        ("all_diagnoses", {"condition": "Gout"}, {"diagnosis_text": "gout"}),
        ("all_health_concerns", {"note_text": "Smoker"}, {"content": "Smoker"}),
        ("all_health_concerns", {"text": "x", "type": "health_concern_note"}, {"text": "x", "concern_type": "note"}),
        ("all_medications", {"dates": "10/20/1988 - "}, {"dates": "10/20/1988 -"}),
        ("all_medications", {"dates": "10/20/1988\t-\n1/2/2000"}, {"dates": "1988-10-20 - 2000-01-02"}),
        ("all_medications", {"dates": " - 1/2/2000"}, {"dates": "- 2000-01-02"}),
        ("current_medications", {"medication_name": "x"}, {"medication_name": "x", "medication_type": "Current"}),
        ("all_medications", {"medication_name": "x", "row_index": "7"}, {"medication_name": "x", "row_index": 8}),
        ("all_medications", {"medication_name": 5}, {"medication_name": "5"}),
        ("all_medications", {"dates": "10/20/1988 - 1/2/2000 - x"}, {"dates": "1988-10-20  -  2000-01-02 - X"}),
        ("all_medications", {"dates": "Spring 1988 - 1/2/2000"}, {"dates": "spring 1988 -  2000-01-02"}),
        ("all_medications", {"sig": "x", "tags": {"a": None, "b": []}}, {"sig": "X"}),
        ("all_medications", {"brand": "y", "site": {"a": 1, "b": 2}}, {"site": {"b": 2, "a": 1}, "brand": "y"}),
        ("all_medications", {"sig": "x", "tags": ["Home ", {"a": None}]}, {"sig": "x", "tags": ["home", {"a": ""}]}),
        ("all_medications", {"sig": "x", "tags": [{"found_at": "a"}]}, {"sig": "x", "tags": [{"found_at": "b"}]}),
    ],
)
def test_another_way_to_write_the_same_item_is_no_difference(key: str, first: Any, again: Any) -> None:
    assert fingerprint(a_patient("GW1", **{key: [first]})) == fingerprint(a_patient("GW1", **{key: [again]}))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("dates", ["spring - 1/2/2000", "autumn - 1/2/2000", "1/2/2000 - spring", "1/2/2000 - autumn", " - 1/2/2000"]),
        ("dates", ["1/2/2000", "1/2/2000 - 1/3/2000", "1/2/2000 - 1/3/2000 - x", "1/2/2000-1/3/2000", "1/3/2000"]),
        ("medication_type", ["current", "active"]),
        (
            "refills",
            [1, 2, 0, True, False, 1.5, "two", ["1"], [1], [2], [1, 2], [2, 1], [[1]], [True], [None], {"a": 1}],
        ),
        ("tags", ["a", ["a"], ["b"], ["a", "b"], ["b", "a"], ["a", "a"], [{"a": "b"}], [{"a": "c"}], {"a": "b"}]),
    ],
)
def test_different_values_have_different_checksums(field: str, values: list[Any]) -> None:
    items = [{"medication_name": "Aspirin", field: value} for value in values]
    assert len({fingerprint(a_patient("GW1", medications=[item])) for item in items}) == len(values)


def test_the_older_split_lists_give_the_same_checksum_as_the_new_ones() -> None:
    older = a_patient(
        "GW1",
        current_medications=["Aspirin"],
        historical_diagnoses=["Gout"],
        food_allergies=["Nuts"],
        health_concern_notes=["Smoker"],
    )
    for key in KEYS:
        del older[key]
    newer = a_patient(
        "GW1",
        medications=[{"medication_name": "Aspirin", "medication_type": "current"}],
        diagnoses=[{"diagnosis_text": "Gout", "diagnosis_type": "historical"}],
        allergies=[{"allergen": "Nuts", "allergy_type": "food"}],
        health_concerns=[{"concern_text": "Smoker", "type": "health_concern_note"}],
    )
    assert fingerprint(older) == fingerprint(newer)


def test_a_list_that_is_null_missing_or_empty_is_the_same() -> None:
    empty = a_patient("GW1")
    missing = {key: value for key, value in empty.items() if key not in KEYS}
    assert fingerprint(empty) == fingerprint(missing) == fingerprint(missing | dict.fromkeys(KEYS))


def test_the_checksum_of_a_known_patient_does_not_change() -> None:
    # Stored checksums are compared with new ones: another canonical form makes every patient look changed.
    lists = {name: [item] for name, item in FULL_ITEMS.items()}
    lists["medications"] *= 2
    known = a_patient("GW1", **lists | {"allergies": [FULL_ITEMS["allergies"], "Größe 7"]})
    assert fingerprint(known) == "b6e6ba559e174a8d930cf5c847efb014d1b9689d0dad15d959f20af8eed97619"


def test_the_checksum_of_unknown_and_missing_fields_does_not_change() -> None:
    unknown = {
        "Straße": "Größe 7",
        "brand": ["É", 1, 2.5, True, {"b": None, "a": "x"}],
        "amount": {"of": 3, "in": "mg"},
    }
    known = a_patient("GW1", name=None, gender=None, born=None)
    known["all_medications"] = [{"medication_name": "Aspirin", "dates": "spring - "} | unknown]
    assert fingerprint(known) == "e658e6499a1228cdf619dcc0ec22d8a75747f2688fc5a1365c1bf36df6ea6e4a"


@given(st.text())
@example("İ")
@example("ǰ ﬁ ß ΐ")
@example("a\u0345\u0301")
@example("\u2000\u3000\x85x\x1fy")
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(text) == " ".join(folded(text).split())


@given(st.text())
@example("a\u0345\u0301")
@example("ᾴ")
def test_folding_sees_neither_case_nor_composition(text: str) -> None:
    assert folded(unicodedata.normalize("NFC", text).casefold()) == folded(text)
    assert folded(unicodedata.normalize("NFD", text)) == folded(text)


@pytest.mark.parametrize("pair", [("a", "á"), ("1", "l"), ("ﬁ", "fj"), ("a-b", "a b"), ("µg", "mg"), ("ab", "a b")])
def test_folding_keeps_different_texts_apart(pair: tuple[str, str]) -> None:
    assert folded(pair[0]) != folded(pair[1])


@pytest.mark.parametrize("hostile", ["\u0301\u0345", "a\u0301\u0345", "é", " é"])
def test_the_time_of_folding_grows_with_the_length_of_the_text(hostile: str) -> None:
    begun = time.process_time()
    assert len(folded(hostile * 200_000)) >= 200_000
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("letters", [1, 150])
def test_a_usual_number_of_accents_is_compared_in_one_order(letters: int) -> None:
    above, below = "\u0301" * 40, "\u0323" * 40
    assert folded("x" * letters + above + below) == folded("x" * letters + below + above)


def test_very_many_accents_are_compared_as_they_are() -> None:
    marks = "\u0345\u0301" * 60
    assert folded(f"A{marks} É") == folded(f"a{marks}  é")
    assert folded(f"A{marks}") != folded(f"a{marks[:-1]}")
