"""ICD-10 codes in the text of a diagnosis, and strengths in the name of a medication."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from webautodash.domain.extraction.lists.icd10 import read_icd10
from webautodash.domain.extraction.lists.strengths import LONGEST_STRENGTH, read_strength

CODES = st.from_regex(r"[A-Z][0-9][0-9AB]\.[0-9A-Z]{1,4}", fullmatch=True)
CODE_PARTS = [*"()[],;/ :x", "I10", "E11.9", "B12", "and", "ICD-10", "ICD-9", "250.00"]
CODE_PIECES = [
    *("(", "[", "()", "(I10", "(I10)", "(I10,", "I10,", "( ", "(I10) ", "(ICD-10", "ICD-10 ", "a", " ", "(I10 x) ")
]
STRENGTH_PIECES = [
    *("1", "1 ", "1,", "1-", "1/", "1.", "(", ")", "[", "(1 mg", " ", "1 mg / ", "1 mg-", "and ", "1 mg x", "a1"),
    *("1 million ", "1 [iu", "1 mg and ", "mg", "\x00", "1 per "),
]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((read_icd10, frame.format(piece * 1_000)) for piece in CODE_PIECES for frame in ("{}", "({})")),
        *((read_strength, piece * 2_000) for piece in STRENGTH_PIECES),
    ],
    ids=lambda value: value[:9] if isinstance(value, str) else value.__name__,
)
def test_the_time_of_reading_grows_with_the_length_of_the_text(read: Callable[[str], object], text: str) -> None:
    # Ten times the text takes about ten times as long, not a hundred times. The processor's time is measured.
    small, large = (_seconds(read, text * times) for times in (1, 10))
    assert large < 40 * max(small, 0.002)


def _seconds(read: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began


@given(st.lists(CODES, min_size=1, max_size=6), st.sampled_from([", ", ",", "; ", " / ", "/", " and ", " ", " & "]))
def test_codes_are_read_in_order_and_once(codes: list[str], between: str) -> None:
    expected = tuple(dict.fromkeys(codes))
    assert read_icd10(f"Words ({between.join(codes)}) more words") == expected
    assert read_icd10(f"words [icd-10: {between.join(codes).lower()}]") == expected
    assert read_icd10(" ".join(f"words ({code})" for code in codes)) == expected


@given(st.lists(st.sampled_from(CODE_PARTS), max_size=30).map("".join))
def test_each_code_that_is_read_is_in_the_text(text: str) -> None:
    found = read_icd10(text)
    assert len(set(found)) == len(found)
    for code in found:
        assert re.fullmatch(r"[A-Z][0-9][0-9AB](\.[0-9A-Z]{1,4})?", code)
        assert code in text.upper()


@given(st.text(max_size=60))
def test_any_text_has_codes_or_none(text: str) -> None:
    read_icd10(text)


def test_letters_of_other_scripts_are_not_part_of_a_code() -> None:
    for code in ("\u212a52.0", "\u017f52.0", "I１0"):
        assert read_icd10(f"Something ({code})") == ()


STRENGTH_PARTS = [*",./- %()[]", "10", "MG", "ML", "per", "and", "unit", "[iU]", "to", "HR"]


def test_a_very_long_combination_is_not_a_strength() -> None:
    assert read_strength("A 1 MG / " * 20 + "B") is not None
    assert read_strength("A 1 MG / " * 200 + "B") is None


@given(st.lists(st.sampled_from(STRENGTH_PARTS), max_size=30).map("".join))
def test_a_strength_is_short_has_a_number_and_is_read_again_as_itself(name: str) -> None:
    strength = read_strength(name)
    if strength is not None:
        assert len(strength) <= LONGEST_STRENGTH
        assert any(c.isdigit() for c in strength)
        assert read_strength(strength) == strength


@given(st.text(max_size=60))
def test_any_text_has_a_strength_or_none(name: str) -> None:
    read_strength(name)


@given(st.sampled_from([" ", "\t", "\n", "\u00a0", "   "]))
def test_white_space_does_not_count(space: str) -> None:
    name = f"{space}metformin{space}1,000{space}mg{space}tablet"
    assert read_strength(name) == "1,000 mg"


@pytest.mark.parametrize("amount", ["10", "2.5", ".5", "1,000", "1,200,000", "0,5", "5-325", "0.18/0.215/0.25"])
@pytest.mark.parametrize(
    "unit",
    ["mg", "MG", "mcg", "µg", "g", "gram", "IU", "unit/mL", "mEq", "mmol", "%", "mcg/hr", "mg/5 mL", "mg/actuation"],
)
def test_amounts_and_units(amount: str, unit: str) -> None:
    assert read_strength(f"drug {amount} {unit} form") == f"{amount} {unit}"
    assert read_strength(f"drug {amount}{unit}, form") == f"{amount}{unit}"


@pytest.mark.parametrize(
    "name", ["", "mg", "10", "10 mgx", "B12 mg", "x10 mg", "30 tablets", "24 HR", "2 puffs", "5 mL"]
)
def test_no_strength(name: str) -> None:
    assert read_strength(name) is None


CORPUS = Path(__file__).parent / "corpus"


def rows(name: str) -> list[tuple[str, str]]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()[1:]
    return [(text, expected) for text, expected in (line.split("\t") for line in lines)]


MEDICATIONS = rows("medications.tsv")
DIAGNOSES = rows("diagnoses.tsv")


@pytest.mark.parametrize(("name", "expected"), MEDICATIONS, ids=[name for name, _ in MEDICATIONS])
def test_strength_of_a_medication(name: str, expected: str) -> None:
    assert read_strength(name) == (expected or None)


@pytest.mark.parametrize(("text", "expected"), DIAGNOSES, ids=[text for text, _ in DIAGNOSES])
def test_codes_of_a_diagnosis(text: str, expected: str) -> None:
    assert read_icd10(text) == tuple(expected.split())


def test_the_corpus_is_complete_and_repeats_no_text() -> None:
    assert len(MEDICATIONS) == len(dict(MEDICATIONS)) >= 100
    assert len(DIAGNOSES) == len(dict(DIAGNOSES)) >= 80
