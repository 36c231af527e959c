"""The channels: each sends a message, and raises DeliveryFailed if it did not arrive."""

from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, Rules, parse_rules
from webautodash.errors import ConfigurationError, DeliveryFailed, UsageError, without_context
from webautodash.services.alerts.message import Message, trial_message
from webautodash.services.store import Store


class Channel(Protocol):
    """One channel."""

    def send(self, message: Message) -> str | None:
        """Send a message. Returns a remark about a message that did arrive, or None.

        Raises DeliveryFailed, with a reason that contains no secret.
        """


@without_context
def send(store: Store, channel: AlertChannel, message: Message) -> str | None:
    """Send a message through a channel. Returns a remark about a message that did arrive, or None.

    Raises only DeliveryFailed, whatever went wrong.
    """
    try:
        return _channel(store, channel).send(message)
    except DeliveryFailed:
        raise
    except ConfigurationError as error:
        raise DeliveryFailed(channel, str(error)) from None
    except Exception as error:  # its text may contain a secret
        raise DeliveryFailed(channel, f"unexpected {type(error).__name__}") from None


def _channel(store: Store, channel: AlertChannel) -> Channel:
    settings = store.settings
    # Imported on use: each needs libraries that are slow to import or optional.
    match channel:
        case AlertChannel.LOG:
            from webautodash.services.alerts.channels.log import LogChannel

            return LogChannel(store.system)
        case AlertChannel.MAIL:
            from webautodash.services.alerts.channels.mail import MailChannel

            return MailChannel(settings)
        case AlertChannel.WEBHOOK:
            from webautodash.services.alerts.channels.webhook import WebhookChannel

            return WebhookChannel(settings)
        case AlertChannel.APPRISE:
            from webautodash.services.alerts.channels.apprise import AppriseChannel

            return AppriseChannel(settings)


def configured(settings: Settings) -> list[AlertChannel]:
    """The channels that the settings configure; the log always."""
    is_configured = {
        AlertChannel.LOG: True,
        AlertChannel.MAIL: bool(settings.alert_smtp_host),
        AlertChannel.WEBHOOK: settings.alert_webhook_url is not None,
        AlertChannel.APPRISE: bool(settings.apprise_urls),
    }
    return [channel for channel, configured in is_configured.items() if configured]


def rules_of(settings: Settings) -> dict[AlertChannel, Rules]:
    """The rules of each configured channel: its own, else those for all channels."""
    own = {
        AlertChannel.LOG: settings.alert_log_on,
        AlertChannel.MAIL: settings.alert_mail_on,
        AlertChannel.WEBHOOK: settings.alert_webhook_on,
        AlertChannel.APPRISE: settings.alert_apprise_on,
    }
    return {channel: parse_rules(own[channel] or settings.alert_on) for channel in configured(settings)}


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
