"""Search keys of patients' names."""

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from webautodash.domain.limits import NAME_KEY_LENGTH
from webautodash.domain.patient_names import NameKeys, name_keys, search_key

NAMES = st.none() | st.text(max_size=80) | st.text("ab ,'-.É", max_size=80)


@pytest.mark.parametrize(
    ("printed", "first", "last", "expected"),
    [
        ("John Smith", None, None, ("john smith", "smith john")),
        ("Smith, John", None, None, ("john smith", "smith john")),
        ("Smith, John", "John", "Smith", ("john smith", "smith john")),
        ("John de la Cruz", "John", "de la Cruz", ("john de la cruz", "de la cruz john")),
        (None, "José", "O'Neil-Smith", ("jose oneil smith", "oneil smith jose")),
        ("Madonna", None, None, ("madonna", "madonna")),
        (" , ", "", None, (None, None)),
        (None, None, None, (None, None)),
    ],
)
def test_a_name_has_a_key_in_either_order(
    printed: str | None, first: str | None, last: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert name_keys(printed, first, last) == NameKeys(*expected)


@given(st.text(max_size=80))
def test_a_key_fits_its_column_and_is_its_own_key(text: str) -> None:
    key = search_key(text)
    assert len(key) <= NAME_KEY_LENGTH
    assert key == key.strip()
    assert search_key(key) == key


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_letters_have_the_same_key_beside_others(text: str) -> None:
    # A letter with an accent takes the slower way.
    assert search_key(f"{text} é") == f"{search_key(text)} e".strip()


@given(NAMES, NAMES, NAMES)
def test_the_revision_computes_the_same_keys(printed: str | None, first: str | None, last: str | None) -> None:
    assert REVISION._name_keys(printed, first, last) == name_keys(printed, first, last)


def _revision() -> object:
    import_module("alembic")
    path = Path(__file__).parents[2] / "migrations" / "provider" / "versions" / "p0018_patient_search.py"
    spec = spec_from_file_location("p0018", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REVISION = _revision()
