"""The channels of alerts: which are configured, what each gets, and how a message is sent through one.

The module of a channel has its name, and a function ``send`` that raises DeliveryFailed for a message that did not
arrive.
"""

from dataclasses import dataclass
from importlib import import_module
from uuid import uuid4

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, Rules, parse_rules
from webautodash.errors import ConfigurationError, DeliveryFailed, UsageError, without_context
from webautodash.services.alerts.message import Message, trial_message
from webautodash.services.store import Store


@without_context
def send(store: Store, channel: AlertChannel, message: Message) -> str | None:
    """Send a message through a channel. Returns a remark about a message that did arrive, or None.

    Raises only DeliveryFailed, for every error, with a reason that contains no secret.
    """
    try:
        # Imported on use: each needs libraries that are slow to import or optional.
        note: str | None = import_module(f"{__name__}.{channel}").send(store, message)
    except DeliveryFailed:
        raise
    except ConfigurationError as error:
        raise DeliveryFailed(channel, str(error)) from None
    except Exception as error:  # its text may contain a secret
        raise DeliveryFailed(channel, f"unexpected {type(error).__name__}") from None
    return note


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
            f"channel {channel} is not configured (see the manual, Send alerts); configured: {', '.join(channels)}"
        )
    return [_try(store, each) for each in ([channel] if channel is not None else channels)]


def _try(store: Store, channel: AlertChannel) -> ChannelTrial:
    key = uuid4().hex
    try:
        note = send(store, channel, trial_message(key))
    except DeliveryFailed as error:
        return ChannelTrial(channel, sent=False, key=key, problem=error.reason)
    return ChannelTrial(channel, sent=True, key=key, problem=note)
