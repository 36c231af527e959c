"""Rules of alerts, and their settings."""

from pathlib import Path
from typing import Any

import pytest
from certificates import Certificates
from hypothesis import given, strategies as st

from webautodash.config import Settings
from webautodash.domain.alerts import DEFAULT_RULES, AlertChannel, AlertKind, Rules, least_severity, parse_rules
from webautodash.domain.vocabulary import Severity
from webautodash.errors import ConfigurationError
from webautodash.services.alerts.channels import configured, rules_of

MAIL = {"alert_smtp_host": "mail.example", "alert_mail_to": "a@b.example", "alert_mail_from": "c@b.example"}
WEBHOOK = {"alert_webhook_url": "https://hooks.example/Mark-of-a-token", "alert_webhook_secret": "Mark-of-a-secret"}

OTHERS = [kind for kind in AlertKind if kind is not AlertKind.CONFLICT]
WORDS = st.sampled_from([*OTHERS, "conflict", *(f"conflict:{severity}" for severity in Severity)])


def _load(**values: Any) -> Settings:
    return Settings.load(_env_file=None, **values)


@given(st.lists(WORDS, min_size=1, max_size=8), st.sampled_from([" ", ", ", ",", "\n  "]))
def test_only_named_kinds_are_alerted(words: list[str], separator: str) -> None:
    rules = parse_rules(separator.join(words))
    for kind in OTHERS:
        assert rules.want(kind) == (kind in words)
    least = [Severity(word.partition(":")[2] or "low").rank for word in words if word.startswith("conflict")]
    for severity in Severity:
        assert rules.want(AlertKind.CONFLICT, severity) == (bool(least) and severity.rank >= min(least))
    # A conflict whose severity could not be read is alerted wherever conflicts are.
    assert rules.want(AlertKind.CONFLICT) == bool(least)


@given(
    st.lists(
        st.one_of(WORDS, st.sampled_from(["off", "", "conflict:", "held:high", "conflict:High", "all"])), max_size=4
    ).map(" ".join)
    | st.text(max_size=20)
)
def test_the_settings_take_exactly_what_the_rules_understand(text: str) -> None:
    try:
        rules: Rules | None = parse_rules(text)
    except ValueError:
        rules = None
    if rules is None:
        with pytest.raises(ConfigurationError, match="WEBAUTODASH_ALERT_ON"):
            _load(alert_on=text)
    else:
        assert rules_of(_load(alert_on=text)) == {AlertChannel.LOG: rules}


def test_an_unknown_word_is_not_quoted() -> None:
    with pytest.raises(ConfigurationError, match=f"nor rules such as: {DEFAULT_RULES}") as refused:
        _load(alert_on="held Mark-of-a-secret")
    assert "Mark" not in str(refused.value)


def test_the_query_uses_the_lowest_severity_of_all_channels() -> None:
    texts = ("conflict:critical", "held", "conflict:medium held", "off")
    assert least_severity(map(parse_rules, texts)) is Severity.MEDIUM
    assert least_severity(map(parse_rules, ("held", "off"))) is None


def test_each_channel_has_its_own_rules_or_those_for_all() -> None:
    settings = _load(alert_on="held", alert_log_on="off", alert_mail_on="conflict", **MAIL, **WEBHOOK)
    assert rules_of(settings) == {
        AlertChannel.LOG: parse_rules("off"),
        AlertChannel.MAIL: parse_rules("conflict"),
        AlertChannel.WEBHOOK: parse_rules("held"),
    }
    assert configured(_load()) == [AlertChannel.LOG]
    everything = parse_rules(_load().alert_on)
    assert everything.kinds == set(AlertKind)
    assert everything.least is Severity.HIGH


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (MAIL | {"alert_mail_to": None}, "MAIL_TO"),
        (MAIL | {"alert_mail_to": "Somebody <a@b.example>"}, "MAIL_TO"),
        (MAIL | {"alert_mail_to": "a@b.example\r\nBcc: x@y.example"}, "MAIL_TO"),
        (MAIL | {"alert_mail_from": None}, "MAIL_FROM"),
        (MAIL | {"alert_smtp_host": None}, "SMTP_HOST"),
        (MAIL | {"alert_smtp_tls": "off"}, "SMTP_TLS"),
        (MAIL | {"alert_smtp_tls": "maybe"}, "SMTP_TLS"),
        (MAIL | {"alert_smtp_port": 0}, "SMTP_PORT"),
        (MAIL | {"alert_smtp_user": "u"}, "SMTP_USER"),
        (MAIL | {"alert_smtp_password": "Mark-of-a-password"}, "SMTP_USER"),
        (MAIL | {"alert_smtp_user": "u", "alert_smtp_password_file": "/nowhere/Mark"}, "SMTP_PASSWORD_FILE"),
        (MAIL | {"alert_smtp_ca": "/nowhere/Mark"}, "SMTP_CA"),
        (WEBHOOK | {"alert_webhook_secret": None}, "WEBHOOK_SECRET"),
        (WEBHOOK | {"alert_webhook_secret": ""}, "WEBHOOK_SECRET"),
        (WEBHOOK | {"alert_webhook_url": "http://hooks.example/Mark"}, "WEBHOOK_URL"),
        (WEBHOOK | {"alert_webhook_url": "https://u:Mark@hooks.example/"}, "WEBHOOK_URL"),
        (WEBHOOK | {"alert_webhook_url": "ftp://Mark"}, "WEBHOOK_URL"),
        (WEBHOOK | {"alert_webhook_url": "https://[Mark"}, "WEBHOOK_URL"),
        (WEBHOOK | {"alert_webhook_url": "https://h:99999/"}, "WEBHOOK_URL"),
        (WEBHOOK | {"alert_webhook_url": "https://h/a b"}, "WEBHOOK_URL"),
        (WEBHOOK | {"alert_webhook_ca": "/nowhere/Mark"}, "WEBHOOK_CA"),
        ({"alert_apprise_urls": "Mark"}, "APPRISE_URLS"),
        ({"alert_apprise_on": "held"}, "APPRISE_URLS"),
        ({"alert_mail_on": "held"}, "SMTP_HOST"),
        ({"alert_mail_from": "a@b.example"}, "SMTP_HOST"),
        ({"alert_smtp_port": 25}, "SMTP_HOST"),
        ({"alert_smtp_tls": "tls"}, "SMTP_HOST"),
        ({"alert_smtp_ca": "/nowhere/Mark"}, "SMTP_HOST"),
        ({"alert_smtp_user": "u"}, "SMTP_HOST"),
        ({"alert_smtp_password": "Mark"}, "SMTP_HOST"),
        ({"alert_smtp_password_file": "/nowhere/Mark"}, "SMTP_HOST"),
        ({"alert_webhook_on": "held"}, "WEBHOOK_URL"),
        ({"alert_webhook_secret": "Mark"}, "WEBHOOK_URL"),
        ({"alert_webhook_secret_file": "/nowhere/Mark"}, "WEBHOOK_URL"),
        ({"alert_webhook_ca": "/nowhere/Mark"}, "WEBHOOK_URL"),
        (WEBHOOK | {"alert_webhook_secret_file": "/nowhere/Mark"}, "WEBHOOK_SECRET_FILE"),
        ({"alert_mail_on": "conflict:worst"}, "MAIL_ON"),
        ({"alert_interval": -1}, "INTERVAL"),
        ({"alert_attempts": 0}, "ATTEMPTS"),
    ],
)
def test_an_invalid_setting_is_refused_by_name_without_its_value(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _load(**values)
    assert refused.value.key == f"WEBAUTODASH_ALERT_{key}"
    assert "Mark" not in str(refused.value)
    assert refused.value.exit_status == 2


def test_a_channel_that_is_not_configured_may_be_off() -> None:
    off = {f"alert_{channel}_on": " off" for channel in ("mail", "webhook", "apprise")}
    assert rules_of(_load(alert_on="held", **off)).keys() == {AlertChannel.LOG}


def test_plain_text_is_for_this_machine_alone() -> None:
    settings = _load(**MAIL | {"alert_smtp_host": "127.0.0.1", "alert_smtp_tls": "off"})
    assert settings.smtp_port == 25
    assert _load(**MAIL).smtp_port == 587
    assert _load(**MAIL, alert_smtp_tls="tls").smtp_port == 465
    assert _load(**WEBHOOK | {"alert_webhook_url": "http://[::1]:8080/x"}).webhook_url is not None


def test_secrets_come_from_files_and_are_never_shown(tmp_path: Path, trusted: Certificates) -> None:
    file = tmp_path / "secret"
    file.write_text("Mark of a secret\n", encoding="utf-8")
    file.chmod(0o600)
    settings = _load(
        **MAIL | {"alert_smtp_user": "u", "alert_smtp_password_file": file, "alert_smtp_ca": trusted.ca},
        **WEBHOOK | {"alert_webhook_secret": None, "alert_webhook_secret_file": file},
        alert_apprise_urls="json://u:Mark@a.example  json://b.example/Mark",
    )
    for secret in (settings.smtp_password, settings.webhook_secret):
        assert secret is not None
        assert secret.get_secret_value() == "Mark of a secret"
    assert len(settings.apprise_urls) == 2
    assert "Mark" not in repr(settings) + str(settings) + repr(settings.model_dump())
