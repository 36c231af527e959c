"""Unknown settings, and secrets that others can read."""

import os
from pathlib import Path

import pytest
from builders import Problems

from webautodash.cli.doctor_cures import cure_of
from webautodash.config import Settings

FILE = Path("webautodash.env")


@pytest.fixture(autouse=True)
def results(working_folder: Path) -> None:
    """A sound Results folder."""
    (working_folder / "Results").mkdir(mode=0o700)


def _written(text: str, mode: int = 0o600) -> None:
    FILE.write_text(text)
    FILE.chmod(mode)


def test_valid_settings_and_closed_secrets_have_no_finding(found: Problems) -> None:
    server = "WEBAUTODASH_DATABASE_URL=sqlite:///databases\nWEBAUTODASH_DB_PASSWORD=a long password\n"
    _written(f"{server}OTHER_PROGRAM=1\n# WEBAUTODASH_WRONG=1\n")
    assert set(found(Settings.load())) == {"store.missing"}


def test_an_unknown_setting_is_named_with_its_place_and_the_nearest_name(
    found: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBAUTODASH_RESULT_DIR", "hush")
    monkeypatch.setenv("webautodash_qqqqqq", "hush")
    monkeypatch.setenv("WEBAUTODASH_TEST_MARIADB_URL", "hush")
    monkeypatch.setenv("WEBAUTODASH_TIMEZONE", "UTC")
    _written("export WEBAUTODASH_DB_PASWORD=hush\nWEBAUTODASH_LEASE_SECONDS=30\n")
    unknown = found(Settings.load())["settings.unknown"]
    assert {one.severity for one in unknown} == {"warning"}
    assert [(one.subject, cure_of(one)) for one in unknown] == [
        ("WEBAUTODASH_DB_PASWORD", "rename it to WEBAUTODASH_DB_PASSWORD, or remove it from webautodash.env"),
        ("webautodash_qqqqqq", "unset webautodash_qqqqqq"),
        ("WEBAUTODASH_RESULT_DIR", "rename it to WEBAUTODASH_RESULTS_DIR, or unset WEBAUTODASH_RESULT_DIR"),
    ]
    assert "hush" not in repr(unknown)


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o660])
@pytest.mark.parametrize(
    "line",
    [
        "WEBAUTODASH_DATABASE_URL=sqlite:///databases\nWEBAUTODASH_DB_PASSWORD=hush",
        "WEBAUTODASH_DATABASE_URL=mysql+pymysql://me:hush@127.0.0.1:1/",
        "WEBAUTODASH_ALERT_APPRISE_URLS=json://example.org/hush",
    ],
)
def test_a_password_in_a_file_that_others_can_read_is_an_error(found: Problems, line: str, mode: int) -> None:
    _written(line, mode)
    (one,) = found(Settings.load())["secret.readable"]
    assert (one.severity, one.subject, cure_of(one)) == ("error", "webautodash.env", "chmod 600 webautodash.env")
    assert "hush" not in repr(one)
    FILE.chmod(0o600)
    assert "secret.readable" not in found(Settings.load())


def test_a_file_without_a_password_may_be_read_but_not_written(found: Problems) -> None:
    _written("WEBAUTODASH_DATABASE_URL=sqlite:///databases\n", 0o644)
    assert set(found(Settings.load())) == {"store.missing"}
    FILE.chmod(0o666)
    (one,) = found(Settings.load())["settings.writable"]
    assert (one.severity, cure_of(one)) == ("warning", "chmod go-w webautodash.env")


@pytest.mark.parametrize(
    ("name", "beside", "value"),
    [
        ("WEBAUTODASH_DB_PASSWORD_FILE", "WEBAUTODASH_DATABASE_URL", "sqlite:///databases"),
        ("WEBAUTODASH_ALERT_WEBHOOK_SECRET_FILE", "WEBAUTODASH_ALERT_WEBHOOK_URL", "http://127.0.0.1:9/"),
    ],
)
def test_a_secret_file_that_others_can_read_is_an_error(
    found: Problems, monkeypatch: pytest.MonkeyPatch, name: str, beside: str, value: str
) -> None:
    monkeypatch.setenv(beside, value)
    secret = Path("the password")
    secret.write_text("hush")
    secret.chmod(0o640)
    monkeypatch.setenv(name, str(secret))
    (one,) = found(Settings.load())["secret.readable"]
    assert (one.severity, cure_of(one)) == ("error", "chmod 600 'the password'")
    assert name in one.message
    secret.chmod(0o400)
    assert set(found(Settings.load())) == {"store.missing"}


def test_a_settings_file_of_another_user_is_an_error(found: Problems, monkeypatch: pytest.MonkeyPatch) -> None:
    _written("WEBAUTODASH_RESULTS_DIR=Results\n")
    owner = FILE.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    own = {"secret.owner"} if owner else set()  # files of root are trusted
    assert set(found(Settings.load())) == {"store.missing"} | own
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    if os.access("/", os.W_OK):
        os.chown(FILE, 12345, -1)
        (one,) = found(Settings.load())["secret.owner"]
        assert (one.severity, cure_of(one)) == ("error", f"chown {owner} webautodash.env")
