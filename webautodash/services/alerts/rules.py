"""The configured channels, and which alerts each gets."""

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, Rules, parse_rules


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
