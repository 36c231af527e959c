"""Alerts of a monitor that no file causes: silent monitors, and databases that are behind."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from unittest.mock import patch

import pytest
from builders import Clinic, NewClinic, a_file, a_patient
from jobs import take_back
from sqlalchemy import update

from webautodash.domain.dates import utc_now
from webautodash.errors import DatabaseError
from webautodash.models import Monitor as MonitorRow
from webautodash.services.leases import host
from webautodash.services.monitor import MonitorLoop
from webautodash.services.monitor.heartbeat import Heartbeat
from webautodash.services.monitor.system_alerts import SystemAlerts, check_and_send
from webautodash.services.processes import process_key
from webautodash.services.statistics import status


def _alerts(clinic: Clinic) -> list[tuple[str, str]]:
    return [(row["kind"], row["message"]) for row in clinic.system_rows("alerts")]


def _add(clinic: Clinic, where: str, pid: int, *, seconds_ago: float, process: str | None = None) -> None:
    key = clinic.store.system.run(lambda work: work.monitors.add(where, pid, "somebody", "0", 30_000, process=process))
    at = utc_now() - timedelta(seconds=seconds_ago)
    row = update(MonitorRow).where(MonitorRow.id == key.id).values(heartbeat_at=at, started_at=at)
    clinic.store.system.run(lambda work: work.session.execute(row))


def _states(clinic: Clinic) -> list[tuple[str, str]]:
    return [(row["host"], row["state"]) for row in clinic.system_rows("monitors")]


def _logged(clinic: Clinic) -> list[str]:
    """The messages of the alerts that went to the log."""
    return [row["message"] for row in clinic.system_rows("system_logs") if row["component"] == "alerts"]


def test_a_monitor_without_a_heartbeat_for_three_intervals_is_silent_and_alerted_once(clinic: Clinic) -> None:
    # More than three half minutes ago, and two, which leaves this test half a minute.
    _add(clinic, "far", 1, seconds_ago=91)
    _add(clinic, "near", 1, seconds_ago=60)
    for _ in range(2):
        MonitorLoop(clinic.store).run_once()
    (row,) = clinic.system_rows("alerts")
    assert (row["kind"], json.loads(row["details"])["host"]) == ("silent", "far")
    shown = {one.host: one.silent for one in status(clinic.store).monitoring_status.monitors}
    assert (shown["far"], shown["near"]) == (True, False)
    assert status(clinic.store).monitoring_status.is_running


def test_a_monitor_of_this_machine_whose_process_ended_is_lost_and_alerted(clinic: Clinic) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as gone:
        process = process_key(gone.pid)
    _add(clinic, host(), gone.pid, seconds_ago=0, process=process)
    _add(clinic, host(), os.getpid(), seconds_ago=0, process=process_key(os.getpid()))
    MonitorLoop(clinic.store).run_once()
    assert _states(clinic) == [(host(), "lost"), (host(), "running"), (host(), "stopped")]
    assert [kind for kind, _ in _alerts(clinic)] == ["silent"]
    lost = [row["message"] for row in clinic.system_rows("system_logs") if row["event"] == "monitor_lost"]
    assert lost == [f"the monitor of process {gone.pid} ended without recording it"]


def test_a_monitor_whose_pid_another_process_has_is_lost(clinic: Clinic) -> None:
    mine = process_key(os.getpid())
    assert mine is not None
    _add(clinic, host(), os.getpid(), seconds_ago=0, process=f"{mine}0")
    MonitorLoop(clinic.store).run_once()
    assert _states(clinic) == [(host(), "lost"), (host(), "stopped")]
    assert [kind for kind, _ in _alerts(clinic)] == ["silent"]


@pytest.mark.parametrize("process", [None, "another-start/4026531836/1"], ids=["unknown", "of another container"])
def test_a_monitor_whose_process_cannot_be_seen_is_lost_once_it_is_silent(clinic: Clinic, process: str | None) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    _add(clinic, host(), gone.pid, seconds_ago=60, process=process)
    _add(clinic, host(), os.getpid(), seconds_ago=91, process=process)
    MonitorLoop(clinic.store).run_once()
    assert _states(clinic) == [(host(), "running"), (host(), "lost"), (host(), "stopped")]


def test_a_monitor_that_becomes_silent_later_is_found_by_another(clinic: Clinic) -> None:
    heartbeat = Heartbeat(clinic.store, 10)
    heartbeat.start()
    system_alerts = SystemAlerts(clinic.store, heartbeat, 10)
    _add(clinic, host(), 1, seconds_ago=91)
    system_alerts.run_once()
    heartbeat.stop()
    assert _states(clinic) == [(host(), "stopped"), (host(), "lost")]
    assert len(_alerts(clinic)) == 1


def test_the_rows_of_ended_monitors_stay_until_the_next_one_starts(clinic: Clinic) -> None:
    _add(clinic, host(), 1, seconds_ago=91)
    for before in ([(host(), "lost")], [], []):
        MonitorLoop(clinic.store).run_once()
        assert _states(clinic) == [*before, (host(), "stopped")]
    assert len(_alerts(clinic)) == 1


def test_a_database_that_is_behind_is_alerted_without_a_file(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    take_back(clinic.settings, "gary_wang", "p0004")
    MonitorLoop(clinic.store).run_once()
    MonitorLoop(clinic.store).run_once()
    (row,) = clinic.system_rows("alerts")
    assert (row["kind"], row["provider"]) == ("behind", "gary_wang")
    (entry,) = _logged(clinic)
    assert "databases not ready 1" in entry


def test_a_database_that_is_missing_or_ahead_is_alerted(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(a_file(a_patient("AB1"), provider="Ann Bee"), folder="ann_bee")
    clinic.store.server.drop(clinic.database_name())
    clinic.execute("UPDATE alembic_version SET version_num = 'p9999'", "ann_bee")
    for _ in range(2):
        check_and_send(clinic.store)
    rows = clinic.system_rows("alerts")
    assert sorted((row["kind"], row["provider"], json.loads(row["details"])["standing"]) for row in rows) == [
        ("behind", "ann_bee", "ahead"),
        ("behind", "gary_wang", "missing"),
    ]
    assert "databases not ready 2" in _logged(clinic)[0]


def test_sending_alerts_without_a_monitor_checks_the_system_first(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    take_back(clinic.settings, "gary_wang", "p0004")
    _add(clinic, "far", 1, seconds_ago=91)
    for _ in range(2):
        check_and_send(clinic.store)
    assert sorted(kind for kind, _ in _alerts(clinic)) == ["behind", "silent"]
    for words in ("silent monitors and providers 1", "databases not ready 1"):
        assert sum(words in message for message in _logged(clinic)) == 1, words


def test_a_check_that_fails_does_not_stop_the_sending(clinic: Clinic) -> None:
    clinic.ingest(b"{ nothing")
    with (
        patch("webautodash.services.monitor.system_alerts.fleet.overview", side_effect=DatabaseError("d", "1", "no")),
        pytest.raises(DatabaseError),
    ):
        check_and_send(clinic.store)
    assert [row["state"] for row in clinic.system_rows("alert_digests")] == ["delivered"]


def test_the_status_shows_what_could_not_be_delivered(open_clinic: NewClinic) -> None:
    hook = {"alert_webhook_url": "http://127.0.0.1:9/nobody", "alert_webhook_secret": "hush"}
    clinic = open_clinic(settle_seconds=0.1, **hook, alert_log_on="off", alert_attempts=1, alert_interval=0)
    clinic.drop(b"{ nothing", name="bad.json")
    MonitorLoop(clinic.store).run_once()
    (failed,) = status(clinic.store).alerts.failed
    assert (str(failed.channel), failed.alerts, failed.attempts) == ("webhook", 1, 1)
    assert "hush" not in str(failed)
