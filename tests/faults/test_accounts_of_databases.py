"""An account for each database: it has the rights that it needs and no others, and the ingest works with it."""

import gzip
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest
from builders import Clinic, a_file, a_patient, fill_two_providers
from local_server import connect
from pydantic import SecretStr
from shell import ForkedShell, Shell
from sqlalchemy import event, make_url
from sqlalchemy.engine import Engine

from webautodash.config import Settings
from webautodash.domain.json_document import to_json
from webautodash.domain.naming import account_name
from webautodash.domain.vocabulary import Level
from webautodash.errors import (
    AccountInUse,
    AccountMissing,
    AccountRefused,
    AccountUnknown,
    ConfigurationError,
    DatabaseError,
    UsageError,
)
from webautodash.services import fleet
from webautodash.services.doctor import examine, examine_isolation
from webautodash.services.ingest import ingest_paths
from webautodash.services.registry import AccountState, GrantedAccount, accounts, register
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

_SYSTEM, _LOG = "isolation.system_database", "isolation.log"
SERVERS = pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)


@dataclass
class Guarded:
    """A store of two providers and the accounts of its databases."""

    clinic: Clinic
    url: str
    folder: Path
    made: list[GrantedAccount]

    @property
    def administrator(self) -> Settings:
        return self.clinic.settings

    @property
    def settings(self) -> Settings:
        """Settings with the accounts in the folder, and no other user or password."""
        parts = make_url(self.url)
        return Settings.load(
            db_host=parts.host,
            db_port=parts.port,
            accounts_dir=self.folder,
            database_prefix=self.administrator.database_prefix,
            results_dir=self.administrator.results_dir,
            retry_attempts=2,
            _env_file=None,
        )

    @property
    def wang(self) -> GrantedAccount:
        """The account of one provider."""
        (found,) = [one for one in self.made if one.provider == "gary_wang"]
        return found

    def grant(self, *providers: str, administrator: Settings | None = None, **request: Any) -> list[GrantedAccount]:
        """Make the accounts of some providers, or all accounts, with their passwords in the folder."""
        wanted = {"everyone": not providers, "folder": self.folder, **request}
        return accounts.grant(administrator or self.administrator, accounts.GrantRequest(providers, **wanted))

    def name(self, slug: str) -> str:
        """A provider's account, or the system's."""
        return account_name(self.database(slug))

    def file(self, slug: str) -> Path:
        """The file with the password of a provider's account."""
        return self.folder / self.name(slug)

    def database(self, slug: str) -> str:
        """A provider's database, or the system's."""
        return f"{self.administrator.database_prefix}{slug}"

    def run(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """A statement as the server's root."""
        with connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def by(self, account: str, statement: str) -> int | None:
        """The number of the error that a statement ends with, sent by an account."""
        parts = make_url(self.url)
        password = (self.folder / account).read_text().strip()
        try:
            with (
                pymysql.connect(host=parts.host, port=parts.port or 3306, user=account, password=password) as own,
                own.cursor() as cursor,
            ):
                cursor.execute(statement)
        except pymysql.MySQLError as error:
            return int(error.args[0])
        return None


def _drop_accounts(url: str, prefix: str) -> None:
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT user, host FROM mysql.user WHERE user LIKE %s", (prefix.replace("_", r"\_") + "%",))
        for name, host in cursor.fetchall():
            cursor.execute("DROP USER %s@%s", (name, host))


@pytest.fixture
def guarded(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Guarded]:
    """Two providers, each with an account."""
    clinic = Clinic(server_url, database_prefix, tmp_path)
    fill_two_providers(clinic)
    folder = tmp_path / "accounts"
    made = accounts.grant(clinic.settings, accounts.GrantRequest(everyone=True, folder=folder))
    yield Guarded(clinic, server_url, folder, made)
    clinic.store.close()
    _drop_accounts(server_url, database_prefix)


@pytest.fixture
def users() -> Iterator[set[str]]:
    """The users that connected to the server since the test began."""
    seen: set[str] = set()

    def note(connection: Any, _record: object) -> None:
        user = connection.user
        seen.add(user.decode() if isinstance(user, bytes) else user)

    event.listen(Engine, "connect", note)
    yield seen
    event.remove(Engine, "connect", note)


@SERVERS
def test_an_account_has_the_rights_it_needs_and_no_others(guarded: Guarded) -> None:
    wang, keller, system = map(guarded.database, ("gary_wang", "anna_keller", "system"))
    account = guarded.name("gary_wang")
    assert guarded.by(account, f"SELECT COUNT(*) FROM {wang}.patients") is None
    for statement, refusal in (
        (f"SELECT 1 FROM {keller}.patients", 1142),
        (f"USE {keller}", 1044),
        (f"INSERT INTO {keller}.patients SELECT * FROM {wang}.patients", 1142),
        (f"SELECT 1 FROM {system}.system_logs", 1142),
        (f"USE {system}", 1044),
        (f"ALTER TABLE {wang}.patients ADD COLUMN x INT", 1142),
        (f"DROP TABLE {wang}.medications", 1142),
        (f"CREATE TABLE {wang}.x (x INT)", 1142),
        ("CREATE DATABASE elsewhere", 1044),
        (f"GRANT SELECT ON {wang}.* TO {account}", 1044),
    ):
        assert guarded.by(account, statement) == refusal, statement
    assert guarded.by(guarded.name("system"), f"SELECT 1 FROM {wang}.patients") == 1142
    assert guarded.by(guarded.name("system"), f"SELECT 1 FROM {system}.system_logs") is None


@SERVERS
def test_an_underscore_stands_for_itself(guarded: Guarded) -> None:
    other = guarded.database("gary_wang").replace("_", "X")
    guarded.run(f"CREATE DATABASE {other}")
    try:
        guarded.run(f"CREATE TABLE {other}.patients (prn INT)")
        assert guarded.by(guarded.name("gary_wang"), f"SELECT * FROM {other}.patients") == 1142
        assert guarded.by(f"{guarded.administrator.database_prefix}_migrations", f"USE {other}") == 1044
    finally:
        guarded.run(f"DROP DATABASE {other}")


@SERVERS
def test_the_ingest_uses_those_accounts_alone(guarded: Guarded, users: set[str]) -> None:
    guarded.clinic.drop(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"), name="new.json")
    with Store.prepare(guarded.settings) as store:
        states = {file.path: str(file.state) for file in ingest_paths(store).files}
    assert states["gary_wang/new.json"] == "ingested"
    assert users == {guarded.name("gary_wang"), guarded.name("anna_keller"), guarded.name("system")}
    assert guarded.clinic.count("patients") == 2


@SERVERS
def test_the_tables_are_changed_by_the_account_for_migrations_alone(guarded: Guarded, users: set[str]) -> None:
    with Store.attach(guarded.settings) as store:
        report = fleet.downgrade_provider(store, fleet.plan_downgrade(store, "gary_wang", "p0005"), accept_loss=True)
        assert report.error is None
        assert not fleet.upgrade_all(store, fleet.Plan()).failures
        assert [one.differences for one in fleet.check_all(store, ())] == [()] * 3
    assert users == {f"{guarded.administrator.database_prefix}_migrations"}
    (guarded.folder / f"{guarded.administrator.database_prefix}_migrations").unlink()
    with pytest.raises(AccountMissing):
        Store.attach(guarded.settings)


_WITHOUT_RIGHTS = "REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s"
FAULTS: dict[str, Callable[[Guarded], object]] = {
    "no file": lambda guarded: guarded.file("gary_wang").unlink(),
    "another password": lambda guarded: guarded.file("gary_wang").write_text("not the password\n"),
    "open to everybody": lambda guarded: guarded.file("gary_wang").chmod(0o604),
    "no rights": lambda guarded: guarded.run(_WITHOUT_RIGHTS, guarded.wang.account, guarded.wang.host),
}


@SERVERS
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_account_stops_its_provider_alone(guarded: Guarded, fault: str) -> None:
    FAULTS[fault](guarded)
    guarded.clinic.drop(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"), name="new.json")
    guarded.clinic.drop(a_file(a_patient("AK2"), provider="Anna Keller"), "anna_keller", "new.json")
    with Store.prepare(guarded.settings) as store:
        found = {file.path: file for file in ingest_paths(store).files}
    assert found["anna_keller/new.json"].state == "ingested"
    assert found["gary_wang/new.json"].state == "failed"
    assert "account" in str(found["gary_wang/new.json"].reason).lower()
    # Nothing of the file was stored; it is stored once the account is right.
    assert guarded.clinic.count("patients") == 1
    guarded.made = guarded.grant("gary_wang", rotate=True)
    with Store.prepare(guarded.settings) as store:
        assert not ingest_paths(store).problems
    assert guarded.clinic.count("patients") == 2


@SERVERS
def test_a_new_provider_waits_for_an_account(guarded: Guarded) -> None:
    guarded.clinic.drop(a_file(a_patient("N1"), provider="New Here"), "new_here", "new.json")
    with Store.prepare(guarded.settings) as store:
        (file,) = [file for file in ingest_paths(store).files if file.path == "new_here/new.json"]
        assert (str(file.state), file.kind) == ("failed", "account_missing")
        assert "new_here" not in [provider.slug for provider in store.providers()]
    with Store.prepare(guarded.settings, schema=True) as store:
        assert register(store, "New Here").created
    guarded.grant("New Here")
    with Store.prepare(guarded.settings) as store:
        assert not ingest_paths(store).problems
    assert guarded.clinic.count("patients", "new_here") == 1


@SERVERS
def test_a_password_that_is_changed_counts_for_the_next_connection(guarded: Guarded) -> None:
    account = guarded.name("gary_wang")
    before = (guarded.folder / account).read_text()
    with Store.open(guarded.settings) as store:
        (provider,) = [provider for provider in store.providers() if provider.slug == "gary_wang"]
        (again,) = guarded.grant("gary_wang", rotate=True)
        assert again.state is AccountState.ROTATED
        with store.provider_database(provider).database.session() as session:
            assert session.connection().exec_driver_sql("SELECT COUNT(*) FROM patients").scalar() == 1
    (guarded.folder / account).write_text(before)
    with pytest.raises(AccountRefused, match=account), Store.open(guarded.settings) as store:
        store.provider_database(provider)


@SERVERS
def test_a_password_is_shown_once_and_kept_in_private_files_only(guarded: Guarded) -> None:
    (shown,) = guarded.grant("gary_wang", rotate=True, folder=None)
    password = str(shown.password)
    assert len(password) >= 32
    assert password not in repr(shown)
    assert password in to_json(shown)
    assert password not in str(guarded.clinic.system_rows("system_logs"))
    assert any(row["event"] == "account_rotated" for row in guarded.clinic.system_rows("system_logs"))
    (again,) = guarded.grant("gary_wang", folder=None)
    assert (again.state, again.password, again.password_is_unknown) == (AccountState.THERE, None, True)
    kept = guarded.file("anna_keller")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(guarded.folder.stat().st_mode) == 0o700
    assert kept.read_text().strip() not in to_json(guarded.made)


def _administrator(guarded: Guarded, *more: str) -> Settings:
    """The settings with the administrator of README; `more` are further grants."""
    prefix = guarded.administrator.database_prefix
    name, password = f"{prefix}admin", "a long password"
    pattern = prefix.replace("_", r"\_")
    guarded.run("CREATE USER %s@'%%' IDENTIFIED BY %s", name, password)
    guarded.run("GRANT CREATE USER ON *.* TO %s@'%%'", name)
    guarded.run(f"GRANT ALL PRIVILEGES ON `{pattern}%%`.* TO %s@'%%' WITH GRANT OPTION", name)
    for right in more:
        guarded.run(f"GRANT {right} TO %s@'%%'", name)
    url = make_url(guarded.url).set(username=name, password=password).render_as_string(hide_password=False)
    return guarded.administrator.model_copy(update={"database_url": SecretStr(url)})


LOOKS = "SELECT ON mysql.*"
ADMINISTRATORS = pytest.mark.parametrize("more", [None, [LOOKS], []], ids=["root", "readme", "may_not_look"])


@SERVERS
@ADMINISTRATORS
@pytest.mark.parametrize("rights", ["SELECT ON mysql.*", None], ids=["rights", "no_rights"])
def test_an_account_of_another_user_is_left_alone(guarded: Guarded, more: list[str] | None, rights: str | None) -> None:
    register(guarded.clinic.store, "New Here")
    administrator = guarded.administrator if more is None else _administrator(guarded, *more)
    name, host = guarded.name("new_here"), guarded.made[0].host
    guarded.run("CREATE USER %s@%s IDENTIFIED BY 'theirs'", name, host)
    if rights is not None:
        guarded.run(f"GRANT {rights} TO %s@%s", name, host)
    before = guarded.run("SHOW GRANTS FOR %s@%s", name, host)
    (guarded.folder / name).write_text("not theirs")
    for folder in (guarded.folder, None):
        for rotate in (True, False):
            with pytest.raises((AccountInUse, AccountUnknown)) as refused:
                guarded.grant("new_here", rotate=rotate, host=host, folder=folder, administrator=administrator)
    if more == []:
        assert "GRANT SELECT ON mysql.* TO" in str(refused.value)
    else:
        assert ("SELECT on `mysql`" if rights else "it has no rights") in str(refused.value)
    assert (guarded.folder / name).read_text() == "not theirs"
    assert guarded.run("SHOW GRANTS FOR %s@%s", name, host) == before
    (guarded.folder / name).write_text("theirs")
    assert guarded.by(name, "SELECT COUNT(*) FROM mysql.user") == (None if rights else 1142)
    assert guarded.by(name, f"USE {guarded.database('new_here')}") == 1044


@SERVERS
@pytest.mark.parametrize("more", [[LOOKS], []], ids=["readme", "may_not_look"])
def test_the_administrator_of_the_readme_can_make_and_rotate_them(guarded: Guarded, more: list[str]) -> None:
    settings = _administrator(guarded, *more)
    register(guarded.clinic.store, "New Here")
    made = guarded.grant(host="%", administrator=settings)
    assert [one.state for one in made] == [AccountState.MADE] * 5
    assert guarded.by(guarded.name("new_here"), f"SELECT 1 FROM {guarded.database('new_here')}.patients") is None
    assert guarded.by(guarded.name("new_here"), f"SELECT 1 FROM {guarded.database('gary_wang')}.patients") == 1142
    # An administrator who cannot read the rights of others logs in as the account to read its rights.
    (again,) = guarded.grant("new_here", rotate=True, host="%", administrator=settings)
    assert again.state is AccountState.ROTATED
    assert guarded.by(guarded.name("new_here"), f"USE {guarded.database('new_here')}") is None
    (there,) = guarded.grant("new_here", host="%", administrator=settings)
    assert there.state is AccountState.THERE
    if more:
        (shown,) = guarded.grant("new_here", rotate=True, host="%", folder=None, administrator=settings)
        guarded.file("new_here").write_text(str(shown.password))
        assert guarded.by(guarded.name("new_here"), f"USE {guarded.database('new_here')}") is None


@SERVERS
def test_an_account_whose_password_works_gets_no_more_rights_than_needed(guarded: Guarded) -> None:
    settings = _administrator(guarded)
    wang = guarded.wang
    # Of two accounts with one name the server uses the one with the narrower host, whose password is in the folder.
    guarded.run("CREATE USER %s@'%%' IDENTIFIED BY 'theirs'", wang.account)
    with pytest.raises(AccountUnknown, match=r"error 1(044|142)"):
        guarded.grant("gary_wang", rotate=True, host="%", administrator=settings)
    guarded.run(_WITHOUT_RIGHTS, wang.account, wang.host)
    (again,) = guarded.grant("gary_wang", host=wang.host, administrator=settings)
    assert again.state is AccountState.THERE
    assert guarded.by(wang.account, f"SELECT 1 FROM {guarded.database('gary_wang')}.patients") is None
    guarded.run("GRANT SELECT ON mysql.* TO %s@%s", wang.account, wang.host)
    with pytest.raises(AccountInUse, match="SELECT on `mysql`"):
        guarded.grant("gary_wang", host=wang.host, administrator=settings)


@SERVERS
def test_to_make_accounts_is_safe_to_repeat(guarded: Guarded) -> None:
    files = {path.name: path.read_text() for path in guarded.folder.iterdir()}
    again = guarded.grant()
    assert {one.state for one in again} == {AccountState.THERE}
    assert {path.name: path.read_text() for path in guarded.folder.iterdir()} == files
    assert [one.account for one in again] == [one.account for one in guarded.made]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_have_no_accounts(server_url: str, database_prefix: str, tmp_path: Path) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path)
    fill_two_providers(clinic)
    with pytest.raises(UsageError, match="SQLite files have no accounts"):
        accounts.grant(clinic.settings, accounts.GrantRequest(everyone=True))
    with pytest.raises(ConfigurationError, match="WEBAUTODASH_ACCOUNTS_DIR"):
        Store(clinic.settings.model_copy(update={"accounts_dir": tmp_path}))
    found = {one.code: str(one.severity) for one in examine_isolation(clinic.settings).findings}
    assert found == {
        "disk.databases": "ok",
        "databases.folder": "ok",
        "isolation.files": "info",
        "isolation.identity": "ok",
        "isolation.system_database": "ok",
        "isolation.log": "info",
    }
    clinic.store.close()


@pytest.fixture
def role(guarded: Guarded) -> Iterator[str]:
    """A role that may read another provider's patients."""
    name = f"{guarded.administrator.database_prefix}role"
    guarded.run(f"CREATE ROLE {name}")
    guarded.run(f"GRANT SELECT ON {guarded.database('anna_keller')}.* TO {name}")
    yield name
    guarded.run(f"DROP ROLE {name}")


@SERVERS
def test_extra_rights_of_an_account_are_found_and_prevent_a_grant(guarded: Guarded, role: str) -> None:
    wang = guarded.wang
    guarded.run(f"GRANT {role} TO %s@%s", wang.account, wang.host)
    # The role counts only after SET ROLE.
    assert guarded.by(wang.account, f"SELECT 1 FROM {guarded.database('anna_keller')}.patients") == 1142
    assert role in _problems(guarded)["isolation.rights"]
    with pytest.raises(AccountInUse, match=role):
        guarded.grant("gary_wang")
    guarded.run(f"REVOKE {role} FROM %s@%s", wang.account, wang.host)
    guarded.run(f"GRANT SELECT (prn) ON {guarded.database('anna_keller')}.patients TO %s@%s", wang.account, wang.host)
    assert "SELECT (`prn`)" in _problems(guarded)["isolation.rights"]


def _problems(guarded: Guarded, *logs: Path) -> dict[str, str]:
    """The problems by code: the account, database or row of each."""
    return {
        one.code: f"{one.subject}: {one.message}"
        for one in examine_isolation(guarded.settings, logs).findings
        if one.is_problem
    }


@SERVERS
def test_a_password_that_cannot_be_saved_is_not_set_on_the_server(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = guarded.wang
    register(guarded.clinic.store, "Late One")
    (occupied := guarded.folder / "a file").write_text("")
    for folder in (occupied / "in a file", Path("/proc/accounts")):
        with pytest.raises(ConfigurationError, match=f"{folder}.*cannot be written to"):
            guarded.grant("gary_wang", rotate=True, folder=folder)
        with pytest.raises(ConfigurationError, match="cannot be written to"):
            guarded.grant("late_one", folder=folder)
    assert guarded.by(wang.account, "SELECT 1") is None
    assert guarded.run("SELECT user FROM mysql.user WHERE user = %s", guarded.name("late_one")) == []

    def refused(*_: object) -> None:
        raise DatabaseError("server", "1045", "refused")

    # If the server refuses, the file with the known password stays, and there is no other.
    before = sorted(path.name for path in guarded.folder.iterdir())
    monkeypatch.setattr("webautodash.database.products.mysql.accounts.MySQLAccounts.change_password", refused)
    with pytest.raises(DatabaseError):
        guarded.grant("gary_wang", rotate=True)
    assert sorted(path.name for path in guarded.folder.iterdir()) == before
    assert guarded.by(wang.account, "SELECT 1") is None


@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_no_account_gets_a_password_if_one_has_other_rights(guarded: Guarded) -> None:
    register(guarded.clinic.store, "Late One")
    wang = guarded.wang
    guarded.run("GRANT SELECT ON mysql.* TO %s@%s", wang.account, wang.host)
    with pytest.raises(AccountInUse):
        guarded.grant("late_one", "gary_wang", folder=None)
    assert guarded.run("SELECT user FROM mysql.user WHERE user = %s", guarded.name("late_one")) == []
    with pytest.raises(UsageError, match="host"):
        guarded.grant("late_one", host="a b;c", folder=None)
    with pytest.raises(UsageError, match="WEBAUTODASH_DB_USER"):
        accounts.grant(guarded.settings, accounts.GrantRequest(["late_one"]))


@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_the_commands_report_what_they_created_and_found(guarded: Guarded, tmp_path: Path) -> None:
    (folder := tmp_path / "shell").mkdir()
    shell = ForkedShell(folder)
    shell.environment["WEBAUTODASH_DATABASE_PREFIX"] = guarded.administrator.database_prefix
    parts = make_url(guarded.url)
    own = {
        "WEBAUTODASH_DB_HOST": str(parts.host),
        "WEBAUTODASH_DB_PORT": str(parts.port),
        "WEBAUTODASH_ACCOUNTS_DIR": str(guarded.folder),
    }
    root = {"WEBAUTODASH_DATABASE_URL": guarded.url}
    account = guarded.name("gary_wang")
    shown = shell("provider", "grant", "gary_wang", "--rotate", **root)
    line, password = shown.out.splitlines()
    assert line.startswith(f"{account}@")
    assert line.endswith(f": rotated; SELECT, INSERT, UPDATE, DELETE in {guarded.database('gary_wang')}")
    (guarded.folder / account).write_text(password.rsplit(maxsplit=1)[-1])
    assert guarded.by(account, "SELECT 1") is None
    (again,) = shell("provider", "grant", "gary_wang", "--json", **root).json
    assert (again["state"], again["password"], again["file"]) == ("there", None, None)
    (folder / "some.log").write_text("GW1 is too short, and so is AK1\n")
    proof = shell("doctor", "--isolation", "--log", "some.log", **own)
    assert (proof.status, proof.err) == (0, "")
    assert "12 tries" in proof.out
    assert "1142, 1044" in proof.out
    counts = shell("doctor", "--isolation", "--json", **own).json["counts"]
    assert counts == {"error": 0, "warning": 0, "info": 2, "ok": 3}
    guarded.run(f"GRANT ALL PRIVILEGES ON *.* TO '{account}'@'{guarded.made[0].host}'")
    broken = shell("doctor", "--isolation", **own)
    assert (broken.status, "isolation.rights" in broken.out) == (1, True)
    assert shell("provider", "grant", "gary_wang", **root).status == 1
    assert shell("provider", "grant", **root).status == 2
    assert shell("doctor", "--log", "some.log", **own).status == 2


@dataclass
class Served:
    """The command in a folder of its own, with an account of the server."""

    shell: Shell
    environment: dict[str, str]


@pytest.fixture
def served(guarded: Guarded, tmp_path: Path) -> Served:
    """An administrator who cannot read the rights of others; two more providers have no accounts yet."""
    for name in ("Late One", "Later One"):
        register(guarded.clinic.store, name)
    settings = _administrator(guarded)
    assert settings.database_url is not None
    (folder := tmp_path / "shell").mkdir()
    return Served(
        ForkedShell(folder),
        {
            "WEBAUTODASH_DATABASE_PREFIX": settings.database_prefix,
            "WEBAUTODASH_DATABASE_URL": settings.database_url.get_secret_value(),
        },
    )


def _opens(guarded: Guarded, account: str, password: str) -> bool:
    """Whether the password, which is in no file, opens the account and its database."""
    (guarded.folder / account).write_text(password)
    return guarded.by(account, f"SELECT 1 FROM {account}.patients") is None


@SERVERS
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_the_passwords_of_those_that_were_made_are_shown_where_a_later_one_fails(
    guarded: Guarded, served: Served, as_json: bool
) -> None:
    wanted = ["late_one", "later_one", "gary_wang"]
    host = guarded.made[0].host
    done = served.shell("provider", "grant", *wanted, "--host", host, *["--json"] * as_json, **served.environment)
    assert (done.status, guarded.name("gary_wang") in done.err) == (1, True), done.err
    if as_json:
        shown = {one["account"]: one["password"] for one in done.json}
    else:
        lines = done.out.splitlines()
        shown = {
            line.partition("@")[0]: password.rsplit(maxsplit=1)[-1]
            for line, password in zip(lines[::2], lines[1::2], strict=True)
        }
    assert list(shown) == [guarded.name("late_one"), guarded.name("later_one")]
    assert all(_opens(guarded, account, password) for account, password in shown.items())
    # The log has them too.
    made = [row["provider"] for row in guarded.clinic.system_rows("system_logs") if row["event"] == "account_made"]
    assert made[-2:] == ["late_one", "later_one"]


@SERVERS
def test_a_password_whose_account_is_refused_its_rights_is_shown(guarded: Guarded, served: Served) -> None:
    pattern = guarded.administrator.database_prefix.replace("_", r"\_")
    guarded.run(f"REVOKE GRANT OPTION ON `{pattern}%%`.* FROM {guarded.administrator.database_prefix}admin@'%%'")
    done = served.shell("provider", "grant", "late_one", "later_one", "--json", **served.environment)
    (made,) = done.json
    assert (done.status, made["state"], made["rights"]) == (1, "made", [])
    (guarded.folder / made["account"]).write_text(made["password"])
    assert guarded.by(made["account"], "SELECT 1") is None


@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_a_log_that_is_held_up_holds_up_no_password(guarded: Guarded, served: Served) -> None:
    providers = ["late_one", "later_one"]
    # Python buffers output to a pipe, unless this variable is set.
    short = {"WEBAUTODASH_READ_TIMEOUT": "1", "PYTHONUNBUFFERED": ""}
    with connect(guarded.url) as holding, holding.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {guarded.database('system')}.system_logs WRITE")
        arguments = ("provider", "grant", *providers, "--host", guarded.made[0].host, "--verbose")
        with served.shell.started(*arguments, **served.environment, **short) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
            # Both exist while the log entry of neither can be written, which is retried for some seconds.
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(2)
            _, err = process.communicate(timeout=60)
    assert (process.returncode, "the system log has no entry" in err) == (0, True)
    for slug, line in zip(providers, lines[1::2], strict=True):
        assert _opens(guarded, guarded.name(slug), line.rsplit(maxsplit=1)[-1])


@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_where_a_password_cannot_be_shown_no_other_account_is_touched(guarded: Guarded) -> None:
    def full(_: GrantedAccount) -> None:
        raise OSError

    before = [path.read_text() for path in sorted(guarded.folder.iterdir())]
    with pytest.raises(OSError):  # noqa: PT011  # just this one
        accounts.grant(guarded.administrator, accounts.GrantRequest(everyone=True, rotate=True), on_granted=full)
    names = sorted(path.name for path in guarded.folder.iterdir())
    assert [path.read_text() for path in sorted(guarded.folder.iterdir())] == before
    assert [name for name in names if guarded.by(name, "SELECT 1") is not None] == [
        f"{guarded.administrator.database_prefix}_migrations"
    ]


@SERVERS
def test_the_doctor_proves_that_providers_are_isolated(guarded: Guarded) -> None:
    report = examine_isolation(guarded.settings)
    assert {one.code: str(one.severity) for one in report.findings} == {
        "isolation.migrations": "info",
        "isolation.accounts": "ok",
        "isolation.identity": "ok",
        "isolation.system_database": "ok",
        "isolation.log": "info",
    }
    (accounts_,) = [one for one in report.findings if one.code == "isolation.accounts"]
    # Each of three accounts, on each of the two others' databases, to read and to USE.
    assert "3 accounts" in accounts_.message
    assert "12 tries" in accounts_.message
    # The usual examination checks the same rights.
    assert [one for one in examine(guarded.settings).findings if one.code == "rights" and one.severity == "ok"]


@SERVERS
def test_the_doctor_finds_an_account_that_reaches_another_database(guarded: Guarded) -> None:
    wang = guarded.wang
    guarded.run(f"GRANT SELECT ON {guarded.database('anna_keller')}.* TO %s@%s", wang.account, wang.host)
    found = _problems(guarded)
    assert set(found) == {"isolation.rights", "isolation.reaches"}
    assert found["isolation.rights"].startswith(f"{wang.account}: may do more than it needs: SELECT on")
    cure = next(str(one.cure) for one in examine(guarded.settings).findings if one.code == "isolation.rights")
    guarded.run(cure)
    assert _problems(guarded) == {}


@SERVERS
def test_the_doctor_finds_one_account_for_all(guarded: Guarded) -> None:
    found = [one for one in examine_isolation(guarded.administrator).findings if one.is_problem]
    assert [one.code for one in found] == ["isolation.shared_account"]
    both = guarded.administrator.model_copy(update={"accounts_dir": guarded.folder})
    assert [one.code for one in examine_isolation(both).findings if one.is_problem] == ["isolation.administrator"]


@SERVERS
def test_the_doctor_finds_a_database_in_anothers_place(guarded: Guarded) -> None:
    guarded.run(f"UPDATE {guarded.database('gary_wang')}.database_identity SET identity = 'somebody', slug = 'x'")
    assert _problems(guarded)["database.foreign"].startswith(guarded.database("gary_wang"))


@SERVERS
def test_the_doctor_finds_a_database_that_names_another_provider(guarded: Guarded) -> None:
    guarded.run(f"UPDATE {guarded.database('gary_wang')}.database_identity SET slug = 'x', date_order = 'dmy'")
    found = _problems(guarded)
    assert set(found) == {"database.identity"}
    assert found["database.identity"].startswith(guarded.database("gary_wang"))


@SERVERS
def test_the_doctor_finds_missing_and_refused_accounts(guarded: Guarded) -> None:
    guarded.file("gary_wang").unlink()
    guarded.file("anna_keller").write_text("wrong")
    found = _problems(guarded)
    assert found["isolation.account_missing"].startswith(guarded.name("gary_wang"))
    assert found["isolation.account_refused"].startswith(guarded.name("anna_keller"))


def test_the_doctor_finds_prns_in_the_system_log_and_in_log_files(clinic: Clinic, tmp_path: Path) -> None:
    clinic.ingest(a_file(a_patient("Mark-77"), a_patient("4711023"), a_patient("Zoë O'N 5"), a_patient("12")))
    log = tmp_path / "some.log"
    log.write_text("a line\nof Mark-77, stored\n")
    packed, unreadable = tmp_path / "old.log.gz", tmp_path / "binary.log"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    unreadable.write_bytes(b"\0\1 Mark-77")
    for text in ("(Zoë O'N 5)", "seen 4711023 times", "12 files, Mark-778, Zoë"):
        SystemLogWriter(clinic.store.system).record(Level.INFO, "test", "planted", text)
    numbers = [row["id"] for row in clinic.system_rows("system_logs") if row["event"] == "planted"]
    report = examine_isolation(clinic.settings, [log, packed, unreadable, tmp_path / "no.log"])
    found = {(one.subject, str(one.severity)) for one in report.findings if one.code in {_SYSTEM, _LOG}}
    assert found == {
        (f"system_logs {numbers[0]}", "error"),
        (f"system_logs {numbers[1]}", "warning"),
        (f"{log} line 2", "error"),
        (f"{packed} line 2", "error"),
        (str(unreadable), "error"),
        (str(tmp_path / "no.log"), "error"),
    }
    assert [mark for mark in ("Mark-77", "4711023", "Zoë") if mark in to_json(report)] == []
