"""Old events of the system log are deleted, and no others."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from builders import Clinic

from webautodash.domain.vocabulary import Level
from webautodash.errors import UsageError
from webautodash.models.base import utc_now
from webautodash.repositories import LogRepository
from webautodash.repositories.log import LogRecord
from webautodash.services import retention
from webautodash.services.log import SystemLog
from webautodash.services.retention import prunable, prune


def _record(clinic: Clinic, *times: datetime) -> None:
    records = [LogRecord(at, Level.ERROR, "ingest", "odd", str(number)) for number, at in enumerate(times)]
    SystemLog(clinic.store.system).record_all(records)


def _messages(clinic: Clinic) -> list[str]:
    return [row["message"] for row in clinic.system_rows("system_logs") if row["event"] == "odd"]


def test_what_is_older_goes_in_parts_and_the_rest_stays(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    now = utc_now()
    # Neither the order of the numbers nor equal times may matter.
    ages = [91, 1, 120, 120, 120, 120, 89, 100, 95, 0]
    _record(clinic, *(now - timedelta(days=age) for age in ages))
    before = now - timedelta(days=90)
    assert prunable(clinic.store, before).entries == 7
    assert len(_messages(clinic)) == 10
    assert prune(clinic.store, before).entries == 7
    assert _messages(clinic) == ["1", "6", "9"]
    [said] = [row for row in clinic.system_rows("system_logs") if row["event"] == "log_pruned"]
    assert (said["level"], said["component"], json.loads(said["details"])) == (
        "INFO",
        "log",
        {"entries": 7, "monitors": 0, "alerts": 0},
    )
    assert said["message"].startswith("7 entries from before ")


def test_nothing_to_delete_leaves_no_word(clinic: Clinic) -> None:
    _record(clinic, utc_now())
    rows = clinic.system_rows("system_logs")
    assert prune(clinic.store, utc_now() - timedelta(days=1)).entries == 0
    assert clinic.system_rows("system_logs") == rows


def test_a_part_is_no_larger_than_it_may_be(clinic: Clinic) -> None:
    now = utc_now()
    _record(clinic, *(now - timedelta(days=100, seconds=number) for number in range(10)))
    with clinic.store.system.session() as session:
        deleted = LogRepository(session).delete_before(now - timedelta(days=90), 4)
        session.commit()
    assert deleted == 4
    # The oldest first.
    assert _messages(clinic) == ["0", "1", "2", "3", "4", "5"]


def test_what_was_deleted_by_then_is_said_where_it_is_stopped(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    _record(clinic, *(utc_now() - timedelta(days=100 + number) for number in range(5)))
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    delete, calls = LogRepository.delete_before, []

    def stopped(repository: LogRepository, moment: datetime, most: int) -> int:
        if calls:
            raise KeyboardInterrupt
        calls.append(most)
        return delete(repository, moment, most)

    monkeypatch.setattr(LogRepository, "delete_before", stopped)
    with pytest.raises(KeyboardInterrupt):
        prune(clinic.store, utc_now() - timedelta(days=90))
    assert len(_messages(clinic)) == 3
    assert clinic.system_rows("system_logs")[-1]["message"].startswith("2 entries from before ")


def test_the_last_day_is_kept(clinic: Clinic) -> None:
    _record(clinic, utc_now() - timedelta(days=2))
    for work in (prunable, prune):
        with pytest.raises(UsageError, match="the entries of the last day are kept"):
            work(clinic.store, utc_now() - timedelta(hours=23, minutes=59))
    assert _messages(clinic) == ["0"]
