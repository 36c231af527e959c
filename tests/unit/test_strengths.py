import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webautodash.domain.extraction.strengths import LONGEST_STRENGTH, read_strength

PARTS = ["10", ",", ".", "/", "-", " ", "MG", "ML", "%", "(", ")", "[", "]", "per", "and", "unit", "[iU]", "to", "HR"]
PIECES = ["1", "1 ", "1,", "1-", "1/", "1.", "(", ")", "[", "(1 mg", " ", "1 mg / ", "1 mg-", "and ", "1 mg x", "a1"]


@pytest.mark.parametrize("piece", [*PIECES, "1 million ", "1 [iu", "1 mg and ", "mg", "\x00", "1 per "])
def test_a_megabyte_takes_no_longer_than_its_size_says(piece: str) -> None:
    # Ten times the text takes ten times as long, not a hundred; in this process's own time, however busy the machine.
    small, large = (_seconds(piece * (size // len(piece))) for size in (100_000, 1_000_000))
    assert large < 40 * max(small, 0.005)


def _seconds(text: str) -> float:
    began = time.process_time()
    read_strength(text)
    return time.process_time() - began


def test_an_endless_combination_is_no_strength() -> None:
    assert read_strength("A 1 MG / " * 20 + "B") is not None
    assert read_strength("A 1 MG / " * 200 + "B") is None


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
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
