"""Every database: where it stands, whose it says it is, how it was made; leases and monitors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from builders import Clinic, Problems
from sqlalchemy import insert, text, update

from webautodash.cli.hints import cure_of
from webautodash.domain.vocabulary import MonitorState, ProviderStatus
from webautodash.models import Lease, Monitor, Provider
from webautodash.models.base import utc_now
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import doctor, revisions
from webautodash.services.doctor import Finding
from webautodash.services.fleet.run_history import RUN_LEASE
from webautodash.services.leases import leased
from webautodash.services.registry.register import register
from webautodash.services.registry.setup import set_up
from webautodash.services.revisions import SchemaHistory

# What the shared servers of the tests do on purpose, and what an administrator's account has.
_OF_THE_SERVER = ("durability.", "charset.", "rights.", "sql_mode.", "packet.")


@pytest.fixture
def in_store(found: Problems, clinic: Clinic) -> Callable[[], list[Finding]]:
    """The findings about the databases, without those that only say that all is right."""
    return lambda: [
        one for code, these in found(clinic.settings).items() if not code.startswith(_OF_THE_SERVER) for one in these
    ]


@pytest.fixture
def gary_wang(clinic: Clinic) -> str:
    """The name of a provider's database."""
    return clinic.database_name()


def test_in_a_sound_store_there_is_nothing_to_say(clinic: Clinic, in_store: Callable[[], list[Finding]]) -> None:
    assert in_store() == []
    fine = [one for one in doctor.examine(clinic.settings).findings if one.code == "database.revision"]
    assert [one.severity for one in fine] == ["ok", "ok"]
    assert fine[1].message == f"2 of 2, at {revisions.head(SchemaHistory.PROVIDER)}, each of its own provider"


def test_examining_changes_nothing(clinic: Clinic, gary_wang: str) -> None:
    before = [clinic.system_rows(table) for table in ("providers", "system_logs", "ingested_files")]
    doctor.examine(clinic.settings)
    assert before == [clinic.system_rows(table) for table in ("providers", "system_logs", "ingested_files")]


def test_a_database_that_is_behind(clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]]) -> None:
    revisions.downgrade(clinic.store.server.database(gary_wang, UnitOfWork), SchemaHistory.PROVIDER, "p0005")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.behind", "error", gary_wang)
    assert cure_of(one) == "webautodash migrate up"


def test_a_database_of_a_newer_program(clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]]) -> None:
    _run(clinic, gary_wang, "UPDATE alembic_version SET version_num = 'p9999'")
    (one,) = in_store()
    assert (one.code, one.severity) == ("database.ahead", "error")
    assert "p9999" in one.message


def test_a_migration_that_was_interrupted_and_one_at_work(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]]
) -> None:
    _run(clinic, gary_wang, "UPDATE database_identity SET migrating_to = 'p9999'")
    (one,) = in_store()
    assert (one.code, one.severity, cure_of(one)) == ("database.interrupted", "error", "webautodash migrate up")
    with leased(clinic.store.system, RUN_LEASE, "migrate up", 30):
        found = {one.code: one.severity.value for one in in_store()}
    assert found == {"database.migrating": "info", "lease.held": "info"}


def test_a_database_that_is_gone_or_empty(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]]
) -> None:
    clinic.store.server.drop(gary_wang)
    (one,) = in_store()
    assert (one.code, one.severity) == ("database.missing", "error")
    assert cure_of(one) == "webautodash provider register 'Gary Wang'"
    clinic.store.server.create(gary_wang)
    (one,) = in_store()
    assert (one.code, one.severity) == ("database.empty", "error")
    register(clinic.store, "Gary Wang")
    # What was stored is still in Results.
    assert [one.code for one in in_store()] == ["backup.missing_results"]


def test_a_database_that_is_nobodys_or_anothers(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]]
) -> None:
    _run(clinic, gary_wang, "UPDATE database_identity SET identity = '00000000000000000000000000000000'")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.foreign", "error", gary_wang)
    _run(clinic, gary_wang, "DELETE FROM database_identity")
    (one,) = in_store()
    assert (one.code, cure_of(one)) == ("database.unclaimed", "webautodash provider register 'Gary Wang'")


@pytest.mark.parametrize(
    ("column", "value"), [("slug", "other"), ("name", "Gary wang"), ("name", "Gáry Wang"), ("date_order", "dmy")]
)
def test_a_database_that_says_otherwise_of_its_provider_than_the_registry(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]], column: str, value: str
) -> None:
    registered = str(clinic.system_rows("providers")[0][column])
    _run(clinic, gary_wang, f"UPDATE database_identity SET {column} = '{value}'")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.identity", "error", gary_wang)
    assert f"{column} {value!r}, the registry has {registered!r}" in one.message
    assert column in str(one.cure)
    assert [
        (each.code, each.subject)
        for each in doctor.examine_isolation(clinic.settings).findings
        if each.code in ("database.identity", "isolation.identity")
    ] == [("database.identity", gary_wang)]
    _run(clinic, gary_wang, f"UPDATE database_identity SET {column} = '{registered}', folder = 'elsewhere'")
    assert in_store() == []


def test_a_registration_that_was_not_finished(clinic: Clinic, in_store: Callable[[], list[Finding]]) -> None:
    with clinic.store.system.session() as session:
        session.execute(update(Provider).where(Provider.slug == "gary_wang").values(status=ProviderStatus.REGISTERING))
        session.commit()
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("provider.unfinished", "warning", "gary_wang")


def test_a_system_database_that_is_behind_does_not_hide_the_providers(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]]
) -> None:
    revisions.downgrade(clinic.store.system, SchemaHistory.SYSTEM, "s0002")
    revisions.downgrade(clinic.store.server.database(gary_wang, UnitOfWork), SchemaHistory.PROVIDER, "p0005")
    found = [(one.code, one.subject) for one in in_store()]
    assert found == [("database.behind", clinic.settings.system_database_name), ("database.behind", gary_wang)]


def test_a_system_database_without_its_tables(clinic: Clinic, in_store: Callable[[], list[Finding]]) -> None:
    name = clinic.settings.system_database_name
    clinic.store.server.drop(name)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.missing", "error", name)
    assert (cure_of(one), "2 databases" in one.message) == ("webautodash setup", True)
    clinic.store.server.create(name)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.empty", "error", name)
    assert cure_of(one) == "webautodash setup"
    # What is advised does it.
    set_up(clinic.settings, ingest=False)
    assert in_store() == []


def test_one_table_that_is_gone_stops_no_other_check(clinic: Clinic, in_store: Callable[[], list[Finding]]) -> None:
    _run(clinic, clinic.settings.system_database_name, "DROP TABLE leases")
    _a_monitor(clinic, silent_seconds=91)
    found = [(one.code, one.subject) for one in in_store()]
    assert ("check.failed", "leases") in found
    assert "monitor.silent" in [code for code, _ in found]


def test_what_nobody_planned_is_a_finding_without_its_text(
    clinic: Clinic, in_store: Callable[[], list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("PRN-4711")

    monkeypatch.setattr("webautodash.services.doctor.databases.owner", broken)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("check.failed", "error", "provider databases")
    assert "KeyError" in one.message
    assert "4711" not in one.message


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_database_in_another_character_set(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]]
) -> None:
    _run(clinic, gary_wang, f"ALTER DATABASE `{gary_wang}` CHARACTER SET latin1")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.charset", "warning", gary_wang)
    _run(clinic, gary_wang, str(cure_of(one)))
    assert in_store() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_without_a_write_ahead_log(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]], tmp_path: Path
) -> None:
    clinic.store.close()
    with closing(sqlite3.connect(tmp_path / "databases" / f"{gary_wang}.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.journal", "warning", gary_wang)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_is_no_database(
    clinic: Clinic, gary_wang: str, in_store: Callable[[], list[Finding]], tmp_path: Path
) -> None:
    clinic.store.close()
    for path in (tmp_path / "databases").glob(f"{gary_wang}.db-*"):
        path.unlink()
    (tmp_path / "databases" / f"{gary_wang}.db").write_bytes(b"nothing of the kind" * 100)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.unreadable", "error", gary_wang)


def test_a_lease_whose_holder_died(clinic: Clinic, in_store: Callable[[], list[Finding]]) -> None:
    long_ago = utc_now() - timedelta(hours=1)
    with clinic.store.system.session() as session:
        session.execute(
            insert(Lease).values(
                name="migration run",
                token="1",
                holder="somebody@somewhere, process 7",
                purpose="migrate up",
                taken_at=long_ago,
                expires_at=long_ago,
            )
        )
        session.commit()
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("lease.expired", "info", "migration run")
    assert "somebody@somewhere, process 7" in one.message


@pytest.mark.parametrize(
    ("silent_seconds", "state", "code"),
    [
        (5, MonitorState.RUNNING, None),
        (60, MonitorState.RUNNING, None),
        (91, MonitorState.RUNNING, "monitor.silent"),
        (91, MonitorState.STOPPED, None),
        (91, MonitorState.LOST, "monitor.lost"),
    ],
)
def test_a_monitor_that_is_not_heard_of_for_three_intervals(
    clinic: Clinic,
    in_store: Callable[[], list[Finding]],
    silent_seconds: int,
    state: MonitorState,
    code: str | None,
) -> None:
    _a_monitor(clinic, silent_seconds, state)
    found = in_store()
    assert [one.code for one in found] == ([code] if code else [])
    for one in found:
        assert (one.severity, cure_of(one)) == ("warning", "webautodash monitor")
        assert "process 4711 on a-machine" in one.message


def test_a_monitor_that_was_lost_is_no_warning_where_another_is_at_work(
    clinic: Clinic, in_store: Callable[[], list[Finding]]
) -> None:
    _a_monitor(clinic, silent_seconds=400, state=MonitorState.LOST)
    _a_monitor(clinic, silent_seconds=5)
    (one,) = in_store()
    assert (one.code, one.severity, cure_of(one)) == ("monitor.lost", "info", "webautodash log --component monitor")
    assert "process 4711 on a-machine" in one.message


def test_what_a_monitor_cannot_do_is_passed_on(clinic: Clinic, in_store: Callable[[], list[Finding]]) -> None:
    _a_monitor(clinic, silent_seconds=1, last_error="the Results folder is gone")
    (one,) = in_store()
    assert (one.code, one.severity) == ("monitor.failing", "warning")
    assert one.message == "process 4711 on a-machine: the Results folder is gone"


def _a_monitor(
    clinic: Clinic, silent_seconds: int, state: MonitorState = MonitorState.RUNNING, last_error: str | None = None
) -> None:
    """One that looks every half a minute."""
    with clinic.store.system.session() as session:
        session.add(
            Monitor(
                host="a-machine",
                pid=4711,
                started_by="somebody",
                code_version="1",
                interval_ms=30_000,
                state=state,
                last_error=last_error,
                started_at=utc_now() - timedelta(hours=1),
                heartbeat_at=utc_now() - timedelta(seconds=silent_seconds),
            )
        )
        session.commit()


def _run(clinic: Clinic, database: str, statement: str) -> None:
    with clinic.store.server.database(database).engine.begin() as connection:
        connection.execute(text(statement))
