"""Removed and added items, and the type and severity of their difference."""

import json
from collections import Counter
from typing import Any

import pytest
from builders import a_patient
from generated_patients import PATIENTS, read
from hypothesis import given, strategies as st

from webautodash.domain.checksum import canonical_items
from webautodash.domain.differences.clinical_lists import list_differences, readable_item
from webautodash.domain.differences.demographics import demographic_differences, one_sided_differences
from webautodash.domain.differences.difference import Difference, duplicate
from webautodash.domain.differences.repeated_prn import RepeatComparison
from webautodash.domain.extraction.lists.clinical_lists import ALLERGIES, DIAGNOSES, LISTS, MEDICATIONS, NAMED_LISTS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.patient.demographics import Demographics

KNOWN = read(a_patient("GW1")).demographics


def person(**fields: Any) -> Demographics:
    return read(a_patient("GW1", **fields)).demographics


def between(before: dict[str, Any], new: dict[str, Any]) -> list[Difference]:
    return list_differences(read(a_patient("GW1", **before)).lists, read(a_patient("GW1", **new)).lists)


def summary(difference: Difference) -> tuple[str, str, str, Any, Any]:
    return (
        difference.conflict_type.value,
        difference.field_name,
        difference.severity.value,
        json.loads(difference.old_value or "null"),
        json.loads(difference.new_value or "null"),
    )


@given(PATIENTS, PATIENTS)
def test_the_checksum_is_equal_exactly_when_no_difference_is_found(one: dict[str, Any], two: dict[str, Any]) -> None:
    first, second = read(one), read(two)
    found = [
        *list_differences(first.lists, second.lists),
        *demographic_differences(first.demographics, second.demographics),
        *one_sided_differences(first.demographics, second.demographics),
    ]
    assert (first.checksum == second.checksum) == (found == [])


@given(PATIENTS, st.data())
def test_one_changed_field_is_seen_by_the_checksum_exactly_when_a_difference_is_found(
    patient: dict[str, Any], data: st.DataObject
) -> None:
    # Two patients drawn apart are rarely equal; two that differ in one field often are.
    key = data.draw(st.sampled_from([*(which.key for which in NAMED_LISTS), "lab_results"]))
    items = data.draw(st.permutations(patient.get(key, [])))
    other = data.draw(PATIENTS).get(key)
    again = patient | {key: [*items[1:], *(items[:1] and [items[0] | (other[0] if other else {})])]}
    first, second = read(patient), read(again)
    assert (first.checksum == second.checksum) == (list_differences(first.lists, second.lists) == [])


@given(PATIENTS, PATIENTS)
def test_removed_and_added_items_lead_from_one_list_to_the_other(one: dict[str, Any], two: dict[str, Any]) -> None:
    before, new = read(one).lists, read(two).lists
    found = {difference.field_name: difference for difference in list_differences(before, new)}
    for which in LISTS:
        old = Counter(canonical_items(which, before[which.name]))
        now = Counter(canonical_items(which, new[which.name]))
        if which.name not in found:
            assert old == now
            continue
        went = json.loads(found[which.name].old_value or "")
        came = json.loads(found[which.name].new_value or "")
        assert (len(went), len(came)) == ((old - now).total(), (now - old).total())


@given(PATIENTS)
def test_a_readable_item_is_read_as_the_same_item(patient: dict[str, Any]) -> None:
    for which in NAMED_LISTS:
        rows = [row for row in read(patient).lists[which.name] if not _has_other(row)]
        shown = json.loads(json.dumps([readable_item(which, row) for row in rows]))
        again = read(a_patient("GW1", **{which.key: shown})).lists[which.name]
        assert canonical_items(which, again) == canonical_items(which, rows)


def _has_other(row: dict[str, Any]) -> bool:
    # With the text under its column's name, the input's names do not distinguish these aliases.
    return bool(row["extra"]) and bool({"name", "allergy_name", "description", "type"} & set(row["extra"]))


NAME, A, DAILY, WEEKLY = "medication_name", {"medication_name": "A"}, {"sig": "daily"}, {"sig": "weekly"}


@pytest.mark.parametrize(
    ("field", "before", "new", "severity", "removed", "added"),
    [
        ("medications", ["Aspirin 81 mg", "Xanax"], ["Xanax"], "medium", [{NAME: "Aspirin 81 mg"}], []),
        ("medications", [A | DAILY], [A | WEEKLY], "medium", [A | DAILY], [A | WEEKLY]),
        ("medications", ["Aspirin"], ["Aspirin", "aspirin ", "ASPIRIN"], "medium", [], [{NAME: "Aspirin"}] * 2),
        ("diagnoses", ["Gout (M10.079)"], [], "low", [{"diagnosis_text": "Gout (M10.079)"}], []),
        ("allergies", ["Latex"], [], "high", [{"allergy_name": "Latex"}], []),
        ("allergies", ["Latex"], ["Nuts"], "high", [{"allergy_name": "Latex"}], [{"allergy_name": "Nuts"}]),
        ("allergies", ["Latex", "latex"], ["Latex"], "high", [{"allergy_name": "Latex"}], []),
        ("allergies", [], ["Latex"], "medium", [], [{"allergy_name": "Latex"}]),
        (
            *("allergies", ["Latex"], [{"allergen": "LATEX", "severity": "severe"}], "medium"),
            *([{"allergy_name": "Latex"}], [{"allergy_name": "LATEX", "severity": "severe"}]),
        ),
        (
            "health_concerns",
            [{"note_text": "Smoker", "start_date": "1/1/2020"}],
            [{"note_text": "Smoker", "start_date": "2020-01-02"}],
            "low",
            [{"concern_text": "Smoker", "start_date": "1/1/2020"}],
            [{"concern_text": "Smoker", "start_date": "2020-01-02"}],
        ),
    ],
)
def test_a_list_that_differs_is_one_difference_with_the_removed_and_added_items(
    field: str, before: list[Any], new: list[Any], severity: str, removed: list[Any], added: list[Any]
) -> None:
    conflict_type = "medication_conflict" if field == "medications" else "data_changed"
    [found] = between({field: before}, {field: new})
    assert summary(found) == (conflict_type, field, severity, removed, added)


def test_each_list_has_its_own_difference_in_the_order_of_the_tables() -> None:
    everything: dict[str, Any] = {which.key: ["something"] for which in LISTS}
    assert [difference.field_name for difference in between({}, everything)] == [which.name for which in LISTS]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"name": "Other Person"}, ("patient_name", "high", "Test Person", "Other Person")),
        ({"born": "1976-07-04"}, ("date_of_birth", "critical", "02/19/1988", "1976-07-04")),
        ({"born": "unknown"}, ("date_of_birth", "critical", "02/19/1988", "unknown")),
        ({"gender": "Male"}, ("gender", "high", "Female", "Male")),
    ],
)
def test_another_name_birth_date_or_gender_is_a_mismatch_with_both_values(
    new: dict[str, Any], expected: tuple[str, ...]
) -> None:
    [found] = demographic_differences(KNOWN, person(**new))
    assert summary(found) == ("demographic_mismatch", *expected)
    assert not {"Person", "1988", "1976", "ale"} & set(found.description.split())


@pytest.mark.parametrize(
    "new",
    [
        {},
        *({"name": same} for same in (" test  PERSON ", None)),
        *({"born": same} for same in ("1988-02-19", "2/19/1988", "")),
        *({"gender": same} for same in ("FEMALE", " ")),
        {"age": "36 yrs", "uuid": "another", "demographics": {"phone": "555", "email": "a@b", "address": "here"}},
    ],
)
def test_another_spelling_or_a_missing_value_is_not_a_mismatch(new: dict[str, Any]) -> None:
    assert demographic_differences(KNOWN, person(**new)) == []
    assert demographic_differences(person(**new), KNOWN) == []


@pytest.mark.parametrize(
    ("field", "column", "value"),
    [
        ("name", "patient_name", "Test Person"),
        ("born", "date_of_birth", "02/19/1988"),
        ("gender", "gender", "Female"),
    ],
)
def test_a_value_that_appears_or_disappears_is_a_low_mismatch(field: str, column: str, value: str) -> None:
    without = person(**{field: None})
    for sides, values in (((KNOWN, without), (value, None)), ((without, KNOWN), (None, value))):
        assert list(map(summary, one_sided_differences(*sides))) == [("demographic_mismatch", column, "low", *values)]
    assert one_sided_differences(without, without) == []


@pytest.mark.parametrize(
    ("later", "severity"),
    [
        ({"medications": ["Aspirin"]}, "medium"),
        ({"health_concerns": ["Smoker"]}, "low"),
        ({"allergies": []}, "high"),
        ({"gender": "Male"}, "high"),
        ({"gender": None}, "low"),
        ({"born": "07/04/1976", "medications": ["Aspirin"]}, "critical"),
    ],
)
def test_a_repeated_prn_is_as_severe_as_its_worst_difference(later: dict[str, Any], severity: str) -> None:
    earlier = read(a_patient("GW1", allergies=["Latex"]), 3)
    stored = read(a_patient("GW1", **{"allergies": ["Latex"], **later}), 8)
    found = RepeatComparison(stored).difference(earlier)
    assert (found.conflict_type, found.field_name, found.severity) == ("data_changed", "prn", severity)
    assert "positions 3 and 8" in found.description


def test_a_repeated_prn_shows_both_people_and_the_items_of_only_one() -> None:
    earlier = read(a_patient("GW1", medications=["Aspirin", "Xanax", "Xanax"], diagnoses=["Gout"]))
    stored = read(a_patient("GW1", name="Other", medications=["Xanax", "Zocor"], diagnoses=["Gout"]), 1)
    found = RepeatComparison(stored).difference(earlier)
    both = {"date_of_birth": "02/19/1988", "gender": "Female"}
    assert json.loads(found.old_value or "") == both | {
        "patient_name": "Test Person",
        "medications": [{NAME: "Aspirin"}, {NAME: "Xanax"}],
    }
    assert json.loads(found.new_value or "") == both | {"patient_name": "Other", "medications": [{NAME: "Zocor"}]}


def test_a_repeated_prn_shows_a_few_small_items_and_counts_the_others() -> None:
    small = [f"drug {number:05}" for number in range(1_000)]
    earlier = read(a_patient("GW1", medications=["an old one", "x" * 5_000]))
    comparison = RepeatComparison(read(a_patient("GW1", medications=small), 2))
    for _ in range(2):
        found = comparison.difference(earlier)
        assert json.loads(found.old_value or "")["medications"] == [{"medication_name": "an old one"}]
        assert json.loads(found.old_value or "")["not_shown"] == {"medications": 1}
        new = json.loads(found.new_value or "")
        assert [item["medication_name"] for item in new["medications"]] == small[:20]
        assert new["not_shown"] == {"medications": 980}


def test_a_duplicate_is_recorded_with_its_checksum_only() -> None:
    assert summary(duplicate("ab" * 32)) == ("extraction_duplicate", "data_checksum", "low", "ab" * 32, "ab" * 32)


SHOWN = {NAME: "Aspirin 81 MG Tablet", "medication_type": "current", "start_date": "1/2/2020"}
SHOWN |= {"stop_date": "soon", "dates": "1/2/2020 - ", "route": "oral"}
SCRAPED = {"row_index": 4, "extraction_method": "table", "extracted_at": "2024-01-01"}


@pytest.mark.parametrize(
    ("which", "item", "shown"),
    [
        (MEDICATIONS, SHOWN | SCRAPED, SHOWN),
        (ALLERGIES, {"allergen": "X", "allergy_name": "Y"}, {"allergy_name": "X", "other allergy_name": "Y"}),
        (DIAGNOSES, "Gout (M10.079)", {"diagnosis_text": "Gout (M10.079)"}),
    ],
    ids=["no scraping details", "both of two texts", "no computed value"],
)
def test_a_readable_item_has_what_the_file_has_under_the_names_of_the_file(
    which: ClinicalList, item: Any, shown: dict[str, Any]
) -> None:
    [row] = read(a_patient("GW1", **{which.name: [item]})).lists[which.name]
    assert readable_item(which, row) == shown
    assert row.get("diagnosis_code") == ("M10.079" if which is DIAGNOSES else None)


@given(PATIENTS)
def test_stored_rows_do_not_differ_from_the_same_patient(patient: dict[str, Any]) -> None:
    record = read(patient)
    stored = {
        name: [json.loads(json.dumps(row, default=str)) | _dates(row) for row in rows]
        for name, rows in record.lists.items()
    }
    assert list_differences(stored, record.lists) == []
    assert list_differences(record.lists, stored) == []


def _dates(row: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in row.items() if f"{field}_text" in row and not isinstance(value, str)}


def test_long_lists_are_compared_quickly() -> None:
    many = [f"drug {n}" for n in range(5_000)]
    [found] = between({"medications": many}, {"medications": [*reversed(many), "one more"]})
    assert summary(found)[3:] == ([], [{NAME: "one more"}])


def test_the_description_of_a_difference_holds_no_value() -> None:
    before = a_patient("MARK1", name="MARK2", gender="MARK3", medications=["MARK4"], allergies=["MARK5"])
    new = a_patient("MARK1", name="MARK6", gender="MARK7", born="MARK8", medications=["MARK9"])
    first, second = read(before), read(new, 1)
    found = [
        *list_differences(first.lists, second.lists),
        *demographic_differences(first.demographics, second.demographics),
        *one_sided_differences(first.demographics, second.demographics._replace(gender=None)),
        RepeatComparison(second).difference(first),
    ]
    assert len(found) == 7
    assert not [difference.description for difference in found if "MARK" in difference.description]


def test_a_strength_that_only_the_name_gives_is_no_difference_of_its_own() -> None:
    named, explicit = (
        canonical_items(MEDICATIONS, read(a_patient("GW1", medications=[item])).lists["medications"])[0]
        for item in ({"medication_name": "x 10 MG"}, {"medication_name": "x 10 MG", "medication_strength": "10 MG"})
    )
    assert "10 mg" not in named.split("\x1f")
    assert "10 mg" in explicit.split("\x1f")
