"""The channels: each sends a message, and raises DeliveryFailed if it did not arrive."""

from typing import Protocol

from webautodash.domain.alerts import AlertChannel
from webautodash.errors import ConfigurationError, DeliveryFailed, without_context
from webautodash.services.alerts.message import Message
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
