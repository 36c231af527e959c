"""No value out of a patient's record in any alert, on any channel."""

import json
import logging
from pathlib import Path

import pytest
from alert_causes import hooked
from alert_receivers import PASSWORD, SECRET, Webhook, mail_server
from builders import NewClinic, a_file, a_patient
from certificates import Certificates

from webautodash.services import alerts

MARKS = [f"Mark{n:02}Qz" for n in range(12)]


def _marked(born: str = "02/19/1988", extra: int = 0) -> dict[str, object]:
    return a_patient(
        MARKS[0],
        name=MARKS[1] + "x" * extra,
        born=born,
        gender=MARKS[2] + "x" * extra,
        age=MARKS[3],
        uuid=MARKS[4],
        medications=[{"medication_name": MARKS[5], "sig": MARKS[6]}] * (1 + extra),
        diagnoses=[{"diagnosis_text": MARKS[7]}] * (1 + extra),
        allergies=[MARKS[8]] * (1 + extra),
        health_concerns=[MARKS[9]] * (1 + extra),
        demographics={"phone": MARKS[10]},
    )


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
def test_no_message_no_table_and_no_log_has_a_patients_value_or_a_secret(
    a_clinic: NewClinic, webhook: Webhook, trusted: Certificates, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for name in ("", "sqlalchemy", "webautodash", "apprise", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    other = Webhook()
    with mail_server(starttls=trusted.for_server(), login=True) as mail:
        clinic = a_clinic(
            **hooked(webhook) | {"alert_log_on": None},
            alert_on="conflict rejected held set_aside behind silent",
            alert_smtp_host="127.0.0.1",
            alert_smtp_port=mail.port,
            alert_smtp_ca=trusted.ca,
            alert_smtp_user="robot",
            alert_smtp_password=PASSWORD,
            alert_mail_to="a@b.example",
            alert_mail_from="c@b.example",
            alert_apprise_urls=other.url.replace("http://", "json://"),
        )
        name = f"{MARKS[11]}.json"
        clinic.ingest(a_file(_marked()), name=name)
        clinic.ingest(
            a_file(
                _marked("03/20/1999", 1),
                _marked() | {"all_allergies": [[1]]},
                a_patient(None, name=MARKS[1]),
                at="2025-01-01T00:00:00",
            ),
            name=f"2{name}",
        )
        clinic.ingest(json.dumps(a_file(_marked()))[:-20].encode(), name=f"3{name}")
        clinic.ingest(json.dumps(a_file(_marked())).replace(MARKS[7], '"').encode(), name=f"4{name}")
        assert {row["kind"] for row in clinic.system_rows("alerts")} == {"conflict", "rejected", "set_aside"}
        report = alerts.deliver_due(clinic.store)
        trials = alerts.try_channels(clinic.store)
    other.down()
    assert [(result.channel, result.problem) for result in report.results] == [
        (channel, None) for channel in ("log", "mail", "webhook", "apprise")
    ]
    assert all(trial.sent for trial in trials)
    assert (len(mail.mails), len(webhook.requests), len(other.requests)) == (2, 2, 2)
    sent = [
        mail.mails[0].as_string(),
        mail.mails[0].get_content(),
        *(r.body.decode() for r in (*webhook.requests, *other.requests)),
    ]
    tables = [clinic.system_rows(table) for table in ("alerts", "alert_digests", "alert_deliveries")]
    log = [row for row in clinic.system_rows("system_logs") if row["component"] == "alerts"]
    assert len(log) == 2
    seen = "".join(sent) + repr([tables, log, report, trials, alerts.search_alerts(clinic.store)])
    assert [mark for mark in MARKS if mark in seen] == []
    secrets = (PASSWORD, SECRET, "Mark-of-a-token")
    assert [secret for secret in secrets if secret in seen + caplog.text] == []
    # The log of the ingest may have the name of a file, and nothing else of it.
    assert [mark for mark in MARKS[:-1] if mark in caplog.text] == []
