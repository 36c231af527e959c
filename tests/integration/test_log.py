"""The system log: what it holds, and what it never does."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.vocabulary import Level
from webautodash.models.base import utc_now
from webautodash.repositories.system_log import LogFilter
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.system_log import SystemLogWriter, search_log

SECRETS = ("Zebulon", "Quirke", "PRN-4711", "02/03/1951", "Obscurimab", "E11.9")


def test_the_newest_entries_come_last_and_filters_narrow_them(clinic: Clinic) -> None:
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


def test_a_log_that_cannot_be_written_fails_nothing(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    clinic.store.server.drop(clinic.store.system.name)
    gone = clinic.store.server.database(clinic.store.system.name, SystemWork)
    with caplog.at_level(logging.WARNING, logger="webautodash"):
        SystemLogWriter(gone).record(Level.INFO, "ingest", "looked", "one")
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == ["webautodash.log"]


def test_no_value_of_a_patient_is_in_the_system_database_or_the_log(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    secret = a_patient(
        "PRN-4711", name="Zebulon Quirke", born="02/03/1951", medications=["Obscurimab 5 mg"], diagnoses=["DM (E11.9)"]
    )
    changed = secret | {"all_medications": [{"medication_name": "Obscurimab 10 mg"}]}
    with caplog.at_level(logging.DEBUG, logger="webautodash"):
        clinic.ingest(a_file(secret, a_patient(None, name="Zebulon Quirke")))
        clinic.ingest(a_file(changed, at="2024-03-04T09:00:00"))
        clinic.ingest(a_file(secret, secret | {"patient_name": "Quirke", "demographics_printable": "PRN-4711"}))
        clinic.ingest(
            b'{"extraction_metadata": {"provider_name": "Gary Wang"}, "extraction_results": ["Zebulon" "Quirke"'
        )
    tables = ("system_logs", "ingested_files", "alerts", "providers", "provider_aliases")
    everything = caplog.text + "".join(repr(clinic.system_rows(table)) for table in tables)
    assert len(search_log(clinic.store, LogFilter())) >= 5
    assert [word for word in SECRETS if word in everything] == []
