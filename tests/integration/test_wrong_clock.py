"""Times in the future, which a wrong clock left: they are reported, and nothing waits for them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.alerts import AlertChannel, AlertKind, Cause, cause_key
from webautodash.domain.dates import utc_now
from webautodash.domain.retries import LONGEST_SECONDS
from webautodash.errors import LeaseHeld
from webautodash.services.alerts import deliver_due, raise_alerts
from webautodash.services.doctor import examine
from webautodash.services.leases import leased
from webautodash.services.monitor import MonitorLoop
from webautodash.services.monitor.system_alerts import check_and_send, silent_monitors
from webautodash.services.statistics import status

YEAR = timedelta(days=365)
LONG = 600


@pytest.fixture
def clinic(open_clinic: Callable[..., Clinic]) -> Clinic:
    return open_clinic(settle_seconds=0, alert_interval=1)


def _set(clinic: Clinic, table: str, **values: datetime) -> None:
    for column, value in values.items():
        clinic.execute_in_system(f"UPDATE {table} SET {column} = '{value:%Y-%m-%d %H:%M:%S.%f}'")


def _time(row: dict[str, Any], column: str) -> datetime:
    value = row[column]
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=UTC)


def _take(clinic: Clinic, name: str, token: str, seconds: int) -> bool:
    return clinic.store.system.run(lambda work: work.leases.take(name, token, "a", "b", seconds))


def test_a_lease_of_the_future_ends_after_its_own_length(clinic: Clinic) -> None:
    assert _take(clinic, "lease", "dead", LONG)
    _set(clinic, "leases", taken_at=utc_now() + YEAR, expires_at=utc_now() + YEAR)
    with pytest.raises(LeaseHeld), leased(clinic.store.system, "lease", "x", 30):
        pass
    [row] = clinic.system_rows("leases", "name")
    left = _time(row, "expires_at") - utc_now()
    # Its own length, not that of the new lease: its holder may be alive, and renews it within its own.
    assert timedelta(seconds=LONG - 60) < left <= timedelta(seconds=LONG)
    assert clinic.store.system.run(lambda work: work.leases.renew("lease", "dead", LONG))
    _set(clinic, "leases", expires_at=utc_now() - timedelta(seconds=1))
    assert _take(clinic, "lease", "next", 30)


def test_a_migration_lease_of_the_future_expires(clinic: Clinic) -> None:
    assert _take(clinic, "migration run", "dead", 30)
    _set(clinic, "leases", expires_at=utc_now() + YEAR)
    check_and_send(clinic.store)
    [row] = clinic.system_rows("leases", "name")
    assert _time(row, "expires_at") <= utc_now() + timedelta(seconds=31)


def test_a_file_waits_no_longer_than_the_longest_pause(clinic: Clinic) -> None:
    clinic.drop(a_file(a_patient("P1")))
    monitor = MonitorLoop(clinic.store)
    _wait(clinic, monitor)
    _set(clinic, "ingested_files", next_attempt_at=utc_now() + YEAR, updated_at=utc_now() + YEAR)
    monitor.run_once()
    [row] = clinic.system_rows("ingested_files")
    assert row["state"] == "waiting"
    assert _time(row, "next_attempt_at") <= utc_now() + timedelta(seconds=LONGEST_SECONDS)
    _set(clinic, "ingested_files", next_attempt_at=utc_now() - timedelta(seconds=1))
    monitor.run_once()
    monitor.close()
    assert [row["state"] for row in clinic.system_rows("ingested_files")] == ["ingested"]


def _wait(clinic: Clinic, monitor: MonitorLoop) -> None:
    """Let the monitor find the file, and let it wait for an attempt."""
    monitor._watch.scan()
    clinic.execute_in_system("UPDATE ingested_files SET state = 'waiting', attempts = 1")


def test_a_message_waits_no_longer_than_the_longest_pause_and_delays_no_other(clinic: Clinic) -> None:
    def raised(name: str) -> None:
        cause = Cause(cause_key(AlertKind.HELD, name), AlertKind.HELD, name)
        clinic.store.system.run(lambda work: raise_alerts(work, clinic.settings, [cause], utc_now()))

    raised("first")
    clinic.store.system.run(lambda work: work.alert_digests.make(AlertChannel.LOG, 10))
    _set(clinic, "alert_digests", next_attempt_at=utc_now() + YEAR, created_at=utc_now() + YEAR)
    raised("second")
    assert [result.alerts for result in deliver_due(clinic.store).results] == [1]
    first, second = clinic.system_rows("alert_digests")
    assert (first["state"], second["state"]) == ("pending", "delivered")
    assert _time(first, "next_attempt_at") <= utc_now() + timedelta(seconds=LONGEST_SECONDS + 1)


def test_a_heartbeat_of_the_future_hides_no_dead_monitor(clinic: Clinic) -> None:
    clinic.store.system.run(lambda work: work.monitors.add("elsewhere", 1, "b", "c", 1000))
    assert status(clinic.store).monitoring_status.is_running
    _set(clinic, "monitors", heartbeat_at=utc_now() + YEAR)
    found = status(clinic.store).monitoring_status
    assert (found.is_running, [one.silent for one in found.monitors]) == (False, [True])
    assert len(silent_monitors(clinic.store)) == 1


FUTURE = ["leases.taken_at", "ingested_files.next_attempt_at", "alert_digests.next_attempt_at", "monitors.heartbeat_at"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_doctor_names_each_time_of_the_future(clinic: Clinic) -> None:
    assert _take(clinic, "lease", "a", 3000)
    clinic.ingest(b"{]")
    clinic.store.system.run(lambda work: work.alert_digests.make(AlertChannel.LOG, 10))
    clinic.store.system.run(lambda work: work.monitors.add("elsewhere", 1, "b", "c", 1000))
    assert _named(clinic) == {"stored times": "ok"}
    for column in FUTURE:
        table, name = column.split(".")
        _set(clinic, table, **{name: utc_now() + YEAR})
    assert _named(clinic) == dict.fromkeys(FUTURE, "warning")


def _named(clinic: Clinic) -> dict[str, str]:
    found = examine(clinic.settings).findings
    return {one.subject: str(one.severity) for one in found if one.code == "clock.future"}
