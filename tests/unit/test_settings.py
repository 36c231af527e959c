"""Settings that are divided among processes, refused, or shown."""

import os
from contextlib import nullcontext
from pathlib import Path

import pytest
from pydantic import SecretStr

from webautodash.config import ENV_FILE, Settings, setting_key
from webautodash.config.effective_settings import effective_settings
from webautodash.config.secrets import AccountFolder
from webautodash.errors import ConfigurationError


@pytest.mark.parametrize(("most", "processes", "share"), [(16, 1, 16), (16, 3, 5), (16, 8, 2), (7, 3, 2)])
def test_processes_share_the_connections(most: int, processes: int, share: int) -> None:
    shared = Settings.load(max_connections=most, _env_file=None).shared_by(processes)
    assert shared.max_connections == share
    assert share * processes <= most


def test_too_few_connections_for_the_workers_are_refused_with_the_settings_name() -> None:
    with pytest.raises(ConfigurationError, match=r"WEBAUTODASH_MAX_CONNECTIONS: 16 connections .* 9 processes"):
        Settings.load(max_connections=16, _env_file=None).shared_by(9)


def _load(**values: object) -> Settings:
    return Settings.load(_env_file=None, **values)


def _password(file: Path) -> str:
    password = _load(db_host="h", db_password_file=file).password
    assert password is not None
    return password.get_secret_value()


def _refusal_of_password(file: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        _password(file)
    assert refused.value.key == "WEBAUTODASH_DB_PASSWORD_FILE"
    return refused.value.reason


def test_an_empty_setting_counts_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    without = Settings.load()
    for name in Settings.model_fields:
        monkeypatch.setenv(setting_key(name), "")
    assert Settings.load() == without
    Path(ENV_FILE).write_text("WEBAUTODASH_RESULTS_DIR=elsewhere\nWEBAUTODASH_DB_HOST=\n")
    assert Settings.load() == without.model_copy(update={"results_dir": Path("elsewhere")})


TEXTS = ("results_dir", "database_url", "db_password_file", "tls_ca", "db_user")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        *(({name: blank}, name) for name in TEXTS for blank in ("", " ", "\t\n")),
        *(({"max_file_size": text}, "max_file_size") for text in ("2X", "Mark", "-1", "1000")),
        ({"max_connections": 1}, "max_connections"),
        ({"db_user": "me"}, "db_host"),
        ({"db_port": 3306}, "db_host"),
        ({"db_password": "Mark"}, "db_host"),
        ({"db_password_file": "/Mark"}, "db_host"),
        ({"database_url": "sqlite:///x", "db_host": "h"}, "db_host"),
        ({"database_url": "sqlite:///x", "db_user": "me"}, "db_user"),
        ({"database_url": "sqlite:///x", "db_port": 3307}, "db_port"),
        ({"db_host": "h", "db_password": "Mark", "db_password_file": "/Mark"}, "db_password_file"),
    ],
)
def test_an_invalid_value_or_a_server_that_is_named_incompletely_or_twice_is_refused_with_the_settings_name(
    values: dict[str, object], name: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _load(**values)
    assert refused.value.key == setting_key(name)
    assert "Mark" not in str(refused.value)


def test_optional_settings_may_be_missing() -> None:
    assert _load(db_host="h", db_user="me", db_port=3307, db_password="x").db_port == 3307
    assert _load(database_url="mysql+pymysql://me@h/", db_password_file="/x").db_host is None
    assert _load(db_user=None, db_password=None).db_host is None


def test_a_password_file_is_refused_by_the_setting_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "password"
    assert "cannot be read" in _refusal_of_password(file)
    file.write_text("\n")
    for mode in (0o604, 0o644, 0o602):
        file.chmod(mode)
        assert f"mode {mode:04o}" in _refusal_of_password(file)
    file.chmod(0o660)
    assert "chmod g-w" in _refusal_of_password(file)
    file.chmod(0o640)
    assert "is empty" in _refusal_of_password(file)
    file.write_text("hush \r\n")
    assert _password(file) == "hush "


def test_a_password_file_or_link_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = tmp_path / "password", tmp_path / "link"
    file.write_text("hush")
    file.chmod(0o600)
    link.symlink_to(file)
    assert _password(link) == "hush"
    if os.geteuid() == 0:
        os.chown(file, 12_345, -1)
        assert _password(file) == "hush"
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    assert "another account" in _refusal_of_password(file)
    if os.getuid() == 0:
        os.chown(file, 54_321, -1)
        assert _password(link) == "hush"
        os.chown(link, 12_345, -1, follow_symlinks=False)
    assert "is a link" in _refusal_of_password(link)


def test_a_folder_of_passwords_that_others_can_change_is_refused(tmp_path: Path) -> None:
    folder = AccountFolder(tmp_path / "accounts")
    folder.folder.mkdir(mode=0o700)
    (folder.folder / "one").write_text("hush")
    (folder.folder / "one").chmod(0o600)
    assert folder.account("one").password
    folder.folder.chmod(0o707)
    with pytest.raises(ConfigurationError, match="WEBAUTODASH_ACCOUNTS_DIR: can be changed by everybody"):
        folder.account("one")
    folder.folder.chmod(0o1777)
    assert folder.account("one").password


def test_a_secret_is_read_only_from_a_regular_file_of_limited_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    (tmp_path / "long").write_text("x" * 5000)
    (tmp_path / "long").chmod(0o600)
    assert "4096 characters" in _refusal_of_password(tmp_path / "long")
    for path in (tmp_path / "fifo", Path("/dev/zero")):
        assert "regular file" in _refusal_of_password(path)


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://root:Mark:3306/",
        "mysql+pymysql://root:Mark/",
        "mysql+pymysql://root:p@ss-Mark@127.0.0.1:3306/",
        "mysql+pymysql://root:p@Mark/x@127.0.0.1/",
        "mysql+pymysql://root:p@127.0.0.1:Mark/",
        "Mark",
    ],
)
def test_an_ambiguous_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _load(database_url=url)
    assert "%40" in str(refused.value)
    assert "Mark" not in str(refused.value)
    # Settings that were not checked do not show it either.
    unchecked = Settings(database_url=SecretStr(url), _env_file=None)  # type: ignore[call-arg]
    assert "Mark" not in repr(effective_settings(unchecked))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mysql+pymysql://root:p:a/s#s?1@db.example:3306/", "mysql+pymysql://root:***@db.example:3306/"),
        ("mysql+pymysql://root:p%40ss@[::1]:3306/", "mysql+pymysql://root:***@[::1]:3306/"),
        ("mysql://me@127.0.0.1/", "mysql://me@127.0.0.1/"),
        ("mysql+pymysql:///?unix_socket=/run/mysqld.sock", "mysql+pymysql:///?..."),
        ("mysql+pymysql://me@[::1]:3306/?password=p", "mysql+pymysql://me@[::1]:3306/..."),
        ("sqlite:////var/lib/store?password=p", "sqlite:////var/lib/store?..."),
        ("sqlite:///a folder@home", "sqlite:///a folder@home"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    (one,) = [one for one in effective_settings(_load(database_url=url)) if one.name == "WEBAUTODASH_DATABASE_URL"]
    assert one.value == shown


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("WEBAUTODASH_DB_PASSWORD=hush", True),
        ("WEBAUTODASH_DATABASE_URL=mysql+pymysql://me:hush@h/", True),
        ("WEBAUTODASH_DATABASE_URL=mysql+pymysql://me@h/", False),
        ("WEBAUTODASH_TIMEZONE=UTC", False),
    ],
)
def test_a_settings_file_with_a_password_is_for_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, refused: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEBAUTODASH_DATABASE_URL", raising=False)
    file = tmp_path / "webautodash.env"
    file.write_text(f"{line}\nWEBAUTODASH_DB_HOST=h\n" if "PASSWORD" in line else line)
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"webautodash\.env: .*chmod 600") if refused else nullcontext():
        Settings.load()
    file.chmod(0o600)
    Settings.load()


@pytest.mark.parametrize(
    ("text", "size"),
    [("1048576", 1 << 20), ("500MB", 500_000_000), ("2G", 2_000_000_000), ("2 GiB", 2 << 30), ("1.5gib", 1536 << 20)],
)
def test_a_size_is_in_bytes_or_has_a_unit(text: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _load().max_file_size == 1536 << 20
    monkeypatch.setenv("WEBAUTODASH_MAX_FILE_SIZE", text)
    assert _load().max_file_size == size
