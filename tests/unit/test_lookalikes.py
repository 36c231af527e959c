"""Who looks like somebody else, and what a name can do to databases, accounts and folders."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from provider_names import NAMES, names_alike

from webautodash.domain.lookalikes import differences, look_alike
from webautodash.domain.naming import account_name, check_provider_name, database_name, letters_key, same_name_key, slug
from webautodash.errors import InvalidProviderName

LONGEST_PREFIX = "clinic_wide_15_"
WINDOWS = {"con", "prn", "aux", "nul", *(f"{word}{number}" for word in ("com", "lpt") for number in range(10))}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("G\u0430ry Wang", "Gary Wang"),
        ("G\u0410RY W\u0410NG", "Gary Wang"),
        ("\u0412\u041e\u0412", "Bob"),
        ("Ga\u0433y-Wang", "gary wang"),
        ("\u0399an", "lan"),
        ("Y\u0131ld\u0131z", "Yildiz"),
        ("\U0001d406ary", "Gary"),
        ("\u0418\u0432a\u043d", "\u0418\u0432\u0430\u043d"),
        ("Jos\u0435\u0301", "José"),
        ("Clinic O", "Clinic 0"),
        ("Dr. \u217f", "Dr. m"),
    ],
)
def test_a_name_with_letters_that_look_like_anothers_is_a_look_alike(name: str, other: str) -> None:
    assert look_alike(name, other)
    assert look_alike(other, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Ian Smith", "Lan Smith"),
        ("Anna Kern", "Anna Kem"),
        ("Gary Wang", "Garry Wang"),
        ("Søren", "Soren"),
        ("李小龙", "李小虎"),
        ("Иван", "Ivan"),
        ("Anna Keller", "Anne Keller"),
    ],
)
def test_people_who_are_called_nearly_the_same_are_two(name: str, other: str) -> None:
    assert not look_alike(name, other)


def test_the_code_points_in_which_names_differ_are_told() -> None:
    assert differences("G\u0430ry Wang", "Gary Wang") == (
        "character 2 is U+0430 CYRILLIC SMALL LETTER A, where the other has U+0061 LATIN SMALL LETTER A"
    )
    assert "U+00E9 LATIN SMALL LETTER E WITH ACUTE" in differences("Jose", "José")
    assert differences("GARY  WANG", "Gary Wang") == ""
    assert differences("Gary-Wang", "Gary Wang").startswith("character 5 is U+002D HYPHEN-MINUS")
    assert len(differences("x" * 255, "\u0430" * 255)) < 500


def _display(name: str) -> str | None:
    try:
        return check_provider_name(name)
    except InvalidProviderName:
        return None


@pytest.mark.slow
@given(names_alike())
@settings(max_examples=10_000, deadline=None)
def test_distinct_names_never_share_a_database_an_account_or_a_place(names: tuple[str, str]) -> None:
    """As the registry decides: the same by key is one provider; the same letters, or a look-alike, is refused."""
    name, other = names
    shown, also = _display(name), _display(other)
    for each in (shown, also):
        if each is not None:
            _stays_in_its_place(slug(each))
    if shown is None or also is None:
        return
    if same_name_key(shown) == same_name_key(also):
        assert slug(shown) == slug(also)
        return
    if letters_key(shown) == letters_key(also) or look_alike(shown, also):
        return
    assert slug(shown) != slug(also)
    one, another = (database_name(LONGEST_PREFIX, slug(each)) for each in (shown, also))
    assert one != another
    assert account_name(one) != account_name(another)


def _stays_in_its_place(slug: str) -> None:
    database = database_name(LONGEST_PREFIX, slug)
    account = account_name(database)
    assert (len(database) <= 64, len(account) <= 32) == (True, True)
    assert re.fullmatch("[a-z0-9_]+", database)
    assert re.fullmatch("[a-z0-9_]+", account)
    folder = Path("/srv/data")
    assert (folder / f"{database}.db").resolve().parent == folder
    assert database not in WINDOWS
    assert database != f"{LONGEST_PREFIX}system"


@settings(max_examples=2_000, deadline=None)
@given(NAMES)
def test_a_name_looks_like_itself_however_it_is_written(name: str) -> None:
    assert look_alike(name, name)
    assert look_alike(same_name_key(name), name)
    assert look_alike(unicodedata.normalize("NFD", name), name)
    differences(name, name[::-1])
