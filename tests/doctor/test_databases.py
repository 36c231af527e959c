"""Every database: its revision, its identity, its settings; leases and monitors."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from builders import Clinic, Problems

from webautodash.cli.doctor_cures import cure_of
from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import MonitorState
from webautodash.models import Monitor
from webautodash.services import doctor, revisions
from webautodash.services.doctor import Finding
from webautodash.services.fleet.migration_runs import RUN_LEASE
from webautodash.services.leases import leased
from webautodash.services.registry import register
from webautodash.services.revisions import SchemaHistory
from webautodash.services.setup import set_up

Findings = Callable[[], list[Finding]]
# Findings about the shared test servers (set up so on purpose), and about an administrator's account.
_OF_THE_SERVER = ("durability.", "charset.", "rights.", "sql_mode.", "packet.")


@pytest.fixture
def in_store(found: Problems, clinic: Clinic) -> Findings:
    """The problems of the databases."""
    return lambda: [
        one for code, these in found(clinic.settings).items() if not code.startswith(_OF_THE_SERVER) for one in these
    ]


@pytest.fixture
def gary_wang(clinic: Clinic) -> str:
    """The name of a provider's database."""
    return clinic.database_name()


def test_a_sound_store_has_no_problem_and_examining_it_changes_nothing(clinic: Clinic, in_store: Findings) -> None:
    before = [clinic.system_rows(table) for table in ("providers", "system_logs", "ingested_files")]
    assert in_store() == []
    fine = [one for one in doctor.examine(clinic.settings).findings if one.code == "database.revision"]
    assert [one.severity for one in fine] == ["ok", "ok"]
    assert revisions.head(SchemaHistory.PROVIDER) in fine[1].message
    assert before == [clinic.system_rows(table) for table in ("providers", "system_logs", "ingested_files")]


@pytest.mark.parametrize(
    ("statement", "code", "cure"),
    [
        ("UPDATE alembic_version SET version_num = 'p9999'", "database.ahead", None),
        (f"UPDATE database_identity SET identity = '{'0' * 32}'", "database.foreign", None),
        ("DELETE FROM database_identity", "database.unclaimed", "webautodash provider register 'Gary Wang'"),
    ],
)
def test_a_database_of_another_version_or_of_another_provider_is_an_error(
    clinic: Clinic, gary_wang: str, in_store: Findings, statement: str, code: str, cure: str | None
) -> None:
    clinic.execute(statement)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == (code, "error", gary_wang)
    assert cure in {None, cure_of(one)}


def test_a_migration_that_was_interrupted_and_one_at_work(clinic: Clinic, gary_wang: str, in_store: Findings) -> None:
    clinic.execute("UPDATE database_identity SET migrating_to = 'p9999'")
    (one,) = in_store()
    assert (one.code, one.severity, cure_of(one)) == ("database.interrupted", "error", "webautodash migrate up")
    with leased(clinic.store.system, RUN_LEASE, "migrate up", 30):
        found = {one.code: one.severity.value for one in in_store()}
    assert found == {"database.migrating": "info", "lease.held": "info"}


def test_a_missing_or_empty_database_is_an_error(clinic: Clinic, gary_wang: str, in_store: Findings) -> None:
    clinic.store.server.drop(gary_wang)
    (one,) = in_store()
    assert (one.code, one.severity) == ("database.missing", "error")
    assert cure_of(one) == "webautodash provider register 'Gary Wang'"
    clinic.store.server.create(gary_wang)
    (one,) = in_store()
    assert (one.code, one.severity) == ("database.empty", "error")
    register(clinic.store, "Gary Wang")
    # The files that were stored are still in Results.
    assert [one.code for one in in_store()] == ["backup.missing_results"]


@pytest.mark.parametrize(
    ("column", "value"), [("slug", "other"), ("name", "Gary wang"), ("name", "Gáry Wang"), ("date_order", "dmy")]
)
def test_a_database_whose_identity_differs_from_the_registry_is_an_error(
    clinic: Clinic, gary_wang: str, in_store: Findings, column: str, value: str
) -> None:
    registered = str(clinic.system_rows("providers")[0][column])
    clinic.execute(f"UPDATE database_identity SET {column} = '{value}'")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.identity", "error", gary_wang)
    assert repr(value) in one.message
    assert repr(registered) in one.message
    assert column in str(cure_of(one))
    assert [
        (each.code, each.subject)
        for each in doctor.examine_isolation(clinic.settings).findings
        if each.code in ("database.identity", "isolation.identity")
    ] == [("database.identity", gary_wang)]
    clinic.execute(f"UPDATE database_identity SET {column} = '{registered}', folder = 'elsewhere'")
    assert in_store() == []


def test_an_unregistered_database_is_named(clinic: Clinic, in_store: Findings) -> None:
    name = clinic.database_name("unregistered")
    clinic.store.server.create(name)
    assert [(one.code, one.subject, one.severity) for one in in_store()] == [("database.unregistered", name, "warning")]


def test_a_registration_that_was_not_finished(clinic: Clinic, in_store: Findings) -> None:
    clinic.execute_in_system("UPDATE providers SET status = 'registering' WHERE slug = 'gary_wang'")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("provider.unfinished", "warning", "gary_wang")


def test_databases_that_are_behind_are_errors_of_each(clinic: Clinic, gary_wang: str, in_store: Findings) -> None:
    revisions.downgrade(clinic.store.system, SchemaHistory.SYSTEM, "s0002")
    revisions.downgrade(clinic.database(), SchemaHistory.PROVIDER, "p0005")
    found = in_store()
    assert [one.subject for one in found] == [clinic.settings.system_database_name, gary_wang]
    assert {(one.code, one.severity, cure_of(one)) for one in found} == {
        ("database.behind", "error", "webautodash migrate up")
    }


def test_a_system_database_without_its_tables(clinic: Clinic, in_store: Findings) -> None:
    name = clinic.settings.system_database_name
    clinic.store.server.drop(name)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.missing", "error", name)
    assert (cure_of(one), "2 databases" in one.message) == ("webautodash setup", True)
    clinic.store.server.create(name)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.empty", "error", name)
    assert cure_of(one) == "webautodash setup"
    set_up(clinic.settings, ingest=False)
    assert in_store() == []


def test_a_missing_table_stops_no_other_check(clinic: Clinic, in_store: Findings) -> None:
    clinic.execute_in_system("DROP TABLE leases")
    _a_monitor(clinic, silent_seconds=91)
    found = [(one.code, one.subject) for one in in_store()]
    assert ("check.failed", "leases") in found
    assert "monitor.silent" in [code for code, _ in found]


def test_an_unexpected_error_is_a_finding_without_its_text(
    clinic: Clinic, in_store: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("PRN-4711")

    monkeypatch.setattr("webautodash.services.doctor.databases.owner", broken)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("check.failed", "error", "provider databases")
    assert "KeyError" in one.message
    assert "4711" not in one.message


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_database_in_another_character_set(clinic: Clinic, gary_wang: str, in_store: Findings) -> None:
    clinic.execute(f"ALTER DATABASE `{gary_wang}` CHARACTER SET latin1")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.charset", "warning", gary_wang)
    clinic.execute(str(cure_of(one)))
    assert in_store() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_without_a_write_ahead_log(clinic: Clinic, gary_wang: str, in_store: Findings, tmp_path: Path) -> None:
    clinic.store.close()
    with closing(sqlite3.connect(tmp_path / "databases" / f"{gary_wang}.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.journal", "warning", gary_wang)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_is_not_a_database_is_an_error(
    clinic: Clinic, gary_wang: str, in_store: Findings, tmp_path: Path
) -> None:
    clinic.store.close()
    for path in (tmp_path / "databases").glob(f"{gary_wang}.db-*"):
        path.unlink()
    (tmp_path / "databases" / f"{gary_wang}.db").write_bytes(b"not a database" * 100)
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("database.unreadable", "error", gary_wang)


def test_a_lease_whose_holder_died(clinic: Clinic, in_store: Findings) -> None:
    holder = "ann@a-machine, process 7"
    clinic.store.system.run(lambda work: work.leases.take("migration run", "1", holder, "migrate up", 30))
    clinic.execute_in_system("UPDATE leases SET expires_at = '2024-01-01 00:00:00'")
    (one,) = in_store()
    assert (one.code, one.severity, one.subject) == ("lease.expired", "info", "migration run")
    assert holder in one.message


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
def test_a_monitor_without_a_heartbeat_for_three_intervals_is_a_warning(
    clinic: Clinic, in_store: Findings, silent_seconds: int, state: MonitorState, code: str | None
) -> None:
    _a_monitor(clinic, silent_seconds, state)
    found = in_store()
    assert [one.code for one in found] == ([code] if code else [])
    for one in found:
        assert (one.severity, cure_of(one)) == ("warning", "webautodash monitor")
        assert "process 4711 on a-machine" in one.message


def test_a_lost_monitor_is_no_warning_while_another_runs(clinic: Clinic, in_store: Findings) -> None:
    _a_monitor(clinic, silent_seconds=400, state=MonitorState.LOST)
    _a_monitor(clinic, silent_seconds=5)
    (one,) = in_store()
    assert (one.code, one.severity, cure_of(one)) == ("monitor.lost", "info", "webautodash log --component monitor")
    assert "process 4711 on a-machine" in one.message


def test_the_last_error_of_a_monitor_is_a_warning(clinic: Clinic, in_store: Findings) -> None:
    _a_monitor(clinic, silent_seconds=1, last_error="the Results folder is gone")
    (one,) = in_store()
    assert (one.code, one.severity) == ("monitor.failing", "warning")
    assert "the Results folder is gone" in one.message


def _a_monitor(
    clinic: Clinic, silent_seconds: int, state: MonitorState = MonitorState.RUNNING, last_error: str | None = None
) -> None:
    """Add a monitor with an interval of half a minute."""
    with clinic.store.system.session() as session:
        session.add(
            Monitor(
                host="a-machine",
                pid=4711,
                started_by="ann",
                code_version="1",
                interval_ms=30_000,
                state=state,
                last_error=last_error,
                started_at=utc_now() - timedelta(hours=1),
                heartbeat_at=utc_now() - timedelta(seconds=silent_seconds),
            )
        )
        session.commit()
