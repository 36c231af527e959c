"""Causes of alerts, and the time between them."""

from typing import Any

from alert_receivers import SECRET, Webhook
from builders import Clinic, a_file, a_patient

from webautodash.domain.alerts import AlertKind, Cause, cause_key
from webautodash.domain.dates import utc_now
from webautodash.services import alerts

ONLY_WEBHOOK = {"alert_log_on": "off"}


def hooked(webhook: Webhook, **settings: Any) -> dict[str, Any]:
    """The settings of a store that sends its alerts to the webhook alone."""
    return ONLY_WEBHOOK | {"alert_webhook_url": webhook.url, "alert_webhook_secret": SECRET} | settings


def a_critical_conflict(clinic: Clinic, prn: str = "P1") -> None:
    """Ingest two files with different birth dates."""
    clinic.ingest(a_file(a_patient(prn), medication=prn))
    clinic.ingest(a_file(a_patient(prn, born="03/20/1999"), medication=prn, at="2025-01-01T00:00:00"))


def a_cause(name: object = 1, **facts: Any) -> Cause:
    """A cause that is not a file."""
    return Cause(cause_key(AlertKind.HELD, name), AlertKind.HELD, f"cause {name}", **facts)


def raised(clinic: Clinic, *causes: Cause) -> int:
    """Raise alerts as a file's rows are written."""
    return clinic.store.system.run(lambda work: alerts.raise_alerts(work, clinic.settings, causes, utc_now()))


def problem_of_an_alert(clinic: Clinic) -> str | None:
    """Raise an alert and deliver it, with one problem."""
    raised(clinic, a_cause())
    (result,) = alerts.deliver_due(clinic.store).problems
    return result.problem


def later(clinic: Clinic) -> None:
    """As after a long time: every pending digest is due, and all leases have expired."""
    clinic.execute_in_system("UPDATE alert_digests SET next_attempt_at = created_at WHERE state = 'pending'")
    clinic.execute_in_system("DELETE FROM leases")
