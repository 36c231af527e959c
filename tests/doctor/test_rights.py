"""The account's rights: each lack and each excess is found, and its cure cures it."""

from __future__ import annotations

from pathlib import Path

import pymysql
import pytest
from builders import Clinic, a_file, a_patient
from server_accounts import Accounts

from webautodash.config import Settings
from webautodash.domain.json_document import to_json
from webautodash.services import fleet
from webautodash.services.doctor import Finding, examine

pytestmark = pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)

NEEDED = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES, DROP"


@pytest.fixture
def pattern(database_prefix: str) -> str:
    """The databases of this test, as a grant names them."""
    return "`{}%`.*".format(database_prefix.replace("_", r"\_"))


def _rights(settings: Settings) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for one in examine(settings).findings:
        if one.code.startswith("rights") or one.code == "check.failed":
            found.setdefault(one.code, []).append(one)
    return found


def test_what_the_readme_grants_is_enough_and_not_too_much(clinic: Clinic, accounts: Accounts, pattern: str) -> None:
    name = accounts.account(f"ALL PRIVILEGES ON {pattern}")
    found = _rights(accounts.settings(name, clinic.settings))
    assert [(one.severity, one.subject) for one in found.pop("rights")] == [("ok", f"`{name}`@`%`")]
    assert not found


def test_neither_password_nor_hash_is_in_the_report(clinic: Clinic, accounts: Accounts, pattern: str) -> None:
    settings = accounts.settings(accounts.account(f"SELECT ON {pattern}"), clinic.settings)
    said = to_json(examine(settings))
    with accounts.connection.cursor() as cursor:
        cursor.execute("SELECT authentication_string FROM mysql.user WHERE user LIKE 'user\\_%'")
        hashes = [str(row[0]) for row in cursor.fetchall()]
    assert hashes
    assert not [secret for secret in (*hashes, "a long password", "IDENTIFIED") if secret in said]


def test_an_account_that_does_not_get_in(clinic: Clinic, accounts: Accounts) -> None:
    settings = accounts.settings("nobody_of_this_name", clinic.settings)
    (one,) = [one for one in examine(settings).findings if one.code == "server.unreachable"]
    assert (one.severity, one.message) == ("error", "no connection (error 1045)")
    assert "WEBAUTODASH_DB_PASSWORD" in str(one.cure)


def test_the_rights_that_are_asked_for_are_all_that_the_work_needs(
    accounts: Accounts, database_prefix: str, pattern: str, tmp_path: Path
) -> None:
    name = accounts.account(f"{NEEDED} ON {pattern}")
    url = accounts.url.set(username=name, password="a long password").render_as_string(hide_password=False)
    clinic = Clinic(url, database_prefix, tmp_path)
    assert set(_rights(clinic.settings)) == {"rights"}
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    assert clinic.ingest(a_file(a_patient("GW1", name="Other"), at="2025-01-01T00:00:00")).state == "ingested"
    assert fleet.upgrade_all(clinic.store, fleet.Plan()).run is None
    way = fleet.plan_downgrade(clinic.store, "gary_wang", "p0005")
    assert fleet.downgrade_provider(clinic.store, way).error is None
    assert not [one for one in fleet.upgrade_all(clinic.store, fleet.Plan()).results if one.error]
    clinic.store.close()


def test_global_rights_are_found_and_taken_away_without_locking_anybody_out(clinic: Clinic, accounts: Accounts) -> None:
    name = accounts.account("ALL PRIVILEGES ON *.*")
    settings = accounts.settings(name, clinic.settings)
    (one,) = _rights(settings)["rights.global"]
    assert (one.severity, one.subject) == ("warning", f"`{name}`@`%`")
    assert one.cure is not None
    accounts.run(one.cure)
    assert set(_rights(settings)) == {"rights"}


def test_one_global_right_beside_the_needed_ones_is_named(clinic: Clinic, accounts: Accounts, pattern: str) -> None:
    name = accounts.account(f"ALL PRIVILEGES ON {pattern}", "PROCESS ON *.*")
    settings = accounts.settings(name, clinic.settings)
    (one,) = _rights(settings)["rights.global"]
    assert one.message.endswith(": PROCESS")
    assert one.cure == f"REVOKE PROCESS ON *.* FROM `{name}`@`%`;"
    accounts.run(one.cure)
    assert set(_rights(settings)) == {"rights"}


def test_global_rights_by_a_role_are_the_roles(clinic: Clinic, accounts: Accounts, pattern: str, backend: str) -> None:
    role = accounts.role("FILE ON *.*")
    name = accounts.account(f"ALL PRIVILEGES ON {pattern}", role)
    accounts.run(f"SET DEFAULT ROLE {role} {'FOR' if backend == 'mariadb' else 'TO'} '{name}'@'%'")
    settings = accounts.settings(name, clinic.settings)
    (one,) = _rights(settings)["rights.global"]
    assert role in one.subject
    assert one.cure is not None
    accounts.run(one.cure)
    assert set(_rights(settings)) == {"rights"}


def test_rights_by_a_role_count(clinic: Clinic, accounts: Accounts, pattern: str, backend: str) -> None:
    role = accounts.role(f"{NEEDED} ON {pattern}")
    name = accounts.account(role)
    settings = accounts.settings(name, clinic.settings)
    assert "rights.missing" in _rights(settings)
    accounts.run(f"SET DEFAULT ROLE {role} {'FOR' if backend == 'mariadb' else 'TO'} '{name}'@'%'")
    assert set(_rights(settings)) == {"rights"}


def test_an_underscore_that_stands_for_any_sign_is_found(
    clinic: Clinic, accounts: Accounts, database_prefix: str
) -> None:
    name = accounts.account(f"ALL PRIVILEGES ON `{database_prefix}%`.*")
    settings = accounts.settings(name, clinic.settings)
    found = _rights(settings)
    assert set(found) == {"rights.wildcard"}
    (one,) = found["rights.wildcard"]
    assert (one.severity, f"`{database_prefix}%`.*" in one.message) == ("warning", True)
    assert one.cure is not None
    accounts.run(one.cure)
    assert set(_rights(settings)) == {"rights"}


def test_what_is_missing_is_named_with_what_it_stops(clinic: Clinic, accounts: Accounts, pattern: str) -> None:
    name = accounts.account(f"SELECT, CREATE ON {pattern}")
    settings = accounts.settings(name, clinic.settings)
    rows, tables = _rights(settings)["rights.missing"]
    assert (rows.severity, "INSERT, UPDATE, DELETE on" in rows.message) == ("error", True)
    assert (tables.severity, "ALTER, INDEX, REFERENCES, DROP on" in tables.message) == ("warning", True)
    assert rows.cure == tables.cure == f"GRANT ALL PRIVILEGES ON {pattern} TO `{name}`@`%`;"
    accounts.run(rows.cure)
    assert set(_rights(settings)) == {"rights"}


def test_an_account_without_any_right_is_told_what_it_needs(clinic: Clinic, accounts: Accounts, pattern: str) -> None:
    name = accounts.account()
    settings = accounts.settings(name, clinic.settings)
    rows, _ = _rights(settings)["rights.missing"]
    assert rows.cure == f"GRANT ALL PRIVILEGES ON {pattern} TO `{name}`@`%`;"


def test_a_narrower_grant_takes_away_what_a_wider_one_gives(
    clinic: Clinic, accounts: Accounts, database_prefix: str, pattern: str
) -> None:
    database = f"{database_prefix}gary_wang"
    name = accounts.account(f"ALL PRIVILEGES ON {pattern}", f"SELECT ON `{database}`.*".replace("_", r"\_"))
    settings = accounts.settings(name, clinic.settings)
    with (
        pymysql.connect(
            host=accounts.url.host, port=accounts.url.port or 3306, user=name, password=b"a long password"
        ) as connection,
        connection.cursor() as cursor,
        pytest.raises(pymysql.OperationalError),
    ):
        cursor.execute(f"DELETE FROM {database}.allergies")
    rows, _ = _rights(settings)["rights.missing"]
    assert f"`{database}`" in rows.message
    assert rows.cure is not None
    accounts.run(rows.cure)
    assert set(_rights(settings)) == {"rights"}
