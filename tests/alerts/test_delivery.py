"""Delivery of alerts: bundled, retried until it succeeds or fails for good, and kept."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from alert_causes import a_cause, a_critical_conflict, hooked, later, raised
from alert_receivers import Webhook
from builders import Clinic, NewClinic

from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.dates import utc_now
from webautodash.errors import NotFound
from webautodash.services import alerts
from webautodash.services.leases import leased
from webautodash.services.statistics import status


def _digests(clinic: Clinic, **wanted: Any) -> list[dict[str, Any]]:
    rows = clinic.system_rows("alert_digests")
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_a_hundred_alerts_are_one_message(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook))
    raised(clinic, *(a_cause(n) for n in range(100)))
    report = alerts.deliver_due(clinic.store)
    assert [(result.alerts, result.state) for result in report.results] == [(100, "delivered")]
    assert len(webhook.requests) == 1
    assert [alert["message"] for alert in webhook.alerts] == [
        row["message"] for row in clinic.system_rows("alerts", "created_at, id")
    ]
    assert alerts.deliver_due(clinic.store).results == ()
    (digest,) = _digests(clinic)
    assert (digest["state"], digest["attempts"], digest["last_error"]) == ("delivered", 1, None)
    assert {row["digest_id"] for row in clinic.system_rows("alert_deliveries")} == {digest["id"]}


def test_the_next_message_waits_for_its_interval(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook, alert_interval=300))
    raised(clinic, a_cause(1))
    alerts.deliver_due(clinic.store)
    raised(clinic, a_cause(2), a_cause(3))
    assert alerts.deliver_due(clinic.store).results == ()
    assert status(clinic.store).alerts.waiting == {AlertChannel.WEBHOOK: 2}
    clinic.execute_in_system("UPDATE alert_digests SET created_at = '2020-01-01 00:00:00.000000'")
    alerts.deliver_due(clinic.store)
    assert [len(request.json["alerts"]) for request in webhook.requests] == [1, 2]


def test_more_than_fit_into_one_message_follow_in_the_next(
    on_sqlite: NewClinic, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webautodash.services.alerts.delivery._MOST_ALERTS", 40)
    clinic = on_sqlite(**hooked(webhook))
    raised(clinic, *(a_cause(n) for n in range(100)))
    for _ in range(4):
        alerts.deliver_due(clinic.store)
    assert [len(request.json["alerts"]) for request in webhook.requests] == [40, 40, 20]
    assert len({alert["id"] for alert in webhook.alerts}) == 100


def test_a_channel_that_was_down_gets_the_same_message_once_it_is_up(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook))
    a_critical_conflict(clinic)
    webhook.down()
    (result,) = alerts.deliver_due(clinic.store).problems
    assert (result.state, result.problem) == (DigestState.PENDING, "ConnectionRefusedError (error 111)")
    webhook.up()
    # Not due yet.
    assert alerts.deliver_due(clinic.store).results == ()
    later(clinic)
    assert alerts.deliver_due(clinic.store).problems == ()
    later(clinic)
    alerts.deliver_due(clinic.store)
    assert [request.key for request in webhook.requests] == [_digests(clinic)[0]["idempotency_key"]]


def test_a_channel_that_refuses_is_retried_at_growing_intervals_then_failed_and_kept(
    a_clinic: NewClinic, webhook: Webhook
) -> None:
    clinic = a_clinic(**hooked(webhook, alert_attempts=4, alert_retry_seconds=30))
    raised(clinic, a_cause(1))
    webhook.status = 500
    pauses = []
    for attempt in range(1, 4):
        (result,) = alerts.deliver_due(clinic.store).problems
        assert (result.state, result.problem) == (DigestState.PENDING, "HTTP 500")
        (digest,) = _digests(clinic, state="pending", attempts=attempt)
        next_attempt = datetime.fromisoformat(str(digest["next_attempt_at"])).replace(tzinfo=UTC)
        pauses.append(round((next_attempt - utc_now()).total_seconds() / 30))
        assert alerts.deliver_due(clinic.store).results == ()
        later(clinic)
    assert pauses == [1, 2, 4]
    (result,) = alerts.deliver_due(clinic.store).problems
    assert result.state is DigestState.FAILED
    later(clinic)
    assert alerts.deliver_due(clinic.store).results == ()
    (failed,) = alerts.failed_digests(clinic.store)
    assert (failed.channel, failed.alerts, failed.attempts, failed.last_error) == ("webhook", 1, 4, "HTTP 500")
    assert [one.state for one in alerts.search_alerts(clinic.store, state=DigestState.FAILED)] == ["failed"]

    webhook.status = 200
    assert alerts.retry_digests(clinic.store, failed.id) == 1
    alerts.deliver_due(clinic.store)
    assert alerts.failed_digests(clinic.store) == []
    assert len(webhook.requests) == 5
    assert len({request.key for request in webhook.requests}) == 1
    with pytest.raises(NotFound):
        alerts.retry_digests(clinic.store, failed.id)
    assert alerts.retry_digests(clinic.store) == 0


def test_a_channel_that_fails_holds_up_no_other(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook) | {"alert_log_on": None})
    webhook.status = 404
    a_critical_conflict(clinic)
    report = alerts.deliver_due(clinic.store)
    assert {(result.channel, result.state) for result in report.results} == {
        ("log", "delivered"),
        ("webhook", "pending"),
    }
    (entry,) = [row for row in clinic.system_rows("system_logs") if row["component"] == "alerts"]
    assert (entry["level"], entry["event"]) == ("WARNING", "alerts")
    assert entry["message"] == "1 alert (conflicts 1)"
    assert _digests(clinic, channel="log")[0]["idempotency_key"] in entry["details"]


def test_alerts_for_a_removed_channel_are_kept_as_failed(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook))
    webhook.status = 500
    raised(clinic, a_cause(1))
    alerts.deliver_due(clinic.store)
    raised(clinic, a_cause(2))
    without = a_clinic(alert_on="off")
    report = alerts.deliver_due(without.store)
    assert [(result.state, result.problem) for result in report.results] == [
        (DigestState.FAILED, "the channel is no longer configured")
    ] * 2
    assert [failed.attempts for failed in alerts.failed_digests(without.store)] == [1, 0]
    assert alerts.deliver_due(without.store).results == ()
    webhook.status = 200
    assert alerts.retry_digests(clinic.store) == 2
    alerts.deliver_due(clinic.store)
    assert sorted(alert["message"] for request in webhook.requests[1:] for alert in request.json["alerts"]) == [
        "cause 1",
        "cause 2",
    ]


def test_a_channel_that_another_process_is_at_is_left_to_it(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook))
    raised(clinic, a_cause(1))
    with leased(clinic.store.system, "alerts:webhook", "sending alerts", 30):
        report = alerts.deliver_due(clinic.store)
    assert (report.results, report.busy) == ((), (AlertChannel.WEBHOOK,))
    assert len(alerts.deliver_due(clinic.store).results) == 1


def test_nothing_due_takes_no_lease_and_writes_nothing(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook))
    with leased(clinic.store.system, "alerts:webhook", "sending alerts", 30):
        assert alerts.deliver_due(clinic.store) == alerts.DeliveryReport((), ())


def test_the_latest_alerts_come_first_once_a_channel(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook) | {"alert_log_on": None})
    for number in range(3):
        raised(clinic, a_cause(number))
    found = alerts.search_alerts(clinic.store)
    assert {(one.alert.message, one.channel) for one in found} == {
        (f"cause {number}", channel) for number in range(3) for channel in ("log", "webhook")
    }
    assert all(newer.alert.id >= older.alert.id for newer, older in pairwise(found))
    assert {one.state for one in found} == {DigestState.PENDING}
    assert alerts.search_alerts(clinic.store, limit=2) == found[:2]
    assert alerts.search_alerts(clinic.store, state=DigestState.DELIVERED) == []
