"""Whose a file is: names, aliases and folders of providers. Each provider gets a database of its own, or is refused."""

import json
import os
import unicodedata
from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient
from generated_names import names_alike
from hypothesis import HealthCheck, given, settings, strategies as st

from webautodash.domain.dates import DateOrder
from webautodash.domain.naming import letters_key, same_name_key, untitled_key
from webautodash.errors import InvalidProviderName, ProviderNameTaken, SafeNameTaken, UnknownProvider, UsageError
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.order import group_by_provider
from webautodash.services.ingest.scan import Candidate
from webautodash.services.registry.provider_names import add_alias, resolve_provider
from webautodash.services.registry.registration import register

SAME_SAFE_NAME = ("Гжоз", "Вчжи")
"""Names whose SHA-256 have the same first eight hex digits."""


def test_a_look_alike_of_a_registered_provider_is_refused_with_its_code_points(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    twin = "G\u0430ry Wang"
    with pytest.raises(ProviderNameTaken) as refused:
        register(clinic.store, twin)
    assert (refused.value.holder_slug, refused.value.kind) == ("gary_wang", "provider_name_taken")
    assert "character 2 is U+0430 CYRILLIC SMALL LETTER A" in str(refused.value)
    outcome = clinic.ingest(a_file(a_patient("GW2"), provider=twin), folder=twin)
    assert (outcome.state, "U+0430" in str(outcome.reason)) == ("rejected", True)
    # Neither a folder alone nor an alias of another provider opens a database.
    assert clinic.ingest(a_file(a_patient("GW2"), provider=None), folder="g\u0430ry_wang").state == "rejected"
    register(clinic.store, "John Doe")
    with pytest.raises(UsageError, match=r"U\+0430"):
        add_alias(clinic.store, "john_doe", twin)
    assert len(clinic.system_rows("providers")) == 2
    # After a person added the alias, names that look like the alias are refused too.
    add_alias(clinic.store, "gary_wang", twin)
    assert clinic.ingest(a_file(a_patient("GW2"), provider=twin), folder=twin).provider == "gary_wang"
    with pytest.raises(ProviderNameTaken, match=r"U\+0430"):
        register(clinic.store, "G\u0430\u0433y W\u0430ng")


def test_names_that_differ_only_in_accents_are_refused_and_mixed_scripts_that_look_like_no_other_are_not(
    clinic: Clinic,
) -> None:
    register(clinic.store, "José Núñez")
    with pytest.raises(ProviderNameTaken, match=r"U\+00E9 LATIN SMALL LETTER E WITH ACUTE"):
        register(clinic.store, "Jose Núñez")
    assert register(clinic.store, "Иvan Пetrov").created
    assert register(clinic.store, "Gary Wang").created


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("titled", ["Dr. Gary Wang", "Gary Wang, MD", "Prof. Dr. Gary  Wang, M.D., Ph.D."])
def test_a_name_that_differs_by_a_title_is_refused_until_a_person_says_which(clinic: Clinic, titled: str) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    content = a_file(a_patient("GW2"), provider=titled)
    outcome = clinic.ingest(content, folder=titled, name="titled.json")
    assert (outcome.state, outcome.kind) == ("rejected", "provider_name_taken")
    with pytest.raises(ProviderNameTaken):
        add_alias(clinic.store, register(clinic.store, "John Doe").provider.slug, titled)
    assert register(clinic.store, titled, distinct=True).created
    assert clinic.ingest(content, folder=titled, name="titled.json").provider != "gary_wang"
    assert clinic.count("patients") == 1
    # Its own name, and no other title, is a name of the new provider.
    with pytest.raises(ProviderNameTaken):
        register(clinic.store, "Doctor Gary Wang")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_alias_may_differ_by_a_title_and_two_names_with_one_safe_name_are_never_distinct(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    add_alias(clinic.store, "gary_wang", "Dr. Gary Wang")
    assert clinic.ingest(a_file(a_patient("GW2"), provider="Dr. Gary Wang"), folder="dr_gary_wang").state == "ingested"
    assert (clinic.count("patients"), len(clinic.system_rows("providers"))) == (2, 1)
    with pytest.raises(ProviderNameTaken):
        register(clinic.store, "Gáry Wang", distinct=True)
    # A title that is a family name is one.
    assert register(clinic.store, "Anna Do").created
    assert register(clinic.store, "Anna Keller").created


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("placeholder", ["unknown", "Unknown Provider", "unknown_provider", " NONE", "n/a", ""])
def test_a_placeholder_is_no_name_and_the_folder_decides(clinic: Clinic, placeholder: str) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"), provider=placeholder)).provider == "gary_wang"
    doctor = a_file(a_patient("GW2"), provider=placeholder, doctor_name="Gary Wang")
    assert clinic.ingest(doctor).provider == "gary_wang"
    for folder in ("unknown", "unknown_provider", "none"):
        outcome = clinic.ingest(a_file(a_patient("GW3"), provider=placeholder), folder=folder)
        assert (outcome.state, outcome.kind) == ("rejected", "no_provider")
    if placeholder:
        with pytest.raises(InvalidProviderName):
            register(clinic.store, placeholder)
    assert [row["slug"] for row in clinic.system_rows("providers")] == ["gary_wang"]


@given(names_alike())
def test_names_without_titles_are_equal_if_the_names_are(pair: tuple[str, str]) -> None:
    one, other = pair
    if same_name_key(one) == same_name_key(other):
        assert untitled_key(one) == untitled_key(other)
    assert untitled_key(f"Dr. {one} x") == untitled_key(f"{one} x") or len(one.split()) < 2


@pytest.mark.parametrize("first", [0, 1])
def test_another_name_with_the_same_safe_name_is_refused(clinic: Clinic, first: int) -> None:
    registered, other = SAME_SAFE_NAME[first], SAME_SAFE_NAME[1 - first]
    register(clinic.store, registered)
    with pytest.raises(SafeNameTaken) as refused:
        register(clinic.store, other)
    error = refused.value
    assert (error.name, error.holder, error.holder_slug) == (other, registered, "provider_7e5c1b20")
    outcome = clinic.ingest(a_file(a_patient("B1"), provider=other), folder="provider_7e5c1b20")
    assert (outcome.state, outcome.kind, outcome.reason) == ("rejected", "safe_name_taken", str(error))
    # An alias of another provider does not merge them either.
    register(clinic.store, "John Doe")
    with pytest.raises(SafeNameTaken):
        add_alias(clinic.store, "john_doe", other)
    assert clinic.system_rows("provider_aliases") == []
    assert register(clinic.store, f"{other}а").created
    # The folder with the safe name belongs to the provider.
    with pytest.raises(ProviderNameTaken):
        register(clinic.store, "Provider 7e5c1b20")


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@given(st.lists(names_alike(), min_size=5, max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_registry_never_gives_two_names_one_database(clinic: Clinic, pairs: list[tuple[str, str]]) -> None:
    folder = clinic.store.server.folder
    assert folder is not None
    around = set(folder.parent.iterdir())
    for name in (each for pair in pairs for each in pair):
        try:
            provider = register(clinic.store, name).provider
        except (InvalidProviderName, ProviderNameTaken):
            continue
        known = {same_name_key(each) for each in (provider.name, *provider.aliases)}
        assert same_name_key(name) in known
        assert (folder / f"{provider.database_name}.db").is_file()
    rows = clinic.store.providers()
    assert len({row.database_name for row in rows}) == len({same_name_key(row.name) for row in rows}) == len(rows)
    expected = {f"{row.database_name}.db" for row in rows} | {f"{clinic.settings.system_database_name}.db"}
    assert {path.name for path in folder.iterdir() if path.suffix == ".db"} == expected
    assert set(folder.parent.iterdir()) == around
    assert list(Path(clinic.results).iterdir()) == []
    assert all(unicodedata.is_normalized("NFC", row.slug) for row in rows)


def test_files_of_one_provider_are_one_group_under_all_its_names(clinic: Clinic) -> None:
    register(clinic.store, "Gary Wang")
    register(clinic.store, "Zed Last")
    add_alias(clinic.store, "gary_wang", "Wang Family Practice")
    found = [
        ("1", "gary_wang", None),
        ("2", "zed_last", None),
        ("3", "Wang Family-Practice", "Zed Last"),
        ("4", None, "GARY  wang"),
        ("5", None, None),
        ("6", "un_known", None),
        ("7", None, "Unknown"),
    ]
    files = [Candidate("", name, folder, (1, 1, 1, 1), named) for name, folder, named in found]
    groups = group_by_provider(clinic.store, files)
    assert {key: [file.name for file in group] for key, group in groups.items()} == {
        "gary_wang": ["1", "3", "4"],
        "zed_last": ["2"],
        "": ["5"],
        "unknown": ["6", "7"],
    }


def test_a_file_in_a_folder_that_is_not_its_providers_is_rejected(clinic: Clinic) -> None:
    for provider in ("Gary Wang", "John Doe"):
        register(clinic.store, provider)
    for provider, folder in (
        ("John Doe", "gary_wang"),
        ("Somebody New", "gary_wang"),
        ("Gary Wang", "john_doe"),
        ("Gary Wang", "unknown"),
    ):
        outcome = clinic.ingest(a_file(a_patient("P1"), provider=provider), folder)
        assert (outcome.state, outcome.provider, outcome.kind) == ("rejected", None, "wrong_folder"), (provider, folder)
    assert [clinic.count("patients", slug) for slug in ("gary_wang", "john_doe")] == [0, 0]
    assert len(clinic.system_rows("providers")) == 2


def test_a_folder_belongs_to_the_provider_with_its_letters_and_digits(clinic: Clinic) -> None:
    for number, folder in enumerate(("o_neil_pat", "oneil_pat", "O'Neil Pat", "ONEIL-PAT")):
        for provider in ("O'Neil Pat", None):
            outcome = clinic.ingest(a_file(a_patient(f"P{number}"), provider=provider), folder)
            assert (outcome.state, outcome.provider) == ("ingested", "oneil_pat")


def test_without_a_name_the_folder_decides_and_the_name_fits_later(clinic: Clinic) -> None:
    first = clinic.ingest(a_file(a_patient("P1"), provider=None), folder="ann_lee")
    second = clinic.ingest(a_file(a_patient("P2"), provider="ANN  lee"), folder="ann_lee")
    assert (first.provider_name, second.provider_name) == ("Ann Lee", "Ann Lee")
    assert len(clinic.system_rows("providers")) == 1


def test_without_a_name_a_folder_that_could_belong_to_two_providers_is_rejected(clinic: Clinic) -> None:
    register(clinic.store, "Gary Wang")
    other = register(clinic.store, "John Doe").provider
    # As no command leaves it: each refuses a name that reads like another's.
    clinic.store.system.run(lambda work: work.providers.add_alias(other.id, "Gary-Wang"))
    outcome = clinic.ingest(a_file(a_patient("P1"), provider=None), folder="gary_wang")
    assert outcome.state == "rejected"
    assert [clinic.count("patients", slug) for slug in ("gary_wang", "john_doe")] == [0, 0]


def test_a_file_outside_of_results_belongs_to_the_provider_of_its_metadata(clinic: Clinic, tmp_path: Path) -> None:
    elsewhere = tmp_path / "inbox" / "john_doe"
    elsewhere.mkdir(parents=True)
    (elsewhere / "x.json").write_text(json.dumps(a_file(a_patient("GW1"))))
    (elsewhere / "y.json").write_text(json.dumps(a_file(a_patient("GW1"), provider=None)))
    report = ingest_paths(clinic.store, [tmp_path / "inbox"])
    found = [(Path(o.path).name, str(o.state), o.provider) for o in report.files]
    assert found == [("x.json", "ingested", "gary_wang"), ("y.json", "rejected", None)]
    assert report.files[0].path == str(elsewhere / "x.json")


def test_a_name_that_reads_like_another_is_refused_until_it_is_an_alias(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    outcome = clinic.ingest(a_file(a_patient("GW2"), provider="Gary-Wang"))
    assert (outcome.state, outcome.kind) == ("rejected", "provider_name_taken")
    with pytest.raises(ProviderNameTaken):
        register(clinic.store, "G. Ary Wang")
    register(clinic.store, "John Doe")
    for taken in ("John-Doe", "john_doe", "JOHN DOE"):
        with pytest.raises(UsageError):
            add_alias(clinic.store, "gary_wang", taken)
    assert clinic.system_rows("provider_aliases") == []
    add_alias(clinic.store, "gary_wang", "Gary-Wang")
    assert clinic.ingest(a_file(a_patient("GW2"), provider="Gary-Wang")).provider == "gary_wang"
    with pytest.raises(UsageError):
        add_alias(clinic.store, "john_doe", "Gary Wang")
    # An alias opens its folder too.
    add_alias(clinic.store, "gary_wang", "Wang Family Practice")
    assert clinic.ingest(a_file(a_patient("GW3")), folder="wang_family_practice").state == "ingested"
    assert len(clinic.system_rows("providers")) == 2


def test_an_impossible_provider_name_or_one_that_looks_like_the_system_databases_creates_nothing(
    clinic: Clinic,
) -> None:
    for name in ("system", "System", "a\u0000b", "a\nb", "---", "x" * 256):
        outcome = clinic.ingest(a_file(a_patient("P1"), provider=name), letters_key(name)[:200] or "folder")
        assert outcome.state == "rejected", name
    for name in ("System", "\u0455ystem", "SYSTЕM"):
        with pytest.raises(InvalidProviderName):
            register(clinic.store, name)
    assert clinic.system_rows("providers") == []


def test_case_and_space_do_not_distinguish_providers_and_an_unknown_one_is_named_with_the_nearest(
    clinic: Clinic,
) -> None:
    first = register(clinic.store, "Gary Wang")
    again = register(clinic.store, "  GARY   ｗａｎｇ ")
    assert (first.created, again.created) == (True, False)
    assert first.provider.identity == again.provider.identity
    with pytest.raises(UnknownProvider, match="gary_wang"):
        resolve_provider(clinic.store, "gary_wong")
    assert len(clinic.system_rows("providers")) == 1


def test_a_folder_whose_name_is_not_unicode_affects_no_other(clinic: Clinic) -> None:
    clinic.drop(a_file(a_patient("P1")), folder=os.fsdecode(b"clinic\xe9"))
    clinic.drop(a_file(a_patient("Z1"), provider="Zed Last"), folder="zed_last")
    report = ingest_paths(clinic.store)
    found = sorted((str(outcome.state), str(outcome.provider)) for outcome in report.files)
    assert found == [("ingested", "zed_last"), ("rejected", "None")]


def test_the_date_order_of_a_provider_is_set_once(clinic: Clinic) -> None:
    register(clinic.store, "Euro Doc", date_order=DateOrder.DMY)
    content = a_file(a_patient("P1", born="01/02/1970"), provider="Euro Doc", start="01/02/2020")
    clinic.ingest(content, folder="euro_doc")
    assert str(clinic.rows("patients", "euro_doc")[0]["date_of_birth"]) == "1970-02-01"
    assert str(clinic.rows("extraction_sessions", "euro_doc")[0]["start_date"]) == "2020-02-01"
    assert not register(clinic.store, "Euro Doc").created
    with pytest.raises(UsageError):
        register(clinic.store, "Euro Doc", date_order=DateOrder.MDY)
