"""The installed command: test, list, send, retry."""

from pathlib import Path

import pytest
from alert_receivers import SECRET, Webhook
from builders import a_file, a_patient
from shell import ForkedShell, Shell


@pytest.fixture
def shell(tmp_path: Path, webhook: Webhook) -> Shell:
    """A store with a critical conflict, and a webhook for its alert."""
    shell = ForkedShell(tmp_path)
    shell.environment |= {
        "WEBAUTODASH_ALERT_WEBHOOK_URL": webhook.url,
        "WEBAUTODASH_ALERT_WEBHOOK_SECRET": SECRET,
        "WEBAUTODASH_ALERT_INTERVAL": "0",
        "WEBAUTODASH_ALERT_ATTEMPTS": "1",
    }
    shell.drop(a_file(a_patient("P1")))
    shell.drop(a_file(a_patient("P1", born="03/20/1999"), at="2025-01-01T00:00:00"), "second.json")
    assert shell("ingest").status == 0
    return shell


def test_a_raised_alert_is_listed_sent_and_listed_as_delivered(shell: Shell, webhook: Webhook) -> None:
    raised = shell("alert", "list", "--json").json
    assert {(one["channel"], one["state"], one["alert"]["severity"]) for one in raised} == {
        ("log", "pending", "critical"),
        ("webhook", "pending", "critical"),
    }
    sent = shell("alert", "send")
    assert (sent.status, sent.err, len(sent.out.splitlines())) == (0, "", 2)
    assert len(webhook.requests) == 1
    assert shell("alert", "send", "--json").json["results"] == []
    assert shell("alert", "list", "--state", "pending", "--json").json == []
    assert len(shell("alert", "list", "--state", "delivered").out.splitlines()) == 3


def test_an_undelivered_alert_is_a_problem_until_it_is_retried(shell: Shell, webhook: Webhook) -> None:
    webhook.status = 410
    sent = shell("alert", "send")
    assert (sent.status, len(sent.err.splitlines())) == (1, 1)
    assert ("HTTP 410" in sent.err, "webautodash alert retry" in sent.err) == (True, True)
    assert [one["last_error"] for one in shell("alert", "list", "--state", "failed", "--json").json] == ["HTTP 410"]
    assert shell("alert", "retry", "9").status == 2
    assert shell("alert", "retry", "2").out.startswith("1 digest ")
    webhook.status = 200
    assert shell("alert", "send", "--json").json["results"][0]["state"] == "delivered"
    assert shell("alert", "retry").out.startswith("0 digests ")


def test_a_failed_alert_can_be_forgotten_by_its_number(shell: Shell, webhook: Webhook) -> None:
    webhook.status = 410
    assert shell("alert", "send").status == 1
    assert "webautodash alert retry" in shell("status").out
    assert shell("alert", "forget", "1").status == 2
    assert shell("alert", "forget", "2").status == 0
    assert shell("alert", "list", "--state", "failed", "--json").json == []
    assert "webautodash alert retry" not in shell("status").out


def test_a_test_alert_goes_through_each_channel_and_reports_failures(shell: Shell, webhook: Webhook) -> None:
    tried = shell("alert", "test")
    assert (tried.status, tried.out, tried.err) == (0, "log: sent\nwebhook: sent\n", "")
    assert webhook.requests[0].json["alerts"] == []
    webhook.down()
    tried = shell("alert", "test")
    assert (tried.status, tried.out) == (1, "log: sent\n")
    assert tried.err == "problem: webhook: ConnectionRefusedError (error 111)\n"
    assert shell("alert", "test", "--channel", "log").status == 0
    unknown = shell("alert", "test", "--channel", "mail")
    assert (unknown.status, unknown.out) == (2, "")
    assert "mail" in unknown.err
    # Nothing is left to deliver.
    assert {one["state"] for one in shell("alert", "list", "--json").json} == {"pending"}


def test_a_setting_that_does_not_fit_is_one_line_and_status_2(shell: Shell) -> None:
    done = shell("alert", "list", WEBAUTODASH_ALERT_WEBHOOK_URL="http://hooks.example/Mark")
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "WEBAUTODASH_ALERT_WEBHOOK_URL" in done.err
    assert "Mark" not in done.err
