"""A system database that was lost or is another database: nothing is written, and the error names the way out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient, new_database, plain_database
from shell import ForkedShell, fill
from sqlalchemy import inspect

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.errors import DatabaseError, NotAProvidersDatabase, NotSetUp, SystemDatabaseTaken, WebAutoDashError
from webautodash.services.doctor import examine
from webautodash.services.registry.registration import register
from webautodash.services.revisions import SchemaHistory, upgrade
from webautodash.services.setup import set_up
from webautodash.services.store import Store

COMMANDS = [
    *(
        "setup --auto",
        "ingest",
        "status",
        "stats",
        "verify",
        "log",
        "log prune --older-than 90d --yes",
        "provider list",
    ),
    *("provider register New", "patient list gary_wang", "conflict list", "set-aside list", "file list", "alert list"),
    *("migrate current", "migrate check", "migrate history", "alert send", "migrate up", "monitor --once", "metrics"),
    *("doctor", "doctor --isolation"),
]


def _tables(store: Store, database: str) -> list[str]:
    with plain_database(store.server, database).engine.connect() as connection:
        return sorted(inspect(connection).get_table_names())


@pytest.mark.parametrize("opened", [Store.open, Store.attach, Store.prepare])
def test_a_providers_database_is_refused_as_system_database(
    clinic: Clinic, opened: Callable[[Settings], Store]
) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    database = clinic.database_name()
    before = _tables(clinic.store, database)
    settings = clinic.settings.model_copy(update={"system_database": database})
    with pytest.raises(SystemDatabaseTaken) as caught:
        opened(settings)
    assert (caught.value.kind, caught.value.exit_status) == ("system_database_taken", 2)
    assert _tables(clinic.store, database) == before
    named = [one for one in examine(settings).findings if one.code == "settings.invalid"]
    assert [one.subject for one in named] == ["WEBAUTODASH_SYSTEM_DATABASE"]


@pytest.mark.ci
def test_every_command_refuses_a_providers_database_as_system_database(tmp_path: Path) -> None:
    shell = ForkedShell(tmp_path)
    fill(shell)
    shell("ingest")
    ended = {
        command: shell(*command.split(), WEBAUTODASH_SYSTEM_DATABASE="webautodash_gary_wang") for command in COMMANDS
    }
    assert {command: done.status for command, done in ended.items() if done.status != 2} == {}
    assert [command for command, done in ended.items() if "webautodash_gary_wang" not in done.err + done.out] == []
    assert shell("verify").status == 0


def test_a_database_of_the_earlier_scripts_is_refused_as_system_database(server_url: str, database_prefix: str) -> None:
    settings = Settings.load(database_url=server_url, database_prefix=database_prefix, _env_file=None)
    name = settings.system_database_name
    with Store(settings) as store, new_database(store.server, name).engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE patients (id INTEGER PRIMARY KEY, prn VARCHAR(20))")
    with pytest.raises(SystemDatabaseTaken):
        Store.prepare(settings)
    with Store(settings) as store:
        assert _tables(store, name) == ["patients"]


def test_no_provider_is_registered_for_the_system_database(clinic: Clinic) -> None:
    settings = clinic.settings.model_copy(update={"system_database": clinic.database_name()})
    clinic.settings = settings
    clinic.reopen()
    outcome = clinic.ingest(a_file(a_patient("GW1")))
    assert (outcome.state, outcome.kind) == ("failed", "system_database_taken")
    assert clinic.system_rows("providers") == []
    assert "patients" not in _tables(clinic.store, clinic.store.system.name)


def test_no_provider_is_registered_for_the_system_database_of_others(clinic: Clinic) -> None:
    upgrade(new_database(clinic.store.server, clinic.database_name("x_system")), SchemaHistory.SYSTEM)
    with pytest.raises(NotAProvidersDatabase):
        register(clinic.store, "X System")
    assert clinic.system_rows("providers") == []


@pytest.mark.parametrize("enter", [Store.open, Store.attach], ids=["open", "attach"])
@pytest.mark.parametrize("emptied", [False, True], ids=["dropped", "emptied"])
def test_setup_rebuilds_the_registry_of_a_lost_system_database(
    clinic: Clinic, enter: Callable[[Settings], Store], emptied: bool
) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    clinic.store.server.drop(clinic.store.system.name)
    if emptied:
        clinic.store.server.create(clinic.store.system.name)
    with pytest.raises(NotSetUp) as refused:
        enter(clinic.settings)
    assert refused.value.exit_status == 2
    bare = clinic.store.system.name if emptied else None
    assert (refused.value.where, refused.value.bare) == (clinic.store.server.where, bare)
    set_up(clinic.settings, ingest=False)
    with enter(clinic.settings) as store:
        assert [provider.slug for provider in store.providers()] == ["gary_wang"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("enter", [Store.open, Store.attach, Store.prepare], ids=["open", "attach", "prepare"])
def test_a_store_that_cannot_be_opened_is_closed(
    clinic: Clinic, enter: Callable[[Settings], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.store.server.drop(clinic.store.system.name)
    closed: list[Store] = []

    def close(store: Store) -> None:
        closed.append(store)

    monkeypatch.setattr(Store, "close", close)
    monkeypatch.setattr(Server, "create", _refuse)
    with pytest.raises(WebAutoDashError):
        enter(clinic.settings)
    assert len(closed) == 1


def _refuse(server: Server, name: str, *_: object) -> None:
    raise DatabaseError(name, "1044", "access denied")
