import hashlib
import re
import unicodedata

import pytest
from hypothesis import assume, example, given, strategies as st

from webautodash.domain.naming import (
    account_name,
    check_provider_name,
    database_name,
    letters_key,
    name_from_folder,
    same_name_key,
    slug,
)
from webautodash.errors import ConfigurationError, InvalidProviderName

ANY_TEXT = st.text(st.characters(), max_size=80)  # lone surrogates too
LATIN = st.text("abcXYZ 019'’-._éÉñüçÅ", min_size=1, max_size=30)
SPACES = st.sampled_from([" ", "  ", "\t", "\n", "\u00a0", "\u3000"])


def digest(name: str) -> str:
    return hashlib.sha256(same_name_key(name).encode()).hexdigest()[:8]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Gary Wang", "gary_wang"),
        ("  GARY \t wang ", "gary_wang"),
        ("María-José O'Neil", "maria_jose_oneil"),
        ("Mari\u0301a-Jose\u0301 O'Neil", "maria_jose_oneil"),
        ("Ｇａｒｙ　Ｗａｎｇ", "gary_wang"),
        ("Weiß & Söhne", "weiss_sohne"),
        ("Dr. J. Smith, M.D.", "dr_j_smith_m_d"),
        ("../../etc/passwd", "etc_passwd"),
        ("Clinic №1", "clinic_no1"),
        ("x" * 40, "x" * 40),
    ],
)
def test_slug_of_a_name_in_latin_letters(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        *((name, "provider") for name in ("李小龙", "Иван Петров", "---", "")),
        ("Søren Kierkegaard", "s_ren_kierkegaard"),
        ("Paweł Nowak", "pawe_nowak"),
        ("Dr 李", "dr"),
        ("x" * 41, "x" * 40),
        ("x" * 39 + " yz", "x" * 39),
    ],
)
def test_slug_that_lost_something_ends_in_a_hash(name: str, stem: str) -> None:
    assert slug(name) == f"{stem}_{digest(name)}"


def test_names_of_other_scripts_stay_apart() -> None:
    names = ["李小龙", "李小虎", "かな", "がな", "राम", "रम", "رام", "Иван", "Søren", "Særen", "S ren"]
    assert len({slug(name) for name in names}) == len(names)
    assert len({letters_key(name) for name in names}) == len(names)


@pytest.mark.parametrize("apostrophe", "'\u2019\u2018\u02bc\u02bb`\u00b4\uff07\u2032\u201b")
def test_every_apostrophe_is_dropped(apostrophe: str) -> None:
    name = f"Pat O{apostrophe}Neil"
    assert (slug(name), letters_key(name)) == ("pat_oneil", "patoneil")


def test_a_folder_name_has_the_letters_of_its_provider() -> None:
    names = ["O'Neil Pat", "o_neil_pat", "oneil_pat", "Ó Neil-Pat", "ONEILPAT"]
    assert {letters_key(name) for name in names} == {"oneilpat"}
    assert letters_key("李 小龙") == "李小龙"
    assert letters_key("김 철수") == "김철수"
    assert letters_key("- !") == ""


@given(ANY_TEXT)
@example("\ud800")
def test_a_slug_is_always_safe(name: str) -> None:
    assert re.fullmatch("(?!_)[a-z0-9_]{1,49}(?<!_)", slug(name))


@given(ANY_TEXT)
def test_keys_are_stable(name: str) -> None:
    key = same_name_key(name)
    assert same_name_key(key) == key
    assert slug(key) == slug(name)
    assert letters_key(key) == letters_key(name) == letters_key(letters_key(name))


@given(ANY_TEXT, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_the_unicode_form_of_a_name_does_not_count(name: str, form: "unicodedata._NormalizationForm") -> None:
    assert same_name_key(unicodedata.normalize(form, name)) == same_name_key(name)


@given(st.lists(st.text("abcäñ'-XY9", min_size=1, max_size=8), min_size=1, max_size=5), SPACES)
def test_case_and_white_space_do_not_count(words: list[str], space: str) -> None:
    name, other = " ".join(words), (space + space.join(words) + space).swapcase()
    assert same_name_key(other) == same_name_key(name)
    assert slug(other) == slug(name)
    assert letters_key(other) == letters_key(name)


@given(LATIN)
def test_a_slug_keeps_the_letters_of_a_latin_name(name: str) -> None:
    assume(letters_key(name))
    assert letters_key(slug(name)) == letters_key(name)
    assert slug(slug(name)) == slug(name)


@given(ANY_TEXT)
def test_a_name_made_from_a_folder_has_the_folders_letters(folder: str) -> None:
    assert letters_key(name_from_folder(folder)) == letters_key(folder)


def test_name_from_folder() -> None:
    folders = ["gary_wang", "maria_jose_oneil", "GARY_WANG", "Angus_McDonald", "__a__b_", "dr. lee", "ırmak"]
    names = ["Gary Wang", "Maria Jose Oneil", "Gary Wang", "Angus McDonald", "A B", "Dr. Lee", "ırmak"]
    assert [name_from_folder(folder) for folder in folders] == names


@pytest.mark.parametrize(
    ("name", "display"),
    [
        *((name, name) for name in ("Gary Wang", "María-José O’Neil", "李小龙", "System Clinic", "7", "x" * 255)),
        *((name, "Gary Wang") for name in ("  Gary   Wang ", "Gary\u00a0Wang")),
    ],
)
def test_display_name(name: str, display: str) -> None:
    assert check_provider_name(name) == display


@pytest.mark.parametrize(
    "name",
    [
        *("", "   ", "\u00a0\u3000", "---", "'\u02bc\u2019", "\u0301"),
        *("Gary\x00Wang", "Gary\tWang", "Gary Wang\n", "Gary\x7fWang", "Gary\x85Wang", "Gary \u202egnaW"),
        *("Gary\u200bWang", "\ufeffGary Wang", "Gary\u2028Wang", "Gary\u2029Wang", "Gary \ud800"),
        *("system", " SYSTEM ", "Sys'tem", "System.", "ｓｙｓｔｅｍ", "x" * 256),
        "\ufdfa" * 200,  # one character, eighteen in its key
    ],
    ids=ascii,
)
def test_refused_name(name: str) -> None:
    with pytest.raises(InvalidProviderName) as refused:
        check_provider_name(name)
    str(refused.value).encode()
    assert len(str(refused.value)) < 400


@given(ANY_TEXT)
def test_an_accepted_name_is_accepted_again_and_the_same(name: str) -> None:
    try:
        display = check_provider_name(name)
    except InvalidProviderName:
        return
    assert check_provider_name(display) == display
    assert same_name_key(display) == same_name_key(name)
    assert letters_key(display)
    assert len(letters_key(display)) <= 255


def test_database_name() -> None:
    assert database_name("webautodash_", "gary_wang") == "webautodash_gary_wang"
    assert len(database_name("p" * 15, "s" * 49)) == 64


@pytest.mark.parametrize(
    ("prefix", "a_slug"),
    [("p" * 16, "s" * 49), ("", "mysql"), ("Webautodash_", "a"), ("web-", "a"), ("web_\n", "a"), ("wéb_", "a")],
)
def test_refused_database_name(prefix: str, a_slug: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        database_name(prefix, a_slug)
    assert refused.value.key == "WEBAUTODASH_DATABASE_PREFIX"


def test_an_account_has_the_databases_name_where_that_is_short_enough() -> None:
    assert account_name("webautodash_gary_wang") == "webautodash_gary_wang"
    assert account_name("a_" + "x" * 30) == "a_" + "x" * 30
    long = "a_" + "x" * 31
    cut = f"a_{'x' * 17}_{hashlib.sha256(long.encode()).hexdigest()[:12]}"
    assert account_name(long) == cut
    # A database whose own name is that has another account.
    assert account_name(cut) != cut


@given(st.lists(st.from_regex("[a-z0-9][a-z0-9_]{0,47}", fullmatch=True), min_size=2, max_size=20, unique=True))
def test_each_provider_has_an_account_of_their_own(slugs: list[str]) -> None:
    accounts = [account_name(database_name("clinic_wide_15_", slug)) for slug in slugs]
    assert len(set(accounts)) == len(slugs)
    assert all(re.fullmatch("[a-z0-9_]{1,32}", account) for account in accounts)
