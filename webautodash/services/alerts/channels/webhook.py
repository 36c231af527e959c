"""Alerts as a signed POST request with one JSON document."""

import hmac
import json
import ssl
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlunsplit

from webautodash.errors import DeliveryFailed, without_context
from webautodash.repositories.alerts import RaisedAlert
from webautodash.services.alerts.message import Message, command_of
from webautodash.services.store import Store
from webautodash.version import __version__

_TIMEOUT_SECONDS = 10


@without_context
def send(store: Store, message: Message) -> None:
    """Post the message; any status but 2xx is a failure, and redirections are not followed."""
    url, secret, ca = store.settings.webhook_url, store.settings.webhook_secret, store.settings.alert_webhook_ca
    assert url is not None and secret is not None  # noqa: S101, PT018  # else the channel is not configured
    now = datetime.now(UTC)
    body, stamp = _body(message, now), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"webautodash/{__version__}",
        "Idempotency-Key": message.key,
        "X-WebAutoDash-Timestamp": stamp,
        "X-WebAutoDash-Signature": signature(secret.get_secret_value(), stamp, body),
    }
    connection = _connection(url, ca)
    try:
        connection.request("POST", urlunsplit(("", "", url.path or "/", url.query, "")), body, headers)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise DeliveryFailed("webhook", _reason(error)) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise DeliveryFailed("webhook", f"HTTP {status}")


def _connection(url: SplitResult, ca: Path | None) -> HTTPConnection:
    host, port = str(url.hostname), url.port
    if url.scheme == "http":
        return HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    verified = ssl.create_default_context(cafile=ca)
    return HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=verified)


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
