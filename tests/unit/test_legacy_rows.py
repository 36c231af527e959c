"""Rows of the earlier scripts are read as the file would be."""

from collections.abc import Mapping
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
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.legacy.clinical_rows import clinical_rows, listed_items
from webautodash.domain.legacy.sessions import session_sha256
from webautodash.domain.legacy.tables import LEGACY_TABLES


def _row(which: ClinicalList, **values: Any) -> Mapping[str, Any]:
    return dict.fromkeys(LEGACY_TABLES[which.name]) | {"id": 1, "patient_extraction_id": 1} | values


def _read(which: ClinicalList, row: Mapping[str, Any], listed: list[Any] | None = None) -> Mapping[str, Any]:
    [rows] = clinical_rows(which, [[row]], [listed], DateOrder.MDY)
    [only] = rows
    return only


def test_values_of_a_text_are_read_again_and_others_kept() -> None:
    values = {"medication_name": "lisinopril 10 MG Oral Tablet", "medication_strength": "10"}
    row = _read(MEDICATIONS, _row(MEDICATIONS, **values))
    assert (row["medication_strength"], row["medication_strength_text"]) == ("10 MG", None)
    row = _read(MEDICATIONS, _row(MEDICATIONS, medication_name="Advair", medication_strength="250/50"))
    assert (row["medication_strength"], row["medication_strength_text"]) == ("250/50", None)
    row = _read(DIAGNOSES, _row(DIAGNOSES, diagnosis_text="Gout", diagnosis_code="M10"))
    assert row["diagnosis_code"] == "M10"


def test_texts_of_dates_are_parsed_and_kept() -> None:
    row = _read(MEDICATIONS, _row(MEDICATIONS, medication_name="X", start_date="1/31/2024", stop_date="soon"))
    assert (str(row["start_date"]), row["start_date_text"]) == ("2024-01-31", "1/31/2024")
    assert (row["stop_date"], row["stop_date_text"]) == (None, "soon")


@pytest.mark.parametrize("column", ["allergy_name", "allergen"])
def test_the_printed_form_of_an_item_is_the_item(column: str) -> None:
    item = {"allergen": "Nuts, 'all'", "allergy_type": "food", "reaction": None, "odd": [1, {"a": True}]}
    row = _read(ALLERGIES, _row(ALLERGIES, **{column: str(item)}, allergy_type="food"))
    assert (row["allergy_name"], row["allergy_type"]) == ("Nuts, 'all'", "food")
    assert row["extra"] == {"odd": [1, {"a": True}]}


@pytest.mark.parametrize(
    "text",
    ["{}}", "{'a': 1", "{1: 2}", "{'a': {1, 2}}", "{'a': open('x')}", "{" * 5000 + "}" * 5000, "{'a': '\0'}", "{a}"],
    ids=range(8),
)
def test_any_other_text_is_kept_as_text(text: str) -> None:
    assert _read(ALLERGIES, _row(ALLERGIES, allergy_name=text, allergen=text))["allergy_name"] == text


def test_an_invented_type_is_left_out_only_where_the_item_is_known() -> None:
    row = _row(ALLERGIES, allergy_name="Latex", allergen="Latex", allergy_type="drug")
    assert _read(ALLERGIES, row)["allergy_type"] == "drug"
    assert _read(ALLERGIES, row, ["Latex"])["allergy_type"] is None
    assert _read(ALLERGIES, row, ["Nuts"])["allergy_type"] == "drug"


def test_items_of_other_rows_are_ignored() -> None:
    row = _row(HEALTH_CONCERNS, concern_text="Fall", concern_type="active")
    known = {"concern_text": "Fall", "notes": "twice"}
    assert _read(HEALTH_CONCERNS, row, [known])["notes"] == "twice"
    for listed in ([known | {"concern_text": "Gout"}], [known, known], [], [None], [7], [[known]], [True]):
        assert _read(HEALTH_CONCERNS, row, listed)["notes"] is None, listed


def test_there_are_as_many_rows_as_there_were_and_each_extraction_has_its_own() -> None:
    for which in NAMED_LISTS:
        patients = [[_row(which, **{which.text_field: f"{n}-{i}"}) for i in range(n)] for n in (2, 0, 3)]
        read = clinical_rows(which, patients, [None] * 3, DateOrder.MDY)
        assert [[row[which.text_field] for row in rows] for rows in read] == [["2-0", "2-1"], [], ["3-0", "3-1", "3-2"]]
        assert clinical_rows(which, [[_row(which)] * 2], [None], DateOrder.MDY)[0][1][which.text_field] is None


@pytest.mark.parametrize("text", [None, "", "{}", "[", "7", "[" * 100_000])
def test_a_text_that_is_not_a_list(text: str | None) -> None:
    assert listed_items(text) is None


def test_sessions_and_databases_have_hashes_of_their_own() -> None:
    pairs = [("a", 1), ("a", 2), ("b", 1), ("a 1", 1)]
    assert len({session_sha256(*pair) for pair in pairs}) == len(pairs)
