"""The ways out: each takes a message, and raises DeliveryFailed where it did not arrive."""

from typing import Protocol

from webautodash.domain.alerts import AlertChannel
from webautodash.errors import ConfigurationError, DeliveryFailed, without_context
from webautodash.services.alerts.message import Message
from webautodash.services.store import Store


class Channel(Protocol):
    """One way out."""

    def send(self, message: Message) -> str | None:
        """Send a message; returns what is to be said of it although it arrived.

        Raises DeliveryFailed, whose reason holds no secret.
        """


@without_context
def send(store: Store, channel: AlertChannel, message: Message) -> str | None:
    """Send a message through a channel; returns what is to be said of it although it arrived.

    Raises DeliveryFailed and nothing else, whatever went wrong.
    """
    try:
        return _channel(store, channel).send(message)
    except DeliveryFailed:
        raise
    except ConfigurationError as error:
        raise DeliveryFailed(channel, str(error)) from None
    except Exception as error:  # its text may hold a secret
        raise DeliveryFailed(channel, f"unexpected {type(error).__name__}") from None


def _channel(store: Store, channel: AlertChannel) -> Channel:
    settings = store.settings
    # Each brings libraries that nobody needs who does not use it.
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
