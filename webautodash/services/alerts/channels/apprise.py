"""Alerts through any of the services that apprise knows (``pip install webautodash[alerts]``)."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from webautodash.config import ENV_PREFIX, Settings
from webautodash.errors import ConfigurationError, DeliveryFailed, without_context
from webautodash.services.alerts.message import Message

_KEY = ENV_PREFIX + "ALERT_APPRISE_URLS"
# They print URLs, in which the secrets stand.
_TALKERS = ("apprise", "urllib3.connectionpool", "requests")


class AppriseChannel:
    """The services behind some URLs, told all at once."""

    @without_context
    def __init__(self, settings: Settings) -> None:
        try:
            from apprise import Apprise, AppriseAsset
        except ImportError:
            raise ConfigurationError(_KEY, "needs the library apprise: pip install webautodash[alerts]") from None
        with _silence():
            self._services = Apprise(asset=AppriseAsset(app_id="WebAutoDash"))
            known = [self._services.add(url) for url in settings.apprise_urls]
        if not all(known):
            raise ConfigurationError(_KEY, f"{known.count(False)} of {len(known)} are no URLs that apprise knows")

    @without_context
    def send(self, message: Message) -> str | None:
        """Tell every service; one that fails has all told again."""
        with _silence():
            try:
                arrived = self._services.notify(body=message.text, title=message.subject, body_format="text")
            except Exception as error:  # whatever a plugin raises, its text may hold a secret
                raise DeliveryFailed("apprise", type(error).__name__) from None
        if not arrived:
            raise DeliveryFailed("apprise", f"not every one of {len(self._services)} services took it")
        return None


@contextmanager
def _silence() -> Iterator[None]:
    with ExitStack() as stack:
        for name in _TALKERS:
            logger = logging.getLogger(name)
            logger.addFilter(_nothing)
            stack.callback(logger.removeFilter, _nothing)
        yield


def _nothing(_record: logging.LogRecord) -> bool:
    return False
