"""Alerts as a signed POST request with one JSON document."""

import hmac
import json
import ssl
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlunsplit

from webautodash.config import Settings
from webautodash.errors import DeliveryFailed, without_context
from webautodash.repositories.alerts import RaisedAlert
from webautodash.services.alerts.message import Message, command_of
from webautodash.version import __version__

TIMEOUT_SECONDS = 10


class WebhookChannel:
    """A URL that accepts JSON, and the secret of the signature."""

    def __init__(self, settings: Settings) -> None:
        self._url, self._secret, self._ca = settings.webhook_url, settings.webhook_secret, settings.alert_webhook_ca

    @without_context
    def send(self, message: Message) -> str | None:
        """Post the message; any status but 2xx is a failure, and redirections are not followed."""
        assert self._url is not None  # noqa: S101  # this channel is only used with a URL
        now = datetime.now(UTC)
        body = _body(message, now)
        target = urlunsplit(("", "", self._url.path or "/", self._url.query, ""))
        connection = self._connection()
        try:
            connection.request("POST", target, body, self._headers(message.key, now, body))
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            raise DeliveryFailed("webhook", _reason(error)) from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise DeliveryFailed("webhook", f"HTTP {status}")
        return None

    def _connection(self) -> HTTPConnection:
        assert self._url is not None  # noqa: S101  # as above
        host, port = str(self._url.hostname), self._url.port
        if self._url.scheme == "http":
            return HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        verified = ssl.create_default_context(cafile=self._ca)
        return HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=verified)

    def _headers(self, key: str, now: datetime, body: bytes) -> dict[str, str]:
        assert self._secret is not None  # noqa: S101  # as above
        stamp = str(int(now.timestamp()))
        return {
            "Content-Type": "application/json",
            "User-Agent": f"webautodash/{__version__}",
            "Idempotency-Key": key,
            "X-WebAutoDash-Timestamp": stamp,
            "X-WebAutoDash-Signature": signature(self._secret.get_secret_value(), stamp, body),
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The HMAC-SHA256 over timestamp, full stop and body, which the receiver computes too."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


def _body(message: Message, now: datetime) -> bytes:
    document = {
        "key": message.key,
        "sent_at": now.isoformat(),
        "subject": message.subject,
        "alerts": [_alert(alert) for alert in message.alerts],
    }
    return json.dumps(document).encode()


def _alert(alert: RaisedAlert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind,
        "severity": alert.severity,
        "provider": alert.provider,
        "database": alert.database_name,
        "message": alert.message,
        "details": alert.details or {},
        "created_at": alert.created_at.isoformat(),
        "command": command_of([alert]),
    }


def _reason(error: Exception) -> str:
    """The type and a code; the text may quote the URL, which may be a secret."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted (error {error.verify_code})"
    number = getattr(error, "errno", None)
    return type(error).__name__ + (f" (error {number})" if number is not None else "")
