"""The connection to a remote server: verified, or refused before credentials are sent."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import certificates
import pytest
from certificates import Certificates
from local_server import LocalServer
from proxy import CommitCutter, receive, send
from shell import Done, ForkedShell, Shell
from sqlalchemy import make_url

USER = "root"
FAR = "LOCALHOST"
"""A host that is not taken for this machine."""


class Listener(CommitCutter):
    """A listener that keeps all bytes that clients send."""

    received = b""

    def _to_server(self, client: socket.socket, server: socket.socket, _cutting: threading.Event) -> None:
        while data := receive(client):
            self.received += data
            send(server, data)
        server.close()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, and its certificate for the server."""
    return certificates.make(tmp_path_factory.mktemp("trusted") / "x", "localhost")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The command, with the settings of the test only."""
    shell = ForkedShell(tmp_path)
    shell.environment["WEBAUTODASH_CONNECT_TIMEOUT"] = "10"
    return shell


@pytest.fixture
def listener(private_mariadb: LocalServer) -> Iterator[Listener]:
    """A listener between the command and the server."""
    url = make_url(private_mariadb.url)
    with Listener(str(url.host), url.port or 3306) as listener:
        yield listener


def _setup(shell: Shell, server: LocalServer, listener: Listener, **settings: str) -> Done:
    """Set up a store over the listener; the password is neither sent as text nor shown."""
    password = str(make_url(server.url).password)
    secret = shell.folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    done = shell(
        "setup",
        "--auto",
        "--debug",
        WEBAUTODASH_DB_HOST=FAR,
        WEBAUTODASH_DB_PORT=str(listener.port),
        WEBAUTODASH_DB_USER=USER,
        WEBAUTODASH_DB_PASSWORD_FILE="password",
        **settings,
    )
    assert password not in done.out + done.err
    assert password.encode() not in listener.received
    return done


def _is_refused_before_the_login(done: Done, listener: Listener) -> None:
    """Assert that the command ended before it sent its user name."""
    assert done.status == 3
    assert "error 2026" in done.err
    assert "WEBAUTODASH_TLS_CA" in done.err
    assert USER.encode() not in listener.received
    assert not done.out


def test_credentials_are_sent_to_a_verified_server_over_tls_only(
    shell: Shell, private_mariadb: LocalServer, listener: Listener, trusted: Certificates
) -> None:
    private_mariadb.restart(*trusted.options)
    done = _setup(shell, private_mariadb, listener, WEBAUTODASH_TLS_CA=str(trusted.ca))
    assert done.status == 0, done.err
    assert USER.encode() not in listener.received
    assert b"CREATE DATABASE" not in listener.received


def test_an_untrusted_certificate_authority_is_refused(
    shell: Shell, private_mariadb: LocalServer, listener: Listener, trusted: Certificates, tmp_path: Path
) -> None:
    private_mariadb.restart(*trusted.options)
    _is_refused_before_the_login(_setup(shell, private_mariadb, listener), listener)
    another = certificates.make(tmp_path / "another", "localhost")
    _is_refused_before_the_login(_setup(shell, private_mariadb, listener, WEBAUTODASH_TLS_CA=str(another.ca)), listener)


def test_another_hosts_certificate_is_refused(
    shell: Shell, private_mariadb: LocalServer, listener: Listener, tmp_path: Path
) -> None:
    another = certificates.make(tmp_path / "another", "db.clinic.example")
    private_mariadb.restart(*another.options)
    _is_refused_before_the_login(_setup(shell, private_mariadb, listener, WEBAUTODASH_TLS_CA=str(another.ca)), listener)


@pytest.mark.parametrize("private_mariadb", [("--skip-ssl",)], indirect=True)
def test_a_server_without_tls_is_refused_unless_it_is_allowed(
    shell: Shell, private_mariadb: LocalServer, listener: Listener, trusted: Certificates
) -> None:
    _is_refused_before_the_login(_setup(shell, private_mariadb, listener), listener)
    _is_refused_before_the_login(_setup(shell, private_mariadb, listener, WEBAUTODASH_TLS_CA=str(trusted.ca)), listener)
    done = _setup(shell, private_mariadb, listener, WEBAUTODASH_TLS="off")
    assert done.status == 0, done.err
    # So the tests above would have noticed a password in plain text.
    assert USER.encode() in listener.received
    assert b"CREATE DATABASE" in listener.received


@pytest.mark.parametrize("backend", ["mysql"], indirect=True)
def test_mysqls_own_certificate_is_refused_until_its_authority_is_configured(shell: Shell, server_url: str) -> None:
    url = make_url(server_url).set(host=FAR).render_as_string(hide_password=False)
    done = shell("provider", "list", WEBAUTODASH_DATABASE_URL=url)
    assert (done.status, "error 2026" in done.err) == (3, True)
    assert str(make_url(server_url).password) not in done.out + done.err


def test_no_secret_is_shown(shell: Shell) -> None:
    secret = "Mark-of-a-secret"
    settings = {
        "WEBAUTODASH_DATABASE_URL": f"mysql+pymysql://me:{secret}@127.0.0.1:1/",
        "WEBAUTODASH_ALERT_WEBHOOK_URL": f"https://example.org/{secret}",
        "WEBAUTODASH_ALERT_WEBHOOK_SECRET": secret,
        "WEBAUTODASH_DB_PASSWORD": secret,
        "WEBAUTODASH_ALERT_APPRISE_URLS": f"json://me:{secret}@example.org",
    }
    # The rest of a URL is not shown either; all other commands refuse such a URL.
    for behind in (f"?password={secret}", f"x?ssl_ca={secret}", secret):
        for command in (("config", "show"), ("config", "show", "--json")):
            done = shell(*command, WEBAUTODASH_DATABASE_URL=f"mysql+pymysql://me:a@127.0.0.1:1/{behind}")
            assert (done.status, "127.0.0.1:1" in done.out, secret in done.out + done.err) == (0, True, False)
    for command in (
        ("config", "show"),
        ("config", "show", "--json"),
        ("doctor", "--json"),
        ("setup", "--auto", "--debug"),
        ("ingest", "--debug", "--log-format", "json"),
        ("provider", "grant", "--all", "--debug"),
        ("alert", "test", "--debug"),
        ("--debug", "stats"),
    ):
        done = shell(*command, **settings)
        assert secret not in done.out + done.err, command
        assert done.out + done.err
