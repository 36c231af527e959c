"""Old alerts are pruned with the log; those that are due or failed stay until they are forgotten."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from alert_causes import a_cause, hooked, raised
from alert_receivers import Webhook
from builders import Clinic, NewClinic
from sqlalchemy import update

from webautodash.domain.dates import utc_now
from webautodash.errors import NotFound
from webautodash.models import Alert, AlertDigest, Monitor
from webautodash.services import alerts, retention
from webautodash.services.monitor.system_alerts import raise_all, silent_monitors
from webautodash.services.retention import Pruned, prunable, prune

DAY = timedelta(days=1)


def _age(clinic: Clinic, days: int) -> None:
    """Move all recorded times back by this number of days."""
    then = utc_now() - days * DAY
    for statement in (
        update(Alert).values(created_at=then),
        update(AlertDigest).values(created_at=then),
        update(AlertDigest).where(AlertDigest.delivered_at.is_not(None)).values(delivered_at=then),
        update(Monitor).values(heartbeat_at=then, started_at=then),
    ):
        clinic.store.system.run(lambda work, each=statement: work.session.execute(each))


def _messages(clinic: Clinic) -> list[str]:
    return [row["message"] for row in clinic.system_rows("alerts")]


def _counts(pruned: Pruned) -> Sequence[int]:
    return pruned.entries, pruned.alerts, pruned.monitors


def _ago(days: int) -> Any:
    return utc_now() - days * DAY


def test_delivered_alerts_go_and_the_last_message_of_a_channel_stays(
    a_clinic: NewClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_IDS_AT_ONCE", 2)
    clinic = a_clinic()
    for name in ("one", "two", "three"):
        raised(clinic, a_cause(f"{name} a"), a_cause(f"{name} b"))
        alerts.deliver_due(clinic.store)
    _age(clinic, 91)
    raised(clinic, a_cause("new"))
    assert (prunable(clinic.store, _ago(92)).alerts, prunable(clinic.store, _ago(90)).alerts) == (0, 6)
    assert len(_messages(clinic)) == 7
    assert prune(clinic.store, _ago(90)).alerts == 6
    assert _messages(clinic) == ["cause new"]
    assert len(clinic.system_rows("alert_deliveries")) == 1
    assert [row["id"] for row in clinic.system_rows("alert_digests")] == [3]
    assert clinic.system_rows("system_logs")[-1]["message"].startswith("6 alerts from before ")


def test_alerts_that_are_due_or_failed_on_a_channel_are_not_pruned(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook, alert_log_on="held", alert_attempts=2))
    webhook.status = 500
    raised(clinic, a_cause("failed"))
    alerts.deliver_due(clinic.store)
    clinic.store.system.run(lambda work: work.session.execute(update(AlertDigest).values(next_attempt_at=None)))
    alerts.deliver_due(clinic.store)
    raised(clinic, a_cause("pending"))
    alerts.deliver_due(clinic.store)
    raised(clinic, a_cause("waiting"))
    _age(clinic, 91)
    assert [row["state"] for row in clinic.system_rows("alert_digests")] == [
        "delivered",
        "failed",
        "delivered",
        "pending",
    ]
    rows = [clinic.system_rows(table) for table in ("alerts", "alert_deliveries", "alert_digests")]
    assert _counts(prune(clinic.store, _ago(90))) == (0, 0, 0)
    assert [clinic.system_rows(table) for table in ("alerts", "alert_deliveries", "alert_digests")] == rows
    webhook.status = 200
    assert alerts.retry_digests(clinic.store) == 1
    alerts.deliver_due(clinic.store)
    assert sorted(alert["message"] for alert in webhook.alerts[-3:]) == [
        "cause failed",
        "cause pending",
        "cause waiting",
    ]


def test_failed_alerts_that_are_forgotten_are_pruned_later(a_clinic: NewClinic, webhook: Webhook) -> None:
    clinic = a_clinic(**hooked(webhook, alert_attempts=1))
    webhook.status = 500
    for name in ("one", "two"):
        raised(clinic, a_cause(name))
        alerts.deliver_due(clinic.store)
    first, second = (digest.id for digest in alerts.failed_digests(clinic.store))
    with pytest.raises(NotFound):
        alerts.forget_digests(clinic.store, [first, 99])
    assert len(alerts.failed_digests(clinic.store)) == 2
    assert alerts.forget_digests(clinic.store, [first]) == 1
    assert [digest.id for digest in alerts.failed_digests(clinic.store)] == [second]
    # It is still listed, and is deleted when it is old enough.
    assert raised(clinic, a_cause("one")) == 0
    _age(clinic, 91)
    assert prune(clinic.store, _ago(90)).alerts == 1
    assert _messages(clinic) == ["cause two"]


def test_a_removed_monitor_is_pruned_with_its_alert_and_not_raised_again(a_clinic: NewClinic) -> None:
    clinic = a_clinic()
    clinic.store.system.run(lambda work: work.monitors.add("far", 1, "somebody", "0", 10_000))
    _age(clinic, 91)
    raise_all(clinic.store, silent_monitors(clinic.store))
    alerts.deliver_due(clinic.store)
    assert _messages(clinic)[0].startswith("the monitor on far, process 1, ")
    _age(clinic, 91)
    clinic.store.system.run(lambda work: work.monitors.add("near", 1, "somebody", "0", 10_000))
    assert _counts(prunable(clinic.store, _ago(90))) == (0, 1, 1)
    assert _counts(prune(clinic.store, _ago(90))) == (0, 1, 1)
    assert [row["host"] for row in clinic.system_rows("monitors")] == ["near"]
    raise_all(clinic.store, silent_monitors(clinic.store))
    assert _messages(clinic) == []
