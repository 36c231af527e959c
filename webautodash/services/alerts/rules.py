"""Which channels there are by the settings, and which alerts go to each."""

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, Rules, parse_rules


def configured(settings: Settings) -> list[AlertChannel]:
    """The channels that something can be sent through; the log is always one."""
    there = {
        AlertChannel.LOG: True,
        AlertChannel.MAIL: bool(settings.alert_smtp_host),
        AlertChannel.WEBHOOK: settings.alert_webhook_url is not None,
        AlertChannel.APPRISE: bool(settings.apprise_urls),
    }
    return [channel for channel, is_there in there.items() if is_there]


def rules_of(settings: Settings) -> dict[AlertChannel, Rules]:
    """What each of them takes: by its own rules where it has any, else by those for all."""
    own = {
        AlertChannel.LOG: settings.alert_log_on,
        AlertChannel.MAIL: settings.alert_mail_on,
        AlertChannel.WEBHOOK: settings.alert_webhook_on,
        AlertChannel.APPRISE: settings.alert_apprise_on,
    }
    return {channel: parse_rules(own[channel] or settings.alert_on) for channel in configured(settings)}
