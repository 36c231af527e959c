"""Names that look alike, and the databases, accounts and folders of hostile names."""

import re
import unicodedata
from itertools import combinations
from pathlib import Path

import pytest
from generated_names import NAMES, NEAR_NAMES, names_alike, near_names
from hypothesis import given, settings, strategies as st

from webautodash.domain.lookalikes import character_differences, look_alike, reads_like
from webautodash.domain.naming import (
    account_name,
    check_provider_name,
    database_name,
    letters_key,
    migrations_account_name,
    same_name_key,
    slug,
)
from webautodash.errors import InvalidProviderName

LONGEST_PREFIX = "clinic_wide_15_"


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
def test_a_name_with_similar_letters_is_a_look_alike(name: str, other: str) -> None:
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
def test_people_with_similar_names_are_two(name: str, other: str) -> None:
    assert not look_alike(name, other)


def test_two_names_may_share_a_slug_and_not_read_alike() -> None:
    assert slug("Гжоз") == slug("Вчжи") == "provider_7e5c1b20"
    assert not reads_like("Гжоз", "Вчжи")
    assert reads_like("Гжоз", "гж-оз")
    assert reads_like("Gary Wang", "G\u0430ry Wang")


def test_the_code_points_in_which_names_differ_are_listed() -> None:
    assert character_differences("G\u0430ry Wang", "Gary Wang") == (
        "character 2 is U+0430 CYRILLIC SMALL LETTER A, where the other has U+0061 LATIN SMALL LETTER A"
    )
    assert "U+00E9 LATIN SMALL LETTER E WITH ACUTE" in character_differences("Jose", "José")
    assert character_differences("GARY  WANG", "Gary Wang") == ""
    assert character_differences("Gary-Wang", "Gary Wang").startswith("character 5 is U+002D HYPHEN-MINUS")
    assert len(character_differences("x" * 255, "\u0430" * 255)) < 500


def _display(name: str) -> str | None:
    try:
        return check_provider_name(name)
    except InvalidProviderName:
        return None


@pytest.mark.ci
def test_distinct_names_never_share_a_database_an_account_or_a_place(pytestconfig: pytest.Config) -> None:
    """As in the registry: names with the same key are one provider; the same letters, or a look-alike, are refused."""
    apart: set[tuple[str, str]] = set()
    drawn, reached = 0, 0
    examples = 3_000 if pytestconfig.getoption("every_step") else 600

    # The same names each time, so that what is counted below is the same.
    @given(names_alike(), st.lists(NEAR_NAMES, min_size=4, max_size=4))
    @settings(max_examples=examples, deadline=None, derandomize=True)
    def hold(alike: tuple[str, str], near: list[str]) -> None:
        nonlocal drawn, reached
        names = {*alike, *near}
        shown = sorted(filter(None, map(_display, names)))
        for each in shown:
            _stays_in_its_place(slug(each))
        found = [pair for pair in combinations(shown, 2) if _are_two(*pair)]
        apart.update(found)
        drawn += len(names)
        reached += len({name for pair in found for name in pair})

    hold()
    assert (drawn > 3 * examples, reached > 1.6 * examples, reached > drawn / 2) == (True, True, True), (drawn, reached)
    assert len(apart) > 1.6 * examples


@pytest.mark.ci
def test_ten_thousand_names_that_are_near_each_other_have_as_many_databases_and_accounts() -> None:
    """Each is compared with all others: of names with one slug the registry accepts only one."""
    named: dict[str, list[str]] = {}
    for name in near_names(10_000):
        if (shown := _display(name)) is not None:
            named.setdefault(slug(shown), []).append(shown)
    for each, names in named.items():
        _stays_in_its_place(each)
        assert not [pair for pair in combinations(names, 2) if _are_two(*pair)]
    databases = {database_name(LONGEST_PREFIX, each) for each in named}
    assert len({account_name(database) for database in databases}) == len(databases) == len(named) > 9_000


def _are_two(name: str, other: str) -> bool:
    """Whether both may be registered; if so, their databases and accounts have different names."""
    if same_name_key(name) == same_name_key(other):
        assert slug(name) == slug(other)
        return False
    if letters_key(name) == letters_key(other) or look_alike(name, other):
        return False
    assert slug(name) != slug(other)
    one, another = (database_name(LONGEST_PREFIX, slug(each)) for each in (name, other))
    assert one != another
    assert account_name(one) != account_name(another)
    return True


def _stays_in_its_place(slug: str) -> None:
    database = database_name(LONGEST_PREFIX, slug)
    account = account_name(database)
    assert (len(database) <= 64, len(account) <= 32) == (True, True)
    assert re.fullmatch("[a-z0-9_]+", database)
    assert re.fullmatch("[a-z0-9_]+", account)
    folder = Path("/srv/data")
    assert (folder / f"{database}.db").resolve().parent == folder
    system = f"{LONGEST_PREFIX}system"
    assert database != system
    assert account not in {account_name(system), migrations_account_name(LONGEST_PREFIX)}


@settings(max_examples=20 * settings.default.max_examples)
@given(NAMES)
def test_a_name_looks_like_itself_in_any_spelling(name: str) -> None:
    assert look_alike(name, name)
    assert look_alike(same_name_key(name), name)
    assert look_alike(unicodedata.normalize("NFD", name), name)
    character_differences(name, name[::-1])
