"""Alerts by mail, over a connection whose certificate is verified before anything is sent."""

import smtplib
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from webautodash.config import Settings
from webautodash.config.alerts import SmtpTls
from webautodash.errors import DeliveryFailed, without_context
from webautodash.services.alerts.message import Message
from webautodash.services.store import Store

_TIMEOUT_SECONDS = 10
KEY_HEADER = "X-WebAutoDash-Key"


@without_context
def send(store: Store, message: Message) -> str | None:
    """Send a mail to every recipient. Returns a remark if the server refused some of the addresses."""
    settings = store.settings
    mail = _mail(settings, message)
    try:
        server = _connect(settings)
        try:
            refused = server.send_message(mail)
        finally:
            # The mail is accepted or refused by now; an error of QUIT does not matter.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()
    except (OSError, UnicodeError, smtplib.SMTPException) as error:
        raise DeliveryFailed("mail", _reason(error)) from None
    return f"{len(refused)} of {len(settings.mail_to)} addresses were refused" if refused else None


def _connect(settings: Settings) -> smtplib.SMTP:
    where = (str(settings.alert_smtp_host), settings.smtp_port)
    verified = ssl.create_default_context(cafile=settings.alert_smtp_ca)
    if settings.alert_smtp_tls is SmtpTls.TLS:
        server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=_TIMEOUT_SECONDS, context=verified)
    else:
        server = smtplib.SMTP(*where, timeout=_TIMEOUT_SECONDS)
    try:
        if settings.alert_smtp_tls is SmtpTls.STARTTLS:
            server.starttls(context=verified)
        if settings.alert_smtp_user is not None and settings.smtp_password is not None:
            server.login(settings.alert_smtp_user, settings.smtp_password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _mail(settings: Settings, message: Message) -> EmailMessage:
    sender = str(settings.alert_mail_from)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.subject
    mail["From"] = sender
    mail["To"] = ", ".join(settings.mail_to)
    mail["Date"] = format_datetime(datetime.now(UTC))
    # The same in every attempt: many mail programs show a repeat only once.
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[KEY_HEADER] = message.key
    mail.set_content(message.text)
    return mail


def _reason(error: Exception) -> str:
    """The type and the server's code; its text may quote what was sent."""
    match error:
        case smtplib.SMTPResponseException():
            return f"the server answered {error.smtp_code} ({type(error).__name__})"
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({code for code, _ in error.recipients.values()})
            return f"the server refused every address ({', '.join(map(str, codes))})"
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not trusted (error {error.verify_code})"
        case OSError() if error.errno is not None and not isinstance(error, ssl.SSLError):
            return f"{type(error).__name__} (error {error.errno})"
        case _:
            return type(error).__name__
