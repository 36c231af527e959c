"""Alerts: raised with their cause in one transaction, kept in an outbox, delivered in digests at least once."""

from webautodash.services.alerts.causes import (
    ChangedFile as ChangedFile,
    causes_of as causes_of,
    causes_of_event as causes_of_event,
    monitor_silent as monitor_silent,
    provider_behind as provider_behind,
    provider_came_back as provider_came_back,
    provider_not_ready as provider_not_ready,
    provider_overdue as provider_overdue,
)
from webautodash.services.alerts.channels import ChannelTrial as ChannelTrial, try_channels as try_channels
from webautodash.services.alerts.delivery import (
    DeliveryReport as DeliveryReport,
    DigestResult as DigestResult,
    deliver_due as deliver_due,
)
from webautodash.services.alerts.outbox import (
    FailedDigest as FailedDigest,
    failed_digests as failed_digests,
    forget_digests as forget_digests,
    raise_alerts as raise_alerts,
    retry_digests as retry_digests,
    search_alerts as search_alerts,
)
