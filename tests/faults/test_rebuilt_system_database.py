"""The system database can be rebuilt from the providers' own databases."""

from pathlib import Path
from typing import Any

import pytest
from builders import NewSettings, a_file, a_patient, write_file
from contents import contents, differences, identities, rows
from jobs import ingest, open_store, register_provider
from processes import Steps, kill_at, moments, together, writes

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.domain.dates import DateOrder
from webautodash.services.ingest import ingest_paths
from webautodash.services.registry import add_alias, register
from webautodash.services.store import Store


def _lose_the_system_database(settings: Settings) -> None:
    with Server(settings) as server:
        server.drop(settings.system_database_name)


def test_a_lost_system_database_is_rebuilt_by_the_next_ingest(fresh: NewSettings, clean: dict[str, Any]) -> None:
    settings = fresh("c")
    before = identities(settings)
    _lose_the_system_database(settings)
    with Store.prepare(settings) as store:
        report = ingest_paths(store)
    assert {str(file.state) for file in report.files} == {"already_ingested"}
    assert differences(contents(settings), clean) == []
    assert identities(settings) == before


@pytest.fixture
def lost(fresh: NewSettings, tmp_path: Path) -> NewSettings:
    """Stores of two providers, one of them without a file, whose system database is gone."""
    folder = tmp_path / "Results"
    named = write_file(folder / "o_neil_pat/1.json", a_file(a_patient("A1"), provider="O'Neil Pat"))
    nameless = write_file(folder / "o_neil_pat/2.json", a_file(a_patient("A2"), provider=None))

    def store(name: str) -> Settings:
        settings = fresh(name, results_dir=folder)
        ingest(settings, named, nameless)
        register_provider(settings, "Anna  Keller")
        _lose_the_system_database(settings)
        return settings

    return store


def test_every_provider_is_restored_with_its_name_also_without_a_file(lost: NewSettings) -> None:
    settings = lost("n")
    with Store.prepare(settings) as store:
        report = ingest_paths(store, [settings.results_dir / "o_neil_pat/2.json"])
        found = {(each.slug, each.name, each.status, each.total_patients) for each in store.providers()}
    # By its folder alone, the second file would belong to another provider.
    assert [(file.state, file.provider) for file in report.files] == [("already_ingested", "oneil_pat")]
    assert found == {("oneil_pat", "O'Neil Pat", "active", 2), ("anna_keller", "Anna Keller", "active", 0)}
    assert set(contents(settings)) == {"system", "oneil_pat", "anna_keller"}
    assert "registry_rebuilt" in [row["event"] for row in rows(settings, "system", "system_logs")]


def test_aliases_and_date_order_are_restored(fresh: NewSettings, tmp_path: Path) -> None:
    folder = tmp_path / "Results"
    write_file(folder / "continental_clinic/1.json", a_file(a_patient("E1", born="01/02/1970"), provider="Euro Doc"))
    settings = fresh("d", results_dir=folder)
    with Store.prepare(settings) as store:
        register(store, "Euro Doc", date_order=DateOrder.DMY)
        add_alias(store, "euro_doc", "Continental Clinic")
        assert [str(each.state) for each in ingest_paths(store).files] == ["ingested"]
    _lose_the_system_database(settings)
    with Store.prepare(settings) as store:
        assert [str(each.state) for each in ingest_paths(store).files] == ["already_ingested"]
        [provider] = store.providers()
    assert (provider.slug, provider.date_order, provider.aliases) == ("euro_doc", "dmy", ("Continental Clinic",))


def test_a_database_of_another_installation_or_a_broken_one_is_left_alone(
    lost: NewSettings, fresh: NewSettings, backend: str
) -> None:
    settings = lost("x")
    with Server(settings) as server:
        # A database of another store, whose prefix begins like ours, and an empty database.
        server.create(f"{settings.database_prefix}test_gary_wang")
        server.create(f"{settings.database_prefix}nothing")
    with Store.prepare(settings) as store:
        assert [each.slug for each in store.providers()] == ["anna_keller", "oneil_pat"]


def test_a_rebuilding_that_is_raced_gives_each_provider_once(lost: NewSettings, tmp_path: Path) -> None:
    settings = lost("r")
    together(open_store, *[(settings,)] * 4, folder=tmp_path)
    assert [row["slug"] for row in rows(settings, "system", "providers")] == ["anna_keller", "oneil_pat"]
    assert all(ours == theirs for ours, theirs in identities(settings).values())


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
def test_a_rebuilding_that_is_killed_is_done_by_the_next(lost: NewSettings, tmp_path: Path, steps: Steps) -> None:
    settings = lost("k")
    whole = moments(open_store, settings, folder=tmp_path)
    expected = contents(settings)
    last = max(n for n, moment in enumerate(whole) if "CREATE INDEX" in moment)
    for number in steps([n for n, moment in enumerate(whole) if n > last and writes(moment)]):
        _lose_the_system_database(settings)
        assert kill_at(number, open_store, settings, folder=tmp_path), whole[number]
        open_store(settings)
        assert differences(contents(settings), expected) == [], whole[number]
