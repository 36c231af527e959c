"""Test messages through the channels."""

from dataclasses import dataclass
from uuid import uuid4

from webautodash.domain.alerts import AlertChannel
from webautodash.errors import DeliveryFailed, UsageError
from webautodash.services.alerts.channels import send
from webautodash.services.alerts.message import trial_message
from webautodash.services.alerts.rules import configured
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class ChannelTrial:
    """Whether a test message was sent, or why not."""

    channel: AlertChannel
    sent: bool
    key: str
    problem: str | None = None


def try_channels(store: Store, channel: AlertChannel | None = None) -> list[ChannelTrial]:
    """Send a test message through each configured channel, or through one. It is neither stored nor repeated.

    Raises UsageError for a channel that is not configured.
    """
    channels = configured(store.settings)
    if channel is not None and channel not in channels:
        raise UsageError(
            f"channel {channel} is not configured (docs/how-to/alerts.md); configured: {', '.join(channels)}"
        )
    return [_try(store, each) for each in ([channel] if channel is not None else channels)]


def _try(store: Store, channel: AlertChannel) -> ChannelTrial:
    key = uuid4().hex
    try:
        note = send(store, channel, trial_message(key))
    except DeliveryFailed as error:
        return ChannelTrial(channel, sent=False, key=key, problem=error.reason)
    return ChannelTrial(channel, sent=True, key=key, problem=note)
