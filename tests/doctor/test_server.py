"""The server: settings with which it loses data, its clock, the way to it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import certificates
import pytest
from builders import Clinic, Problems, fill_two_providers
from local_server import LocalServer
from server_accounts import Accounts
from sqlalchemy import make_url

from webautodash.cli.doctor_cures import cure_of
from webautodash.config import Settings, Tls
from webautodash.database import Server
from webautodash.database.products import ServerStatus
from webautodash.database.products.mysql.server_settings import durability_problems, setting_problems
from webautodash.services.doctor import Finding, examine, server

SOUND = ("--character-set-server=utf8mb4", "--max-allowed-packet=64M")
LOSING = (
    "--innodb-flush-log-at-trx-commit=2",
    "--log-bin",
    "--sync-binlog=0",
    "--skip-innodb-doublewrite",
    "--innodb-flush-method=nosync",
    "--sql-mode=",
    "--max-allowed-packet=4M",
    "--character-set-server=latin1",
)


@pytest.fixture
def here(private_mariadb: LocalServer, tmp_path: Path) -> Iterator[tuple[Settings, Accounts]]:
    """A store on a private server, reached by an account as the manual creates it, and an administrator."""
    accounts = Accounts(private_mariadb.url)
    name = accounts.account(r"ALL PRIVILEGES ON `webautodash\_%`.*")
    clinic = Clinic(_url(accounts.settings(name)), "webautodash_", tmp_path)
    fill_two_providers(clinic)
    clinic.store.close()
    yield clinic.settings, accounts
    accounts.connection.close()


@pytest.mark.parametrize("private_mariadb", [SOUND], indirect=True)
def test_a_sound_server_has_no_problem(here: tuple[Settings, Accounts]) -> None:
    findings = examine(here[0]).findings
    assert [one for one in findings if one.severity != "ok"] == []
    assert {one.code for one in findings} >= {
        *("server.version", "tls.cipher", "clock.skew", "durability", "rights", "database.revision", "disk.results")
    }
    assert next(one for one in findings if one.code == "server.version").subject.startswith("MariaDB 1")


@pytest.mark.parametrize("private_mariadb", [LOSING], indirect=True)
def test_settings_that_lose_or_cut_data_are_found_and_can_be_corrected(
    here: tuple[Settings, Accounts], found: Problems
) -> None:
    settings, accounts = here
    problems = found(settings)
    assert {code: these[0].severity.value for code, these in problems.items()} == {
        "durability.flush": "warning",
        "durability.binlog": "warning",
        "durability.doublewrite": "warning",
        "durability.flush_method": "error",
        "sql_mode.lax": "warning",
        "packet.small": "warning",
        "charset.server": "info",
    }
    for these in problems.values():
        statement = str(these[0].cure).partition(";")[0]
        if statement.startswith("SET GLOBAL"):
            accounts.run(statement)
    assert set(found(settings)) == {"durability.doublewrite", "durability.flush_method", "charset.server"}


@pytest.mark.parametrize("private_mariadb", [SOUND], indirect=True)
def test_settings_that_change_at_run_time_are_found(here: tuple[Settings, Accounts], found: Problems) -> None:
    settings, accounts = here
    accounts.run("SET GLOBAL read_only = ON; SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    problems = found(settings)
    assert {code: these[0].severity.value for code, these in problems.items()} == {
        "server.read_only": "error",
        "durability.flush": "error",
    }


@pytest.mark.parametrize("backend", ["mysql"], indirect=True)
def test_the_status_of_mysql(clinic: Clinic) -> None:
    status = clinic.store.server.status()
    assert (status.product, status.too_old, status.network) == ("MySQL", False, False)
    assert "durability.redo_log" not in {one.code for one in status.durability}
    assert abs(status.seconds_ahead) < 1


@pytest.mark.parametrize("private_mariadb", [SOUND], indirect=True)
def test_the_encryption_of_a_connection_over_a_network(
    here: tuple[Settings, Accounts], private_mariadb: LocalServer, tmp_path: Path
) -> None:
    settings, accounts = here
    url = accounts.url.set(username=str(make_url(_url(settings)).username), password="a long password")
    far = url.set(host="LOCALHOST").render_as_string(hide_password=False)  # which is not taken for this machine
    common = {"database_url": far, "results_dir": settings.results_dir, "_env_file": None}

    def way(**values: object) -> list[tuple[str, str]]:
        findings = examine(Settings.load(**common, **values)).findings
        return [(one.code, one.severity.value) for one in findings if one.code.startswith(("tls.", "server.un"))]

    assert way(tls="off") == [("tls.off", "warning")]
    assert way() == [("server.unreachable", "error")]  # it speaks no TLS
    trusted = certificates.make(tmp_path / "trusted", "localhost")
    private_mariadb.restart(*trusted.options)
    assert way() == [("server.unreachable", "error")]  # an unknown authority
    assert way(tls_ca=trusted.ca) == [("tls.cipher", "ok")]


def _url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


# Values that no test server can have.


@pytest.fixture
def status(tmp_path: Path) -> ServerStatus:
    """The status of a sound server."""
    with Server(Settings.load(database_url=f"sqlite:///{tmp_path}/databases", _env_file=None)) as embedded:
        return embedded.status()


def _one(findings: Iterator[Finding]) -> Finding:
    (found,) = findings
    return found


@pytest.mark.parametrize(
    ("seconds", "severity"), [(0, "ok"), (4.9, "ok"), (-6, "warning"), (59, "warning"), (61, "error"), (-4000, "error")]
)
def test_a_wrong_clock_is_reported(status: ServerStatus, seconds: float, severity: str) -> None:
    one = _one(server.clock(replace(status, seconds_ahead=seconds), Settings.load()))
    assert (one.code, one.severity.value, cure_of(one) is None) == ("clock.skew", severity, severity == "ok")


@pytest.mark.parametrize(
    ("network", "cipher", "tls", "code", "severity"),
    [
        (False, None, Tls.OFF, "tls.cipher", "ok"),
        (True, "TLS_AES_256_GCM_SHA384", Tls.VERIFY, "tls.cipher", "ok"),
        (True, None, Tls.OFF, "tls.off", "warning"),
        (True, None, Tls.VERIFY, "tls.none", "error"),
    ],
)
def test_plain_text_over_a_network_is_reported(
    status: ServerStatus, network: bool, cipher: str | None, tls: Tls, code: str, severity: str
) -> None:
    one = _one(server.tls(replace(status, network=network, cipher=cipher), Settings.load(tls=tls)))
    assert (one.code, one.severity.value) == (code, severity)


def test_a_server_that_is_too_old_is_an_error_with_the_oldest_version(status: ServerStatus) -> None:
    one = _one(server.version(replace(status, too_old=True, product="MySQL", oldest="8.0.19"), Settings.load()))
    assert (one.code, one.severity.value, "8.0.19" in one.message) == ("server.old", "error", True)


@pytest.mark.parametrize(("value", "found"), [("0", ["error"]), ("1", []), ("2", ["warning"]), ("3", [])])
def test_when_the_log_is_flushed(value: str, found: list[str]) -> None:
    assert [one.severity for one in durability_problems({"innodb_flush_log_at_trx_commit": value})] == found


def test_a_redo_log_that_is_off() -> None:
    (one,) = durability_problems({"innodb_redo_log_enabled": "OFF"})
    assert (one.code, one.severity) == ("durability.redo_log", "error")


def test_logs_of_statements_hold_patients_values() -> None:
    found = setting_problems({"general_log": "ON", "slow_query_log": "1"})
    assert [(one.code, one.subject, one.severity) for one in found] == [
        ("server.statement_log", "general_log", "warning"),
        ("server.statement_log", "slow_query_log", "info"),
    ]
    assert list(setting_problems({})) == []
