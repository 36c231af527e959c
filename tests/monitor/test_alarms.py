"""What a monitor raises beside what becomes of files: others that are silent, databases that are behind."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

from builders import Clinic, a_file, a_patient
from sqlalchemy import update

from webautodash.domain.vocabulary import MonitorState
from webautodash.models import Monitor as MonitorRow
from webautodash.models.base import utc_now
from webautodash.repositories import MonitorRepository
from webautodash.services import fleet
from webautodash.services.leases import host
from webautodash.services.monitor import Monitor
from webautodash.services.status import status


def _alerts(clinic: Clinic) -> list[tuple[str, str]]:
    return [(row["kind"], row["message"]) for row in clinic.system_rows("alerts")]


def _add(clinic: Clinic, where: str, pid: int, *, seconds_ago: float, interval_ms: int = 10_000) -> int:
    number = clinic.store.system.run(
        lambda session: MonitorRepository(session).add(where, pid, "somebody", "0", interval_ms)
    )
    at = utc_now() - timedelta(seconds=seconds_ago)
    row = update(MonitorRow).where(MonitorRow.id == number).values(heartbeat_at=at, started_at=at)
    clinic.store.system.run(lambda session: session.execute(row))
    return number


def _states(clinic: Clinic) -> list[tuple[str, str]]:
    return [(row["host"], row["state"]) for row in clinic.system_rows("monitors")]


def test_a_monitor_without_a_heartbeat_for_three_intervals_is_silent_and_raised_once(clinic: Clinic) -> None:
    _add(clinic, "far", 1, seconds_ago=31)
    _add(clinic, "near", 1, seconds_ago=29)
    for _ in range(2):
        Monitor(clinic.store).run_once()
    ((kind, message),) = _alerts(clinic)
    assert (kind, "the monitor on far, process 1, was last heard of" in message) == ("silent", True)
    shown = {one.host: one.silent for one in status(clinic.store).monitoring_status.monitors}
    assert (shown["far"], shown["near"]) == (True, False)
    assert status(clinic.store).monitoring_status.is_running


def test_one_of_this_machine_whose_process_is_gone_is_lost_and_raised(clinic: Clinic) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    _add(clinic, host(), gone.pid, seconds_ago=0)
    _add(clinic, host(), os.getpid(), seconds_ago=0)
    Monitor(clinic.store).run_once()
    assert sorted(_states(clinic)) == sorted(
        [(host(), MonitorState.LOST), (host(), MonitorState.RUNNING), (host(), MonitorState.STOPPED)]
    )
    assert [kind for kind, _ in _alerts(clinic)] == ["silent"]


def test_the_row_of_a_stopped_one_stays_until_its_successor_comes(clinic: Clinic) -> None:
    for _ in range(3):
        Monitor(clinic.store).run_once()
        assert _states(clinic) == [(host(), "stopped")]


def test_a_database_that_is_behind_is_raised_though_no_file_came(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    fleet.downgrade(clinic.store, fleet.way_back(clinic.store, "gary_wang", "p0004"))
    Monitor(clinic.store).run_once()
    Monitor(clinic.store).run_once()
    (row,) = clinic.system_rows("alerts")
    assert (row["kind"], row["provider"]) == ("behind", "gary_wang")
    told = [entry for entry in clinic.system_rows("system_logs") if entry["component"] == "alerts"]
    assert len(told) == 1
    assert "databases to migrate 1" in told[0]["message"]


def test_what_could_not_be_delivered_is_in_the_status(server_url: str, database_prefix: str, tmp_path: Any) -> None:
    clinic = Clinic(
        server_url,
        database_prefix,
        tmp_path,
        settle_seconds=0.1,
        alert_webhook_url="http://127.0.0.1:9/nobody",
        alert_webhook_secret="hush",
        alert_log_on="off",
        alert_attempts=1,
        alert_interval=0,
    )
    clinic.drop(b"{ nothing", name="bad.json")
    Monitor(clinic.store).run_once()
    (failed,) = status(clinic.store).alerts.failed
    assert (str(failed.channel), failed.alerts, failed.attempts) == ("webhook", 1, 1)
    assert "hush" not in str(failed)
    clinic.store.close()
