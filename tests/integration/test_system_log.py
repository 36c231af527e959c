"""The system log: searched, and followed as it grows; every event that matches, and each once."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from builders import Clinic

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import Level
from webautodash.repositories.system_log import LogEntry, LogRecord, LogRepository
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services import system_log
from webautodash.services.retention import prune
from webautodash.services.system_log import LogFilter, LogTail, SystemLogWriter, search_log


def test_the_newest_entries_are_last_and_filters_select_among_them(clinic: Clinic) -> None:
    log = SystemLogWriter(clinic.store.system)
    log.record(Level.DEBUG, "ingest", "looked", "one")
    log.record(Level.WARNING, "ingest", "odd", "two", provider="gary_wang", files=3)
    log.record(Level.ERROR, "migrate", "failed", "three", provider="john_doe", database_name="d")

    def messages(limit: int = 100, before_id: int | None = None, **wanted: Any) -> list[str]:
        found = search_log(clinic.store, LogFilter(**wanted), limit=limit, before_id=before_id)
        return [entry.message for entry in found]

    assert messages() == ["one", "two", "three"]
    assert messages(limit=2) == ["two", "three"]
    assert messages(level=Level.WARNING) == ["two", "three"]
    assert messages(component="ingest") == ["one", "two"]
    assert messages(provider="john_doe") == ["three"]
    assert messages(since=utc_now() - timedelta(minutes=1)) == ["one", "two", "three"]
    assert messages(since=utc_now() + timedelta(minutes=1)) == []
    entries = search_log(clinic.store, LogFilter(), limit=1)
    assert messages(before_id=entries[0].id) == ["one", "two"]
    assert search_log(clinic.store, LogFilter(component="ingest"))[-1].details == {"files": 3}


def test_a_log_that_cannot_be_written_stops_nothing(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    clinic.store.server.drop(clinic.store.system.name)
    gone = clinic.store.server.database(clinic.store.system.name, SystemWork)
    with caplog.at_level(logging.WARNING, logger="webautodash"):
        SystemLogWriter(gone).record(Level.INFO, "ingest", "looked", "one")
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == ["webautodash.log"]


def _messages(entries: list[LogEntry]) -> list[str]:
    return [entry.message for entry in entries]


def test_new_entries_that_match_are_given_once(clinic: Clinic) -> None:
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


def test_the_memory_of_entries_that_were_given_does_not_grow(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_log, "_LATE_SECONDS", 0.0)
    monkeypatch.setattr(system_log, "_LATE_IDS", 3)
    follow = LogTail(clinic.store, LogFilter())
    follow.begin(limit=1)
    for number in range(20):
        SystemLogWriter(clinic.store.system).record(Level.INFO, "ingest", "looked", str(number))
        assert _messages(follow.news()) == [str(number)]
        assert len(follow._reads) == 1
        assert len(follow._seen) == 0


def test_many_events_at_once_are_given_in_their_order(clinic: Clinic) -> None:
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
