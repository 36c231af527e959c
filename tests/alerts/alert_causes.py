"""Causes of alerts, and the time between them."""

from __future__ import annotations

from typing import Any

from alert_receivers import SECRET, Webhook
from builders import Clinic, a_file, a_patient

from webautodash.domain.alerts import AlertKind, Cause, cause_key
from webautodash.domain.dates import utc_now
from webautodash.services.alerts import raise_alerts

ONLY_WEBHOOK = {"alert_log_on": "off"}


def hooked(webhook: Webhook, **settings: Any) -> dict[str, Any]:
    """The settings of a store that tells the webhook alone."""
    return ONLY_WEBHOOK | {"alert_webhook_url": webhook.url, "alert_webhook_secret": SECRET} | settings


def a_critical_conflict(clinic: Clinic, prn: str = "P1") -> None:
    """Two files that name different birth dates, and so a conflict number."""
    clinic.ingest(a_file(a_patient(prn), medication=prn))
    clinic.ingest(a_file(a_patient(prn, born="03/20/1999"), medication=prn, at="2025-01-01T00:00:00"))


def a_cause(name: object = 1, **facts: Any) -> Cause:
    """A cause of no file."""
    return Cause(cause_key(AlertKind.HELD, name), AlertKind.HELD, f"cause {name}", **facts)


def raised(clinic: Clinic, *causes: Cause) -> int:
    """Raise alerts as a file's rows are written."""
    return clinic.store.system.run(lambda work: raise_alerts(work, clinic.settings, causes, utc_now()))


def later(clinic: Clinic) -> None:
    """Let so much time pass that every pending digest is due, and no lease of the dead holds."""
    with clinic.store.system.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alert_digests SET next_attempt_at = created_at WHERE state = 'pending'")
        connection.exec_driver_sql("DELETE FROM leases")
