"""When a file has far more empty lists, or far fewer patients, than is usual."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient
from hypothesis import given, strategies as st

from webautodash.domain.extraction.document.count_lists import count_lists
from webautodash.domain.extraction.document.read_document import read_document
from webautodash.domain.suspicious_files import ListCounts, suspicious_reasons

Count = Callable[[Any], ListCounts]


@st.composite
def counts(draw: st.DrawFn, fewest: int = 2, most: int = 400) -> ListCounts:
    patients = draw(st.integers(fewest, most))
    counted = draw(st.integers(0, patients))
    return ListCounts(patients, counted, {name: draw(st.integers(0, counted)) for name in ("medications", "allergies")})


HISTORIES = st.lists(counts(), max_size=8)


def of(patients: int, empty: int) -> ListCounts:
    return ListCounts(patients, patients, {"medications": empty})


@given(file=counts(), history=HISTORIES, data=st.data())
def test_the_order_of_the_history_does_not_matter(file: ListCounts, history: list[ListCounts], data: Any) -> None:
    other = data.draw(st.permutations(history))
    assert list(suspicious_reasons(file, history)) == list(suspicious_reasons(file, other))


@given(file=counts(most=19), history=HISTORIES)
def test_few_patients_are_never_suspicious(file: ListCounts, history: list[ListCounts]) -> None:
    assert list(suspicious_reasons(file, history)) == []


@given(file=counts(), history=st.lists(counts(), max_size=2))
def test_nothing_is_usual_before_three_files(file: ListCounts, history: list[ListCounts]) -> None:
    assert list(suspicious_reasons(file, history)) == []


@given(file=counts(fewest=20), times=st.integers(3, 8))
def test_a_file_like_all_others_is_not_suspicious(file: ListCounts, times: int) -> None:
    assert list(suspicious_reasons(file, [file] * times)) == []


@given(history=HISTORIES, empty=st.integers(0, 99), patients=st.integers(100, 200))
def test_one_more_empty_list_never_makes_a_file_less_suspicious(
    history: list[ListCounts], empty: int, patients: int
) -> None:
    fewer, more = (len(list(suspicious_reasons(of(patients, number), history))) for number in (empty, empty + 1))
    assert fewer <= more


@pytest.mark.parametrize(
    ("file", "history", "is_suspicious"),
    [
        (of(100, 60), [of(100, 20)] * 3, True),
        (of(100, 59), [of(100, 20)] * 3, False),
        (of(100, 64), [of(100, 22)] * 3, False),
        (of(100, 66), [of(100, 22)] * 3, True),
        (of(100, 40), [of(100, 0)] * 3, True),
        (of(33, 0), [of(1000, 0), of(100, 0), of(2, 0)], True),
        (of(34, 0), [of(1000, 0), of(100, 0), of(2, 0)], False),
    ],
)
def test_the_limits(file: ListCounts, history: list[ListCounts], is_suspicious: bool) -> None:
    assert bool(list(suspicious_reasons(file, history))) == is_suspicious


@pytest.fixture
def count(tmp_path: Path) -> Count:
    def count(content: Any) -> ListCounts:
        path = tmp_path / "a.json"
        path.write_text(json.dumps(content))
        return count_lists(read_document(path))

    return count


def test_a_list_is_found_under_each_of_its_keys(count: Count) -> None:
    people = [a_patient("P0", medications=["Xanax"]), a_patient("P1"), a_patient("P2"), a_patient("P3")]
    people[1]["historical_medications"] = [{"name": "Xanax"}]
    people[2]["allergies"] = ["Peanut"]
    del people[3]["all_allergies"]
    people[3]["all_medications"] = None
    assert count(a_file(*people)) == ListCounts(
        4, 4, {"medications": 2, "diagnoses": 4, "allergies": 3, "health_concerns": 4}
    )


def test_patients_that_failed_or_cannot_be_read_are_not_counted(count: Count) -> None:
    found = count(a_file(a_patient("P0"), a_patient("P1", extraction_status="failed"), 5, a_patient("P2", error="x")))
    assert (found.patients, found.counted) == (4, 1)


def test_the_lists_of_another_portal_are_counted_where_its_profile_has_them(count: Count) -> None:
    people = [
        {"demographics": {"mrn": "1", "name": "A B"}, "medical_history": [{"condition": "Gout"}], "medications": []},
        {"demographics": {"mrn": "2", "name": "C D"}, "medical_history": [], "medications": [{"name": "Xanax"}]},
    ]
    found = count({"portal_type": "Cerner PowerChart", "extraction_results": people})
    assert found == ListCounts(2, 2, {"medications": 1, "diagnoses": 1, "allergies": 2, "health_concerns": 2})
