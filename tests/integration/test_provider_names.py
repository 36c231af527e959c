"""Names of providers: each one gets its own database, or is refused."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient
from generated_names import names_alike
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webautodash.domain.naming import same_name_key
from webautodash.errors import InvalidProviderName, ProviderNameTaken, SafeNameTaken, UsageError
from webautodash.services.ingest.order import group_by_provider
from webautodash.services.ingest.scan import Candidate
from webautodash.services.registry.aliases import add_alias
from webautodash.services.registry.register import register

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


def test_scripts_that_are_mixed_are_nobodys_business_where_nobody_looks_like_it(clinic: Clinic) -> None:
    assert register(clinic.store, "Иvan Пetrov").created
    assert register(clinic.store, "Gary Wang").created


def test_accents_alone_are_refused_with_their_code_points(clinic: Clinic) -> None:
    register(clinic.store, "José Núñez")
    with pytest.raises(ProviderNameTaken, match=r"U\+00E9 LATIN SMALL LETTER E WITH ACUTE"):
        register(clinic.store, "Jose Núñez")


@pytest.mark.parametrize("first", [0, 1])
def test_another_persons_name_with_the_same_safe_name_is_refused_and_no_alias_offered(
    clinic: Clinic, first: int
) -> None:
    registered, other = SAME_SAFE_NAME[first], SAME_SAFE_NAME[1 - first]
    register(clinic.store, registered)
    with pytest.raises(SafeNameTaken) as refused:
        register(clinic.store, other)
    said = refused.value
    assert (said.name, said.holder, said.holder_slug) == (other, registered, "provider_7e5c1b20")
    outcome = clinic.ingest(a_file(a_patient("B1"), provider=other), folder="provider_7e5c1b20")
    assert (outcome.state, outcome.kind, outcome.reason) == ("rejected", "safe_name_taken", str(said))
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


def test_what_looks_like_the_system_databases_name_is_nobodys(clinic: Clinic) -> None:
    for name in ("System", "\u0455ystem", "SYSTЕM"):
        with pytest.raises(InvalidProviderName, match="system database"):
            register(clinic.store, name)
    assert clinic.store.providers() == []


def test_whatever_they_are_called_by_the_files_of_one_provider_go_one_after_the_other(clinic: Clinic) -> None:
    register(clinic.store, "Gary Wang")
    register(clinic.store, "Zed Last")
    add_alias(clinic.store, "gary_wang", "Wang Family Practice")
    found = [
        ("1", "gary_wang", None),
        ("2", "zed_last", None),
        ("3", "Wang Family-Practice", "Zed Last"),
        ("4", None, "GARY  wang"),
        ("5", None, None),
        ("6", "no_bodys", None),
        ("7", None, "Nobody's"),
    ]
    files = [Candidate("", name, folder, (1, 1, 1, 1), named) for name, folder, named in found]
    groups = group_by_provider(clinic.store, files)
    assert {key: [file.name for file in group] for key, group in groups.items()} == {
        "gary_wang": ["1", "3", "4"],
        "zed_last": ["2"],
        "": ["5"],
        "nobodys": ["6", "7"],
    }
