"""Alerts through services that the apprise library supports (``pip install webautodash[alerts]``)."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from webautodash.config import ENV_PREFIX
from webautodash.errors import ConfigurationError, DeliveryFailed, without_context
from webautodash.services.alerts.message import Message
from webautodash.services.store import Store

_KEY = ENV_PREFIX + "ALERT_APPRISE_URLS"
# They log URLs, which contain secrets.
_LOGGERS = ("apprise", "urllib3.connectionpool", "requests")


@without_context
def send(store: Store, message: Message) -> None:
    """Notify the services of all URLs; if one fails, the next attempt notifies all of them again."""
    try:
        from apprise import Apprise, AppriseAsset
    except ImportError:
        raise ConfigurationError(_KEY, "needs the library apprise, which webautodash[alerts] installs") from None
    with _silence():
        services = Apprise(asset=AppriseAsset(app_id="WebAutoDash"))
        added = [services.add(url) for url in store.settings.apprise_urls]
        if not all(added):
            raise ConfigurationError(_KEY, f"{added.count(False)} of {len(added)} are no URLs that apprise supports")
        try:
            arrived = services.notify(body=message.text, title=message.subject, body_format="text")
        except Exception as error:  # the text of a plugin's error may contain a secret
            raise DeliveryFailed("apprise", type(error).__name__) from None
    if not arrived:
        raise DeliveryFailed("apprise", f"at least one of {len(services)} services failed")


@contextmanager
def _silence() -> Iterator[None]:
    with ExitStack() as stack:
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            logger.addFilter(_nothing)
            stack.callback(logger.removeFilter, _nothing)
        yield


def _nothing(_record: logging.LogRecord) -> bool:
    return False
