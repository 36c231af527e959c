"""Each row has a check of all its bytes; an extraction keeps them in the order of its rows."""

from datetime import date
from typing import Any

import pytest
from generated_patients import PATIENTS, read
from hypothesis import given, strategies as st

from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.patient.patient_record import CHECKED_COLUMNS
from webautodash.domain.json_document import sorted_json
from webautodash.domain.row_checks import NO_ROWS, crc_of_rows, list_checks, parse_row_checks as read_checks, row_checks
from webautodash.models import PatientExtraction

COMPARED_OTHERWISE = {"id", "patient_id", "extraction_session_id", "extracted_at", "processing_status"}
COMPARED_OTHERWISE |= {"duplicate_of_id", "row_checks"}
VALUES = st.one_of(st.none(), st.text(max_size=40), st.integers(0, 2**31), st.dates())


def own(records: list[Any]) -> dict[str, list[Any]]:
    return {name: [f"{name} of {record.prn}" for record in records] for name in CHECKED_COLUMNS[:-1]} | {
        "extra": [record.extra for record in records]
    }


@given(st.lists(PATIENTS, max_size=4))
def test_an_extraction_keeps_the_check_of_each_of_its_rows_in_their_order(patients: list[dict[str, Any]]) -> None:
    records = [read(patient) for patient in patients]
    extractions = own(records)
    of_lists = list_checks([record.lists for record in records])
    assert of_lists == [record.list_checks for record in records]
    kept = row_checks(list(extractions.values()), of_lists)
    for place, (record, text) in enumerate(zip(records, kept, strict=True)):
        found = read_checks(text)
        extra = None if record.extra is None else sorted_json(record.extra)
        assert [found.own] == crc_of_rows([*([extractions[name][place]] for name in CHECKED_COLUMNS[:-1]), [extra]])
        for which, numbers in zip(LISTS, found.lists, strict=True):
            rows = record.lists[which.name]
            texts = [dict(row, extra=None if row["extra"] is None else sorted_json(row["extra"])) for row in rows]
            assert numbers == [check for row in texts for check in crc_of_rows([[row[name]] for name in which.columns])]


@given(st.lists(VALUES, min_size=1, max_size=6), st.data())
def test_another_value_is_another_check(row: list[Any], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(row) - 1))
    other = data.draw(VALUES.filter(lambda value: value != row[place]))
    changed = [*row[:place], other, *row[place + 1 :]]
    # A day is written as its text.
    if str(other) != str(row[place]):
        assert crc_of_rows([[value] for value in row]) != crc_of_rows([[value] for value in changed])


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=200), st.data())
def test_every_changed_byte_is_another_check(text: str, data: st.DataObject) -> None:
    stored = text.encode()
    place, bit = data.draw(st.integers(0, len(stored) - 1)), data.draw(st.integers(0, 7))
    changed = bytes([*stored[:place], stored[place] ^ (1 << bit), *stored[place + 1 :]])
    assert crc_of_rows([[stored]]) != crc_of_rows([[changed]])


def test_an_extraction_whose_rows_are_anothers_keeps_its_own_check_alone() -> None:
    assert list_checks([{}]) == [NO_ROWS]
    (text,) = row_checks([["P1"], [None]], [NO_ROWS])
    assert read_checks(text) == (crc_of_rows([["P1"], [None]])[0], [[]] * len(LISTS))


def test_a_day_counts_as_its_text_and_nothing_is_not_an_empty_text() -> None:
    assert crc_of_rows([[date(2024, 2, 3), "2024-02-03", None, ""]])[:2] == crc_of_rows([["2024-02-03"] * 2])
    assert len(set(crc_of_rows([[None, "", "0", 0, "None"]]))) == 5


def test_every_column_of_an_extraction_is_in_its_check_or_compared_with_another_row() -> None:
    columns = {column.name for column in PatientExtraction.__table__.c}
    assert columns == {*CHECKED_COLUMNS, *COMPARED_OTHERWISE}


@given(PATIENTS, st.data())
def test_checks_that_were_changed_themselves_are_refused(patient: dict[str, Any], data: st.DataObject) -> None:
    record = read(patient)
    (text,) = row_checks(list(own([record]).values()), [record.list_checks])
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789abcdef:").filter(lambda letter: letter != text[place]))
    with pytest.raises(ValueError, match="not a result of row_checks"):
        read_checks(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize("text", ["", ":", "00000000", "00000000::::"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a result of row_checks"):
        read_checks(text)
