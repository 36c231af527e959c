"""Alerts by mail, to a real server on loopback."""

from typing import Any

import pytest
from alert_causes import a_cause, a_critical_conflict, later, problem_of_an_alert, raised
from alert_receivers import PASSWORD, USER, MailServer, mail_server
from builders import NewClinic
from certificates import Certificates

from webautodash.services import alerts


def _mailed(server: MailServer, certificates: Certificates, **settings: Any) -> dict[str, Any]:
    return {
        "alert_log_on": "off",
        "alert_mail_to": "admin@clinic.example, other@clinic.example",
        "alert_mail_from": "webautodash@clinic.example",
        "alert_smtp_host": "127.0.0.1",
        "alert_smtp_port": server.port,
        "alert_smtp_ca": certificates.ca,
        **settings,
    }


LOGIN = {"alert_smtp_user": USER, "alert_smtp_password": PASSWORD}


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_mail_is_sent_encrypted(on_sqlite: NewClinic, trusted: Certificates, tls: str) -> None:
    context = {tls: trusted.for_server()}
    # The library asks for a login over STARTTLS only.
    with mail_server(**context, login=tls == "starttls") as server:
        login = LOGIN if tls == "starttls" else {}
        clinic = on_sqlite(**_mailed(server, trusted, alert_smtp_tls=tls, **login))
        a_critical_conflict(clinic)
        assert [result.problem for result in alerts.deliver_due(clinic.store).results] == [None]
    (mail,) = server.mails
    (digest,) = clinic.system_rows("alert_digests")
    key = digest["idempotency_key"]
    assert digest["state"] == "delivered"
    assert server.encrypted == [True]
    assert server.logins == ([PASSWORD] if login else [])
    assert server.recipients == [["admin@clinic.example", "other@clinic.example"]]
    assert mail["Subject"] == "WebAutoDash: 1 alert (conflicts 1)"
    assert mail["From"] == "webautodash@clinic.example"
    assert (mail["Message-ID"], mail["X-WebAutoDash-Key"]) == (f"<{key}@clinic.example>", key)
    text = mail.get_content()
    number = clinic.rows("data_conflicts")[0]["id"]
    assert "conflicts, provider gary_wang (1): webautodash conflict list gary_wang --severity critical" in text
    assert f"differences in a file wait for review: 1 critical (numbers {number})" in text
    assert key in text


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_an_untrusted_mail_server_receives_neither_password_nor_mail(
    on_sqlite: NewClinic, trusted: Certificates, other: Certificates, tls: str
) -> None:
    context = {tls: trusted.for_server()}
    with mail_server(**context, login=tls == "starttls") as server:
        clinic = on_sqlite(**_mailed(server, other, alert_smtp_tls=tls, **LOGIN))
        assert problem_of_an_alert(clinic) == "the server's certificate is not trusted (error 20)"
    assert (server.logins, server.mails) == ([], [])


def test_a_server_without_starttls_hears_neither_password_nor_mail(on_sqlite: NewClinic, trusted: Certificates) -> None:
    with mail_server() as server:
        clinic = on_sqlite(**_mailed(server, trusted, **LOGIN))
        assert problem_of_an_alert(clinic) == "SMTPNotSupportedError"
    assert (server.logins, server.mails) == ([], [])


@pytest.mark.parametrize(
    ("password", "problem"),
    [("wrong-Mark", "the server answered 535 (SMTPAuthenticationError)"), ("Mark-ü", "UnicodeEncodeError")],
)
def test_a_wrong_password_is_reported_by_the_servers_number_alone(
    on_sqlite: NewClinic, trusted: Certificates, password: str, problem: str
) -> None:
    with mail_server(starttls=trusted.for_server(), login=True) as server:
        clinic = on_sqlite(**_mailed(server, trusted, **LOGIN | {"alert_smtp_password": password}))
        assert problem_of_an_alert(clinic) == problem
    assert server.mails == []
    assert "Mark" not in repr(clinic.system_rows("alert_digests")) + repr(clinic.system_rows("system_logs"))


def test_a_refused_address_does_not_stop_the_mail_to_others(on_sqlite: NewClinic, trusted: Certificates) -> None:
    with mail_server(starttls=trusted.for_server()) as server:
        server.refuses = {"other@clinic.example"}
        clinic = on_sqlite(**_mailed(server, trusted))
        raised(clinic, a_cause())
        (result,) = alerts.deliver_due(clinic.store).results
        assert (result.state, result.problem) == ("delivered", "1 of 2 addresses were refused")
        server.refuses |= {"admin@clinic.example"}
        raised(clinic, a_cause(2))
        (result,) = alerts.deliver_due(clinic.store).results
    assert (result.state, result.problem) == ("pending", "the server refused every address (550)")
    assert server.recipients == [["admin@clinic.example"]]


def test_a_failed_mail_is_sent_later_with_the_same_key(on_sqlite: NewClinic, trusted: Certificates) -> None:
    with mail_server() as server:
        pass
    plain = {"alert_smtp_tls": "off", "alert_smtp_ca": None}
    clinic = on_sqlite(**_mailed(server, trusted, **plain))
    assert problem_of_an_alert(clinic) == "ConnectionRefusedError (error 111)"
    key = clinic.system_rows("alert_digests")[0]["idempotency_key"]
    with mail_server() as up:
        again = on_sqlite(**_mailed(up, trusted, **plain))
        later(again)
        assert alerts.deliver_due(again.store).problems == ()
    assert [mail["X-WebAutoDash-Key"] for mail in up.mails] == [key]


def test_more_than_a_hundred_lines_are_counted(on_sqlite: NewClinic, trusted: Certificates) -> None:
    with mail_server(starttls=trusted.for_server()) as server:
        clinic = on_sqlite(**_mailed(server, trusted))
        raised(clinic, *(a_cause(n, provider=f"p{n % 2}") for n in range(130)))
        alerts.deliver_due(clinic.store)
    (mail,) = server.mails
    lines = mail.get_content().splitlines()
    assert sum(" UTC  cause " in line for line in lines) == 100
    assert "and 30 more: webautodash alert list" in lines
    assert mail["Subject"] == "WebAutoDash: 130 alerts (held files 130)"
    assert [line for line in lines if line.startswith("held files")] == [
        "held files, provider p0 (65): webautodash file list --state held",
        "held files, provider p1 (65): webautodash file list --state held",
    ]
