"""The system log as it grows: every event that fits, and each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import Clinic

from webautodash.domain.vocabulary import Level
from webautodash.models.base import utc_now
from webautodash.repositories.system_log import LogEntry, LogRecord, LogRepository
from webautodash.services import system_log
from webautodash.services.retention import prune
from webautodash.services.system_log import LogFilter, LogTail, SystemLogWriter


def _messages(entries: list[LogEntry]) -> list[str]:
    return [entry.message for entry in entries]


def test_what_comes_is_told_once_and_only_what_fits(clinic: Clinic) -> None:
    log = SystemLogWriter(clinic.store.system)
    for number in range(5):
        log.record(Level.WARNING, "ingest", "odd", f"before {number}", provider="gary_wang")
    log.record(Level.WARNING, "migrate", "odd", "another part's", provider="gary_wang")
    follow = LogTail(clinic.store, LogFilter(Level.WARNING, "ingest", "gary_wang", utc_now() - timedelta(hours=1)))
    assert _messages(follow.begin(limit=2)) == ["before 3", "before 4"]
    assert follow.news() == []
    log.record(Level.INFO, "ingest", "even", "of a lower level", provider="gary_wang")
    log.record(Level.ERROR, "ingest", "odd", "another one's", provider="john_doe")
    log.record(Level.ERROR, "ingest", "odd", "after", provider="gary_wang")
    assert _messages(follow.news()) == ["after"]
    assert follow.news() == []


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_an_event_that_is_committed_after_one_with_a_higher_number_is_not_lost(clinic: Clinic) -> None:
    log = SystemLogWriter(clinic.store.system)
    log.record(Level.INFO, "ingest", "looked", "before")
    with clinic.store.system.session() as slow:
        LogRepository(slow).add([LogRecord(utc_now(), Level.INFO, "ingest", "looked", "slow")])
        follow = LogTail(clinic.store, LogFilter())
        assert _messages(follow.begin(limit=100)) == ["before"]
        log.record(Level.INFO, "ingest", "looked", "fast")
        assert _messages(follow.news()) == ["fast"]
        slow.commit()
    assert _messages(follow.news()) == ["slow"]
    assert follow.news() == []


def test_what_is_remembered_does_not_grow(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_log, "_LATE_SECONDS", 0.0)
    monkeypatch.setattr(system_log, "_LATE_IDS", 3)
    follow = LogTail(clinic.store, LogFilter())
    follow.begin(limit=1)
    for number in range(20):
        SystemLogWriter(clinic.store.system).record(Level.INFO, "ingest", "looked", str(number))
        assert _messages(follow.news()) == [str(number)]
        assert len(follow._reads) == 1
        assert len(follow._seen) == 0


def test_many_events_at_once_come_in_their_order(clinic: Clinic) -> None:
    follow = LogTail(clinic.store, LogFilter())
    follow.begin(limit=1)
    records = [LogRecord(utc_now(), Level.INFO, "ingest", "looked", str(number)) for number in range(2500)]
    SystemLogWriter(clinic.store.system).record_all(records)
    assert _messages(follow.news()) == [str(number) for number in range(2500)]


def test_a_log_that_was_emptied_and_begins_again_is_followed(clinic: Clinic) -> None:
    log = SystemLogWriter(clinic.store.system)
    old = utc_now() - timedelta(days=100)
    log.record_all([LogRecord(old, Level.INFO, "ingest", "looked", str(number)) for number in range(10)])
    follow = LogTail(clinic.store, LogFilter())
    assert len(follow.begin(limit=100)) == 10
    prune(clinic.store, utc_now() - timedelta(days=90))
    assert [entry.event for entry in follow.news()] == ["log_pruned"]
    log.record(Level.INFO, "ingest", "looked", "after")
    assert _messages(follow.news()) == ["after"]
