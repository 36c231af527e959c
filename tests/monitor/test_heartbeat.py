"""A monitor's row: what it records there, and that it changes no other."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from builders import Clinic
from local_server import wait_until
from sqlalchemy import delete

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import MonitorState
from webautodash.models import Monitor as MonitorRow
from webautodash.services.monitor import MonitorLoop
from webautodash.services.monitor.heartbeat import Heartbeat
from webautodash.services.statistics import status


def _delete_rows(clinic: Clinic) -> None:
    """Delete the rows, as when the system database is created anew."""
    clinic.store.system.run(lambda work: work.session.execute(delete(MonitorRow)))


def _errors(clinic: Clinic) -> list[str | None]:
    return [row["last_error"] for row in clinic.system_rows("monitors")]


def test_an_error_is_shown_until_it_is_resolved(clinic: Clinic) -> None:
    monitor = MonitorLoop(clinic.store, interval=0.2)
    running = Thread(target=monitor.run)
    running.start()
    try:
        assert wait_until(lambda: bool(clinic.system_rows("monitors")))
        away = clinic.results.rename(clinic.results.with_name("away"))
        assert wait_until(lambda: _errors(clinic) != [None])
        (one,) = status(clinic.store).monitoring_status.monitors
        assert one.last_error is not None
        assert str(clinic.results) in one.last_error
        assert one.last_error_at is not None
        assert one.since <= one.last_error_at <= utc_now()
        away.rename(clinic.results)
        assert wait_until(lambda: _errors(clinic) == [None])
        assert status(clinic.store).monitoring_status.monitors[0].last_error_at is None
    finally:
        monitor.stop()
        running.join()


@pytest.fixture
def heartbeat(clinic: Clinic) -> Iterator[Heartbeat]:
    """The heartbeat of a running monitor, once a second."""
    heartbeat = Heartbeat(clinic.store, 1)
    heartbeat.start()
    yield heartbeat
    heartbeat.stop()


def test_an_error_that_could_not_be_recorded_is_recorded_by_the_next_heartbeat(
    clinic: Clinic, heartbeat: Heartbeat
) -> None:
    _delete_rows(clinic)
    heartbeat.record_error("the Results folder is gone")
    assert _errors(clinic) == []
    assert wait_until(lambda: _errors(clinic) == ["the Results folder is gone"])


def test_a_new_row_shows_the_current_error(clinic: Clinic, heartbeat: Heartbeat) -> None:
    heartbeat.record_error("the Results folder is gone")
    _delete_rows(clinic)
    assert wait_until(lambda: _errors(clinic) == ["the Results folder is gone"])


def test_another_monitors_row_with_the_same_id_is_left_alone(clinic: Clinic) -> None:
    heartbeat = Heartbeat(clinic.store, 30)
    heartbeat.start()
    assert heartbeat.key is not None
    _delete_rows(clinic)
    other: dict[str, Any] = {"host": "far", "started_by": "b", "code_version": "c", "state": MonitorState.RUNNING}
    other |= {"pid": 1, "interval_ms": 10_000, "token": "0" * 32, "started_at": utc_now(), "heartbeat_at": utc_now()}
    clinic.store.system.run(lambda work: work.session.add(MonitorRow(id=heartbeat.key.id, **other)))
    before = clinic.system_rows("monitors")
    heartbeat.begin_pass()
    heartbeat.end_pass(7, 8, 9)
    heartbeat.record_error("the Results folder is gone")
    heartbeat.stop()
    assert clinic.system_rows("monitors") == before
