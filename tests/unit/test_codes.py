import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webautodash.domain.extraction.icd10 import read_icd10

CODES = st.from_regex(r"[A-Z][0-9][0-9AB]\.[0-9A-Z]{1,4}", fullmatch=True)
PARTS = ["(", ")", "[", "]", "I10", "E11.9", "B12", ",", ";", "/", " ", "and", "ICD-10", ":", "ICD-9", "250.00", "x"]


@pytest.mark.parametrize(
    "piece",
    ["(", "[", "()", "(I10", "(I10)", "(I10,", "I10,", "( ", "(I10) ", "(ICD-10", "ICD-10 ", "a", " ", "(I10 x) "],
)
def test_a_megabyte_takes_no_longer_than_its_size_says(piece: str) -> None:
    # Ten times the text takes ten times as long, not a hundred; in this process's own time, however busy the machine.
    for frame in ("{}", "({})"):
        small, large = (_seconds(frame.format(piece * (size // len(piece)))) for size in (100_000, 1_000_000))
        assert large < 40 * max(small, 0.005)


def _seconds(text: str) -> float:
    began = time.process_time()
    read_icd10(text)
    return time.process_time() - began


@given(st.lists(CODES, min_size=1, max_size=6), st.sampled_from([", ", ",", "; ", " / ", "/", " and ", " ", " & "]))
def test_codes_come_in_order_and_once(codes: list[str], between: str) -> None:
    expected = tuple(dict.fromkeys(codes))
    assert read_icd10(f"Words ({between.join(codes)}) more words") == expected
    assert read_icd10(f"words [icd-10: {between.join(codes).lower()}]") == expected
    assert read_icd10(" ".join(f"words ({code})" for code in codes)) == expected


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_what_is_read_is_always_a_code_of_the_text(text: str) -> None:
    found = read_icd10(text)
    assert len(set(found)) == len(found)
    for code in found:
        assert re.fullmatch(r"[A-Z][0-9][0-9AB](\.[0-9A-Z]{1,4})?", code)
        assert code in text.upper()


@given(st.text(max_size=60))
def test_any_text_has_codes_or_none(text: str) -> None:
    read_icd10(text)


def test_letters_that_only_fold_to_latin_are_no_code() -> None:
    assert read_icd10("Something (\u212a52.0)") == ()
    assert read_icd10("Something (\u017f52.0)") == ()
    assert read_icd10("Something (I１0)") == ()
