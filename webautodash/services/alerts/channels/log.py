"""Alerts in the system log, one entry per digest."""

import logging
from collections import Counter

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import Level
from webautodash.errors import DeliveryFailed, WebAutoDashError, without_context
from webautodash.repositories.system_log import LogRecord
from webautodash.services.alerts.message import Message
from webautodash.services.store import Store


@without_context
def send(store: Store, message: Message) -> None:
    """Write an entry in the system database and in the standard logging. Unlike other entries, it must not be lost."""
    counts = Counter(str(alert.kind) for alert in message.alerts)
    details = {"key": message.key, "alerts": [alert.id for alert in message.alerts], **counts}
    text = message.subject.removeprefix("WebAutoDash: ")
    try:
        entry = LogRecord(utc_now(), Level.WARNING, "alerts", "alerts", text, details=details)
        store.system.run(lambda work: work.system_log.add([entry]))
    except WebAutoDashError as error:
        raise DeliveryFailed("log", type(error).__name__) from None
    logging.getLogger("webautodash.alerts").warning("%s", text, extra={"event": "alerts", "provider": None})
