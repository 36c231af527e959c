"""Alerts are raised in the transaction of their cause, for the channels of their rules."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from alert_causes import a_cause, a_critical_conflict, raised
from builders import Clinic, NewClinic, a_file, a_patient
from jobs import raise_causes, take_back
from processes import together

from webautodash.domain.alerts import AlertKind
from webautodash.domain.file_state_transitions import FileResult, RetryPolicy
from webautodash.errors import DatabaseError
from webautodash.repositories.conflicts import ConflictRepository
from webautodash.repositories.monitors import MonitorRepository
from webautodash.services import alerts
from webautodash.services.ingest import FileLog, FileOutcome, ingest_paths
from webautodash.services.registry import resolve_provider
from webautodash.services.review import retry_set_aside


def _facts(clinic: Clinic) -> list[tuple[Any, ...]]:
    return [(row["kind"], row["severity"], row["provider"]) for row in clinic.system_rows("alerts")]


def _details(clinic: Clinic) -> list[Any]:
    return [json.loads(row["details"]) for row in clinic.system_rows("alerts") if row["details"]]


def _channels(clinic: Clinic) -> list[tuple[int, str]]:
    return [(row["alert_id"], row["channel"]) for row in clinic.system_rows("alert_deliveries")]


def test_a_conflict_is_raised_with_its_numbers_and_its_worst_severity(a_clinic: NewClinic) -> None:
    clinic = a_clinic(alert_on="conflict:medium")
    first = [a_patient(f"P{n}", medications=["Aspirin 81 mg"], diagnoses=["Gout (M10.079)"]) for n in range(4)]
    again = [
        a_patient("P0", medications=["Aspirin 81 mg"], diagnoses=["Gout (M10.079)"]),  # a duplicate
        a_patient("P1", medications=["Aspirin 81 mg"]),  # low
        a_patient("P2", medications=["Xanax 1 mg"], diagnoses=["Gout (M10.079)"]),  # medium
        a_patient("P3", medications=["Aspirin 81 mg"], diagnoses=["Gout (M10.079)"], born="03/20/1999"),  # critical
    ]
    clinic.ingest(a_file(*first))
    assert _facts(clinic) == []
    clinic.ingest(a_file(*again, at="2025-01-01T00:00:00"))
    assert _facts(clinic) == [("conflict", "critical", "gary_wang")]
    worst = {row["severity"]: row["id"] for row in clinic.rows("data_conflicts") if row["status"] == "unresolved"}
    ids = [worst["critical"], worst["medium"]]
    assert _details(clinic) == [{"by_severity": {"critical": 1, "medium": 1}, "conflicts": 2, "ids": ids}]


def test_an_alert_is_sent_to_the_channels_of_its_rules(a_clinic: NewClinic) -> None:
    hook = {"alert_webhook_url": "http://127.0.0.1:9/", "alert_webhook_secret": "s", "alert_webhook_on": "conflict"}
    clinic = a_clinic(alert_on="conflict:critical", **hook)
    clinic.ingest(a_file(a_patient("P1", medications=["Aspirin 81 mg"])))
    clinic.ingest(a_file(a_patient("P1", medications=["Xanax 1 mg"]), at="2025-01-01T00:00:00"))
    a_critical_conflict(clinic, "P2")
    assert [row["severity"] for row in clinic.system_rows("alerts")] == ["medium", "critical"]
    medium, critical = (row["id"] for row in clinic.system_rows("alerts"))
    assert sorted(_channels(clinic)) == [(medium, "webhook"), (critical, "log"), (critical, "webhook")]


def test_an_alert_without_a_subscriber_is_not_raised(a_clinic: NewClinic) -> None:
    clinic = a_clinic(alert_on="off")
    a_critical_conflict(clinic)
    clinic.ingest(b"{")
    assert (_facts(clinic), _channels(clinic)) == ([], [])


def test_an_alert_lists_at_most_fifty_numbers_and_the_total(a_clinic: NewClinic) -> None:
    clinic = a_clinic()
    clinic.ingest(a_file(*(a_patient(f"P{n}") for n in range(60))))
    clinic.ingest(a_file(*(a_patient(f"P{n}", born="03/20/1999") for n in range(60)), at="2025-01-01T00:00:00"))
    (details,) = _details(clinic)
    assert (details["conflicts"], len(details["ids"])) == (60, 50)


def test_rejected_held_and_set_aside_are_raised_once(a_clinic: NewClinic) -> None:
    clinic = a_clinic(settle_seconds=0)
    bad = clinic.drop(b"{]")
    partly = clinic.drop(a_file(a_patient("P1"), "no patient", a_patient(None)))
    for _ in range(2):
        ingest_paths(clinic.store, [bad, partly])
    assert sorted(_facts(clinic), key=repr) == [("rejected", None, None), ("set_aside", None, "gary_wang")]
    assert _details(clinic) == [{"found": 3, "set_aside": 2}]
    # Now it is another file with the same fault.
    bad.write_bytes(b"{\n]")
    ingest_paths(clinic.store, [bad])
    outcome = FileOutcome("gary_wang/x.json", FileResult.FAILED, "gary_wang", reason="r")
    for _ in range(2):
        with FileLog(clinic.store, RetryPolicy(1, most_attempts=1)) as log:
            log.record(outcome)
    assert [kind for kind, *_ in _facts(clinic)].count("rejected") == 2
    assert ("held", None, "gary_wang") in _facts(clinic)
    assert len(_facts(clinic)) == 4


def test_a_database_behind_is_raised_once_however_many_files_wait(a_clinic: NewClinic) -> None:
    clinic = a_clinic()
    clinic.ingest(a_file(a_patient("P1")))
    for revision in ("p0005", "p0004"):
        take_back(clinic.settings, "gary_wang", revision)
        for number in range(3):
            clinic.store.close()
            outcome = clinic.ingest(a_file(a_patient(f"{revision}{number}"), medication=f"{revision}{number}"))
            assert outcome.state == "blocked"
    assert _facts(clinic) == [("behind", None, "gary_wang")] * 2
    assert [details["found"] for details in _details(clinic)] == ["p0005", "p0004"]


def test_a_stored_file_without_its_alerts_is_completed_by_the_next_run(a_clinic: NewClinic) -> None:
    """As after a kill between the file's commit and the system database's rows."""
    clinic = a_clinic()
    a_critical_conflict(clinic)
    clinic.ingest(a_file(a_patient("P3"), a_patient(None), medication="m"))
    before = [{**row, "id": 0, "created_at": 0} for row in clinic.system_rows("alerts", "cause_key")]
    assert [row["kind"] for row in before].count("conflict") == 1
    for table in ("alert_deliveries", "alerts", "ingested_files"):
        clinic.execute_in_system(f"DELETE FROM {table}")
    assert {file.state for file in ingest_paths(clinic.store).files} == {"already_ingested"}
    after = [{**row, "id": 0, "created_at": 0} for row in clinic.system_rows("alerts", "cause_key")]
    assert after == before


def test_a_patient_stored_by_a_retry_raises_the_same_alerts(a_clinic: NewClinic) -> None:
    clinic = a_clinic(alert_on="conflict:critical")
    clinic.ingest(a_file(a_patient("P1"), a_patient("P2")))
    changed = a_patient("P2", born="03/20/1999")
    unreadable = changed | {"demographics_printable": "no object"}
    clinic.ingest(a_file(a_patient("P1", born="03/20/1999"), unreadable, at="2025-01-01T00:00:00"))
    assert len(_facts(clinic)) == 1
    owner = resolve_provider(clinic.store, "gary_wang")
    assert retry_set_aside(
        clinic.store, owner, clinic.rows("set_aside_patients")[0]["id"], json.dumps(changed)
    ).taken_in
    assert _facts(clinic) == [("conflict", "critical", "gary_wang")] * 2
    assert [details["ids"] for details in _details(clinic)] == [[row["id"]] for row in clinic.rows("data_conflicts")]


def test_conflicts_that_cannot_be_queried_are_all_alerted_and_the_file_keeps_its_row(a_clinic: NewClinic) -> None:
    clinic = a_clinic(alert_on="conflict:critical")
    clinic.ingest(a_file(a_patient("P1", medications=["Aspirin 81 mg"])))
    with patch.object(ConflictRepository, "new_conflicts", side_effect=DatabaseError("d", "1", "no")):
        clinic.ingest(a_file(a_patient("P1", medications=["Xanax 1 mg"]), at="2025-01-01T00:00:00"))
    assert [row["state"] for row in clinic.system_rows("ingested_files")] == ["ingested"] * 2
    assert _facts(clinic) == [("conflict", None, "gary_wang")]
    assert _details(clinic) == [{"conflicts": 1}]


def test_alerts_and_the_rows_of_their_files_stand_or_fall_together(a_clinic: NewClinic) -> None:
    clinic = a_clinic()
    path = clinic.drop(b"{]")
    with (
        patch("webautodash.repositories.alerts.AlertRepository.address", side_effect=DatabaseError("d", "1", "no")),
        pytest.raises(DatabaseError),
    ):
        ingest_paths(clinic.store, [path])
    assert (clinic.system_rows("ingested_files"), clinic.system_rows("alerts")) == ([], [])


def test_a_cause_that_is_known_adds_nothing(a_clinic: NewClinic) -> None:
    clinic = a_clinic()
    assert raised(clinic, a_cause(1), a_cause(2)) == 2
    assert raised(clinic, a_cause(2), a_cause(3), a_cause(3)) == 1
    assert raised(clinic, a_cause(1)) == 0
    assert len(_facts(clinic)) == len(_channels(clinic)) == 3


@pytest.mark.ci
def test_a_cause_that_many_find_at_once_is_one_alert(a_clinic: NewClinic, tmp_path: Path) -> None:
    clinic = a_clinic()
    together(raise_causes, *[(clinic.settings, 30)] * 4, folder=tmp_path)
    assert len(_facts(clinic)) == len(_channels(clinic)) == 30


def test_causes_of_the_monitor_name_silent_providers_and_since_when(a_clinic: NewClinic) -> None:
    clinic = a_clinic()
    clinic.store.system.run(lambda work: work.monitors.add("host-a", 4711, "somebody", "0", 10_000))
    with clinic.store.system.session() as session:
        (known,) = MonitorRepository(session).all()
    one = replace(known, heartbeat_at=datetime(2025, 1, 1, 12, tzinfo=UTC))
    assert raised(clinic, alerts.monitor_silent(one)) == 1
    assert raised(clinic, alerts.monitor_silent(one)) == 0
    assert raised(clinic, alerts.monitor_silent(replace(one, heartbeat_at=one.heartbeat_at.replace(hour=13)))) == 1
    row = clinic.system_rows("alerts")[0]
    assert (row["kind"], row["provider"]) == (AlertKind.SILENT, None)
    assert _details(clinic)[0]["heartbeat_at"] == "2025-01-01T12:00:00+00:00"
