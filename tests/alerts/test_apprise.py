"""Alerts through apprise, to a real server on loopback."""

import logging
import sys

import pytest
from alert_causes import a_critical_conflict, later, problem_of_an_alert
from alert_receivers import Webhook
from builders import NewClinic

from webautodash.config import Settings
from webautodash.errors import ConfigurationError
from webautodash.services import alerts

# Apprise imports a module that Python will drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")


def _url(webhook: Webhook) -> str:
    return webhook.url.replace("http://", "json://")


def test_a_digest_is_sent_through_apprise_and_its_url_is_in_no_log(
    on_sqlite: NewClinic, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    clinic = on_sqlite(alert_log_on="off", alert_apprise_urls=_url(webhook))
    a_critical_conflict(clinic)
    webhook.status = 500
    (result,) = alerts.deliver_due(clinic.store).problems
    assert result.problem == "at least one of 1 services failed"
    webhook.status = 200
    later(clinic)
    assert alerts.deliver_due(clinic.store).problems == ()
    key = clinic.system_rows("alert_digests")[0]["idempotency_key"]
    for request in webhook.requests:
        assert request.json["title"] == "WebAutoDash: 1 alert (conflicts 1)"
        assert "webautodash conflict list gary_wang --severity critical" in request.json["message"]
        assert key in request.json["message"]
    assert "Mark" not in caplog.text + repr(clinic.system_rows("alert_digests"))
    assert not logging.getLogger("apprise").filters


def test_a_url_that_apprise_does_not_know_is_counted_and_not_quoted(on_sqlite: NewClinic) -> None:
    clinic = on_sqlite(alert_log_on="off", alert_apprise_urls="json://127.0.0.1/ nothing://Mark")
    assert problem_of_an_alert(clinic) == "WEBAUTODASH_ALERT_APPRISE_URLS: 1 of 2 are no URLs that apprise supports"


def test_without_the_library_the_settings_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigurationError, match=r"webautodash\[alerts\]") as refused:
        Settings.load(_env_file=None, alert_apprise_urls="json://Mark/")
    assert refused.value.key == "WEBAUTODASH_ALERT_APPRISE_URLS"
    assert "Mark" not in str(refused.value)
