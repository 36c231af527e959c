"""Alerts: raised with their cause in one transaction, kept in an outbox, delivered in digests at least once."""

from webautodash.services.alerts.causes import (
    ChangedFile,
    causes_of,
    causes_of_event,
    monitor_silent,
    provider_behind,
    provider_not_ready,
)
from webautodash.services.alerts.channels import ChannelTrial, try_channels
from webautodash.services.alerts.delivery import DeliveryReport, DigestResult, deliver_due
from webautodash.services.alerts.outbox import (
    FailedDigest,
    failed_digests,
    forget_digests,
    raise_alerts,
    retry_digests,
    search_alerts,
    waiting,
)

__all__ = [
    "ChangedFile",
    "ChannelTrial",
    "DeliveryReport",
    "DigestResult",
    "FailedDigest",
    "causes_of",
    "causes_of_event",
    "deliver_due",
    "failed_digests",
    "forget_digests",
    "monitor_silent",
    "provider_behind",
    "provider_not_ready",
    "raise_alerts",
    "retry_digests",
    "search_alerts",
    "try_channels",
    "waiting",
]
