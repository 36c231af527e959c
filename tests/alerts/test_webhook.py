"""Alerts as a signed POST, to a real server on loopback."""

import hmac
import re
import time
from pathlib import Path
from typing import Any

import pytest
from alert_causes import a_cause, a_critical_conflict, hooked, problem_of_an_alert, raised
from alert_receivers import SECRET, Webhook
from builders import NewClinic, a_file, a_patient
from certificates import Certificates

from webautodash.domain.alerts import AlertKind, Cause, cause_key
from webautodash.domain.vocabulary import Severity
from webautodash.repositories.conflicts import ConflictFilter
from webautodash.services import alerts
from webautodash.services.alerts.channels.webhook import signature
from webautodash.services.review import conflicts


def test_a_webhook_names_its_sender_time_and_subject(on_sqlite: NewClinic, webhook: Webhook) -> None:
    clinic = on_sqlite(**hooked(webhook))
    a_critical_conflict(clinic)
    assert alerts.deliver_due(clinic.store).problems == ()
    (request,) = webhook.requests
    stamp = request.headers["X-WebAutoDash-Timestamp"]
    # As the manual says that a receiver should check it.
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.body, "sha256").hexdigest()
    assert request.headers["X-WebAutoDash-Signature"] == f"sha256={expected}"
    assert abs(time.time() - int(stamp)) < 30
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == request.key
    assert request.path == "/alerts?token=Mark-of-a-token"
    (alert,) = request.json["alerts"]
    (row,) = clinic.system_rows("alerts")
    assert (alert["id"], alert["kind"], alert["severity"]) == (row["id"], "conflict", "critical")
    assert (alert["provider"], alert["database"]) == ("gary_wang", row["database_name"])
    assert alert["command"] == "webautodash conflict list gary_wang --severity critical"
    assert alert["details"]["conflicts"] == 1


def test_the_check_in_the_manual_accepts_only_signed_requests(on_sqlite: NewClinic, webhook: Webhook) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/alerts.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(import hmac, time\n.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  # our own page
    clinic = on_sqlite(**hooked(webhook))
    raised(clinic, a_cause())
    alerts.deliver_due(clinic.store)
    (request,) = webhook.requests
    stale = request.headers | {"X-WebAutoDash-Timestamp": "1700000000"}
    is_genuine = names["is_genuine"]
    assert is_genuine(request.headers, request.body, SECRET)
    assert not is_genuine(request.headers, request.body + b" ", SECRET)
    assert not is_genuine(request.headers, request.body, "another")
    assert not is_genuine(stale, request.body, SECRET)
    # The receiver must survive any request.
    names_of_headers = ("X-WebAutoDash-Timestamp", "X-WebAutoDash-Signature")
    for changed in ({}, *({name: value} for name in names_of_headers for value in ("", "x", "1" * 5000, "\xe9"))):
        assert not is_genuine(changed, request.body, SECRET)
        assert not changed or not is_genuine(request.headers | changed, request.body, SECRET)
    assert not is_genuine(stale | {names_of_headers[1]: signature(SECRET, "1700000000", b"")}, b"", SECRET)


def test_a_repeat_has_the_key_of_before_and_a_signature_of_its_own_time(on_sqlite: NewClinic, webhook: Webhook) -> None:
    clinic = on_sqlite(**hooked(webhook, alert_retry_seconds=0))
    raised(clinic, a_cause())
    webhook.status = 503
    alerts.deliver_due(clinic.store)
    webhook.status = 200
    alerts.deliver_due(clinic.store)
    first, second = webhook.requests
    assert first.key == second.key
    assert first.json["alerts"] == second.json["alerts"]
    assert first.json["sent_at"] != second.json["sent_at"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirection_is_followed(on_sqlite: NewClinic, webhook: Webhook, status: int) -> None:
    elsewhere = Webhook()
    webhook.status, webhook.location = status, elsewhere.url
    clinic = on_sqlite(**hooked(webhook))
    assert problem_of_an_alert(clinic) == f"HTTP {status}"
    elsewhere.down()
    assert elsewhere.requests == []


def test_over_tls_the_server_has_to_be_the_right_one(
    on_sqlite: NewClinic, trusted: Certificates, other: Certificates
) -> None:
    hook = Webhook(trusted.for_server())
    clinic = on_sqlite(**hooked(hook, alert_webhook_ca=other.ca, alert_retry_seconds=0))
    assert problem_of_an_alert(clinic) == "the server's certificate is not trusted (error 20)"
    assert hook.requests == []
    right = on_sqlite(**hooked(hook, alert_webhook_ca=trusted.ca))
    assert alerts.deliver_due(right.store).problems == ()
    hook.down()
    assert len(hook.requests) == 1


def test_a_silent_server_times_out(on_sqlite: NewClinic, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webautodash.services.alerts.channels.webhook._TIMEOUT_SECONDS", 0.2)
    webhook.delay_seconds = 1.0
    clinic = on_sqlite(**hooked(webhook))
    assert problem_of_an_alert(clinic) == "TimeoutError"
    assert "Mark" not in repr(clinic.system_rows("alert_digests"))


def test_the_command_of_an_alert_lists_all_that_it_counts(on_sqlite: NewClinic, webhook: Webhook) -> None:
    clinic = on_sqlite(**hooked(webhook, alert_on="conflict:medium"))
    clinic.ingest(a_file(*(a_patient(f"P{n}", medications=["Aspirin 81 mg"], allergies=["Latex"]) for n in range(3))))
    changed = [
        a_patient("P0", medications=["Aspirin 81 mg"], allergies=["Latex"], born="03/20/1999"),  # critical
        a_patient("P1", medications=["Xanax 1 mg"], allergies=["Latex"]),  # medium
        a_patient("P2", medications=["Aspirin 81 mg"], allergies=["Latex"], diagnoses=["Gout (M10.079)"]),  # low
    ]
    clinic.ingest(a_file(*changed, at="2025-01-01T00:00:00"))
    alerts.deliver_due(clinic.store)
    (alert,) = webhook.requests[0].json["alerts"]
    command, _, severity = alert["command"].rpartition(" ")
    assert command == "webautodash conflict list gary_wang --severity"
    listed = conflicts.search(clinic.store, "gary_wang", ConflictFilter(least=Severity(severity)))
    assert [one.id for one in listed.items] == alert["details"]["ids"]
    assert [one.severity for one in listed.items] == ["critical", "medium"]


def test_an_alert_that_cannot_say_how_severe_has_them_all_listed(on_sqlite: NewClinic, webhook: Webhook) -> None:
    clinic = on_sqlite(**hooked(webhook))
    raised(clinic, Cause(cause_key(AlertKind.CONFLICT, 1), AlertKind.CONFLICT, "some", provider="gary_wang"))
    alerts.deliver_due(clinic.store)
    assert webhook.requests[0].json["alerts"][0]["command"] == "webautodash conflict list gary_wang"
