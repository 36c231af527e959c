"""Alerts and their delivery."""

from collections.abc import Sequence

from webautodash.client.installation import Group
from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.repositories.alerts import Delivery as Delivery
from webautodash.services import alerts
from webautodash.services.alerts import (
    ChannelTrial as ChannelTrial,
    DeliveryReport as DeliveryReport,
    DigestResult as DigestResult,
)
from webautodash.services.monitor import check_and_send


class Alerts(Group):
    """Methods about alerts: ``WebAutoDash().alerts``."""

    def test(self, channel: AlertChannel | None = None) -> list[ChannelTrial]:
        """Send a test message through each configured channel, or through one."""
        return alerts.try_channels(self._store, channel)

    def search(self, *, state: DigestState | None = None, limit: int = 50) -> list[Delivery]:
        """List the latest alerts, newest first, once for each channel."""
        return alerts.search_alerts(self._store, state=state, limit=limit)

    def send(self) -> DeliveryReport:
        """Check the system, then deliver what is due, as a monitor does by itself.

        The check finds silent monitors, overdue providers and databases behind.
        """
        return check_and_send(self._store)

    def retry(self, digest_id: int | None = None) -> int:
        """Schedule failed digests again, all or one; return how many."""
        return alerts.retry_digests(self._store, digest_id)

    def forget(self, digest_ids: Sequence[int]) -> int:
        """Delete failed digests without sending them; return how many."""
        return alerts.forget_digests(self._store, digest_ids)
