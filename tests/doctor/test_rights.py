"""The rights of an account: what is missing or too much is found, and the advice corrects it."""

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


def test_the_rights_of_the_manual_are_enough_and_not_too_many(clinic: Clinic, accounts: Accounts, pattern: str) -> None:
    name = accounts.account(f"ALL PRIVILEGES ON {pattern}")
    found = _rights(accounts.settings(name, clinic.settings))
    assert [(one.severity, one.subject) for one in found.pop("rights")] == [("ok", f"`{name}`@`%`")]
    assert not found


def test_neither_password_nor_hash_is_in_the_report(clinic: Clinic, accounts: Accounts, pattern: str) -> None:
    settings = accounts.settings(accounts.account(f"SELECT ON {pattern}"), clinic.settings)
    report = to_json(examine(settings))
    with accounts.connection.cursor() as cursor:
        cursor.execute("SELECT authentication_string FROM mysql.user WHERE user LIKE 'user\\_%'")
        hashes = [str(row[0]) for row in cursor.fetchall()]
    assert hashes
    assert not [secret for secret in (*hashes, "a long password", "IDENTIFIED") if secret in report]


def test_an_account_that_is_refused_is_an_error(clinic: Clinic, accounts: Accounts) -> None:
    settings = accounts.settings("no_such_account", clinic.settings)
    (one,) = [one for one in examine(settings).findings if one.code == "server.unreachable"]
    assert (one.severity, "1045" in one.message) == ("error", True)
    assert "WEBAUTODASH_DB_PASSWORD" in str(one.cure)


def test_the_rights_that_doctor_asks_for_are_all_that_the_program_needs(
    accounts: Accounts, database_prefix: str, pattern: str, tmp_path: Path
) -> None:
    name = accounts.account(f"{NEEDED} ON {pattern}")
    url = accounts.url.set(username=name, password="a long password").render_as_string(hide_password=False)
    clinic = Clinic(url, database_prefix, tmp_path)
    assert set(_rights(clinic.settings)) == {"rights"}
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    assert clinic.ingest(a_file(a_patient("GW1", name="Other"), at="2025-01-01T00:00:00")).state == "ingested"
    assert fleet.upgrade_all(clinic.store, fleet.Plan()).run is None
    plan = fleet.plan_downgrade(clinic.store, "gary_wang", "p0005")
    assert fleet.downgrade_provider(clinic.store, plan, accept_loss=True).error is None
    assert not [one for one in fleet.upgrade_all(clinic.store, fleet.Plan()).results if one.error]
    clinic.store.close()


@pytest.mark.parametrize(
    ("grants", "code", "named", "cure"),
    [
        (["ALL PRIVILEGES ON *.*"], "rights.global", "", None),
        (["{all}", "PROCESS ON *.*"], "rights.global", "PROCESS", "REVOKE PROCESS ON *.* FROM {account};"),
        (["ALL PRIVILEGES ON `{prefix}%`.*"], "rights.wildcard", "`{prefix}%`.*", None),
        (["SELECT, CREATE ON {pattern}"], "rights.missing", "INSERT, UPDATE, DELETE on", "GRANT {all} TO {account};"),
        ([], "rights.missing", "", "GRANT {all} TO {account};"),
    ],
    ids=["all global rights", "one global right", "underscore", "some missing", "all missing"],
)
def test_rights_that_are_too_many_or_too_few_are_found_and_the_cure_corrects_them(
    clinic: Clinic, accounts: Accounts, pattern: str, grants: list[str], code: str, named: str, cure: str | None
) -> None:
    words = {"prefix": clinic.settings.database_prefix, "pattern": pattern, "all": f"ALL PRIVILEGES ON {pattern}"}
    name = accounts.account(*(grant.format(**words) for grant in grants))
    settings = accounts.settings(name, clinic.settings)
    found = _rights(settings)
    assert set(found) - {"rights"} == {code}
    one, *others = found[code]
    assert one.severity == ("error" if code == "rights.missing" else "warning")
    # Without rights to change tables, only migrations fail.
    assert [other.severity for other in others] == (["warning"] if code == "rights.missing" else [])
    assert named.format(**words) in one.message
    assert cure is None or {each.cure for each in found[code]} == {cure.format(account=f"`{name}`@`%`", **words)}
    accounts.run(str(one.cure))
    assert set(_rights(settings)) == {"rights"}


def test_rights_by_a_role_count_and_too_many_are_the_roles(
    clinic: Clinic, accounts: Accounts, pattern: str, backend: str
) -> None:
    role = accounts.role(f"{NEEDED} ON {pattern}")
    name = accounts.account(role)
    settings = accounts.settings(name, clinic.settings)
    assert "rights.missing" in _rights(settings)
    accounts.run(f"SET DEFAULT ROLE {role} {'FOR' if backend == 'mariadb' else 'TO'} '{name}'@'%'")
    assert set(_rights(settings)) == {"rights"}
    accounts.run(f"GRANT FILE ON *.* TO {role}")
    (one,) = _rights(settings)["rights.global"]
    assert role in one.subject
    accounts.run(str(one.cure))
    assert set(_rights(settings)) == {"rights"}


def test_a_narrower_grant_overrides_a_wider_one(
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
    accounts.run(str(rows.cure))
    assert set(_rights(settings)) == {"rights"}
