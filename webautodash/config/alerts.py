"""The settings of the alerts: which events are sent, to whom, and how often an attempt is repeated."""

import re
from enum import StrEnum
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from webautodash.config.hosts import is_loopback
from webautodash.config.secrets import secret_of
from webautodash.config.setting_names import ENV_PREFIX, check_beside, check_one_secret, setting_key
from webautodash.domain.alerts import DEFAULT_RULES, parse_rules
from webautodash.errors import ConfigurationError, without_context

_ADDRESS = re.compile(r"[^\s@,<>\"]+@[^\s@,<>\"]+")
_PREFIX = f"{ENV_PREFIX}ALERT_"
_OFF = "off"


class SmtpTls(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"


# For each channel: the setting that enables it, its rules, and the prefixes of the settings that need it.
_CHANNELS = (
    ("alert_smtp_host", "alert_mail_on", ("alert_smtp_", "alert_mail_")),
    ("alert_webhook_url", "alert_webhook_on", ("alert_webhook_",)),
    ("alert_apprise_urls", "alert_apprise_on", ("alert_apprise_",)),
)
_PORTS = {SmtpTls.STARTTLS: 587, SmtpTls.TLS: 465, SmtpTls.OFF: 25}


class AlertSettings(BaseSettings):
    """The settings of the alerts; ``check_alerts`` refuses an invalid combination."""

    alert_on: str = DEFAULT_RULES
    """Which events raise an alert: `conflict`, or with the lowest severity as in `conflict:high`; `rejected`, `held`,
    `set_aside`, `behind`, `silent`; `off` for none."""
    alert_log_on: str | None = None
    """The same for the system log. The default is the value of `ALERT_ON`."""
    alert_mail_on: str | None = None
    """The same for mail."""
    alert_webhook_on: str | None = None
    """The same for the webhook."""
    alert_apprise_on: str | None = None
    """The same for apprise."""
    alert_interval: int = Field(default=300, ge=0, le=604_800)
    """Seconds between two messages of a channel. Alerts in between are sent as one digest."""
    alert_attempts: int = Field(default=8, ge=1, le=1000)
    """The number of attempts to send a message."""
    alert_retry_seconds: int = Field(default=30, ge=0, le=3600)
    """Seconds until the second attempt. The pause doubles with each attempt, up to an hour."""

    alert_mail_to: str | None = None
    """The recipients' addresses, separated by commas."""
    alert_mail_from: str | None = None
    """The sender's address."""
    alert_smtp_host: str | None = None
    """The mail server."""
    alert_smtp_port: int | None = Field(default=None, ge=1, le=65535)
    """The mail server's port. The default is 587 with `starttls`, 465 with `tls`, 25 with `off`."""
    alert_smtp_tls: SmtpTls = SmtpTls.STARTTLS
    """`starttls`; `tls` from the first byte; `off` only for a server on this machine."""
    alert_smtp_ca: Path | None = None
    """A PEM file with the certificate authority of the mail server. The default is the system's authorities."""
    alert_smtp_user: str | None = None
    """The account on the mail server."""
    alert_smtp_password: SecretStr | None = None
    """The password of that account."""
    alert_smtp_password_file: Path | None = None
    """A file that holds that password."""

    alert_webhook_url: SecretStr | None = None
    """The URL of the webhook: `https://`, or `http://` to this machine."""
    alert_webhook_secret: SecretStr | None = None
    """The secret that messages to the webhook are signed with."""
    alert_webhook_secret_file: Path | None = None
    """A file that holds that secret."""
    alert_webhook_ca: Path | None = None
    """A PEM file with the certificate authority of the webhook. The default is the system's authorities."""

    alert_apprise_urls: SecretStr | None = None
    """URLs of [apprise](https://github.com/caronc/apprise), separated by spaces. Needs `pip install
    'webautodash[alerts]'`."""

    @field_validator("alert_on", "alert_log_on", "alert_mail_on", "alert_webhook_on", "alert_apprise_on")
    @classmethod
    def _known_rules(cls, text: str | None) -> str | None:
        try:
            if text is not None:
                parse_rules(text)
        except ValueError:
            # Without the unknown word: an error never contains the value of a setting.
            raise ValueError(f"is neither off nor rules such as: {DEFAULT_RULES}") from None
        return text

    @property
    def mail_to(self) -> tuple[str, ...]:
        """The addresses of the recipients."""
        return tuple(address.strip() for address in (self.alert_mail_to or "").split(",") if address.strip())

    @property
    def smtp_port(self) -> int:
        """The port of the mail server, by default the usual port."""
        return self.alert_smtp_port or _PORTS[self.alert_smtp_tls]

    @cached_property
    def smtp_password(self) -> SecretStr | None:
        """The secret from the setting or from its file."""
        key = setting_key("alert_smtp_password_file")
        return secret_of(self.alert_smtp_password, self.alert_smtp_password_file, key)

    @cached_property
    def webhook_secret(self) -> SecretStr | None:
        """The secret from the setting or from its file."""
        key = setting_key("alert_webhook_secret_file")
        return secret_of(self.alert_webhook_secret, self.alert_webhook_secret_file, key)

    @property
    def webhook_url(self) -> SplitResult | None:
        """The parts of the URL of the webhook."""
        return None if self.alert_webhook_url is None else urlsplit(self.alert_webhook_url.get_secret_value())

    @property
    def apprise_urls(self) -> tuple[str, ...]:
        """The URLs of the services; each contains a secret."""
        return tuple(self.alert_apprise_urls.get_secret_value().split()) if self.alert_apprise_urls else ()

    def check_alerts(self) -> None:
        """Raise ConfigurationError, with the name of a setting, for an invalid combination."""
        self._check_parts()
        self._check_mail()
        self._check_webhook()
        if any("://" not in url for url in self.apprise_urls):
            raise _wrong("APPRISE_URLS", "one of them is not a URL; separate them by spaces")
        if self.apprise_urls and find_spec("apprise") is None:
            raise _wrong("APPRISE_URLS", "needs the library apprise; install webautodash[alerts]")

    def _check_parts(self) -> None:
        """Refuse settings that have no effect without another one."""
        for needed, rules, beginnings in _CHANNELS:
            is_off = (getattr(self, rules) or _OFF).strip() == _OFF
            names = [name for name in type(self).model_fields if name.startswith(beginnings)]
            check_beside(self, needed, (name for name in names if not (name == rules and is_off)))
        for secret in ("alert_smtp_password", "alert_webhook_secret"):
            check_one_secret(self, secret)

    def _check_mail(self) -> None:
        if self.alert_smtp_host is None:
            return
        if not self.mail_to:
            raise _wrong("MAIL_TO", f"is missing; {_PREFIX}SMTP_HOST needs it")
        if not all(map(_ADDRESS.fullmatch, self.mail_to)):
            raise _wrong("MAIL_TO", "one of them is not a plain address; separate them by commas")
        if self.alert_mail_from is None or not _ADDRESS.fullmatch(self.alert_mail_from):
            raise _wrong("MAIL_FROM", "must be the plain address of the sender")
        if self.alert_smtp_tls is SmtpTls.OFF and not is_loopback(self.alert_smtp_host):
            raise _wrong("SMTP_TLS", "off is only for a server on this machine; use starttls or tls")
        if (self.alert_smtp_user is None) != (self.smtp_password is None):
            raise _wrong("SMTP_USER", "a user needs a password, and a password a user")
        _check_ca(self.alert_smtp_ca, "SMTP_CA")

    def _check_webhook(self) -> None:
        if self.alert_webhook_url is None:
            return
        _check_url(self.alert_webhook_url.get_secret_value())
        if self.webhook_secret is None:
            raise _wrong("WEBHOOK_SECRET", f"is missing; messages to {_PREFIX}WEBHOOK_URL are signed with it")
        _check_ca(self.alert_webhook_ca, "WEBHOOK_CA")


@without_context
def _check_url(text: str) -> None:
    key = "WEBHOOK_URL"
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _wrong(key, "is not a URL") from None
    if url.scheme not in {"http", "https"} or not host or not text.isascii() or not text.isprintable() or " " in text:
        raise _wrong(key, "is not a URL such as https://host/path")
    if url.scheme == "http" and not is_loopback(host):
        raise _wrong(key, "must begin with https://; http:// is only for this machine")
    if url.username is not None or url.password is not None:
        raise _wrong(key, "must not contain a user or password; messages are signed instead")


@without_context
def _check_ca(path: Path | None, key: str) -> None:
    if path is None:
        return
    import ssl  # slow to import, and rarely needed

    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        raise _wrong(key, "is not a readable file of PEM certificates") from None


def _wrong(key: str, reason: str) -> ConfigurationError:
    return ConfigurationError(_PREFIX + key, reason)
