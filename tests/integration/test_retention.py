"""Old entries of the system log, files that are gone, kept JSON and migration runs are deleted, and no others."""

import json
from datetime import datetime, timedelta

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import update

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import Level, MigrationState
from webautodash.errors import UsageError
from webautodash.models import MigrationRun
from webautodash.repositories.migrations import MigrationRepository
from webautodash.repositories.system_log import LogRecord, LogRepository
from webautodash.services import retention
from webautodash.services.registry import resolve_provider
from webautodash.services.retention import Pruned, prunable, prune
from webautodash.services.review import accept_set_aside, retry_set_aside
from webautodash.services.system_log import SystemLogWriter


def _record(clinic: Clinic, *times: datetime) -> None:
    records = [LogRecord(at, Level.ERROR, "ingest", "odd", str(number)) for number, at in enumerate(times)]
    SystemLogWriter(clinic.store.system).record_all(records)


def _messages(clinic: Clinic) -> list[str]:
    return [row["message"] for row in clinic.system_rows("system_logs") if row["event"] == "odd"]


def test_older_entries_are_deleted_in_parts_and_the_rest_stays(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
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
    [entry] = [row for row in clinic.system_rows("system_logs") if row["event"] == "log_pruned"]
    assert (entry["level"], entry["component"]) == ("INFO", "log")
    others = dict.fromkeys(("monitors", "alerts", "migrations", "files", "kept_json"), 0)
    assert json.loads(entry["details"]) == {"entries": 7} | others


def test_nothing_to_delete_is_not_logged(clinic: Clinic) -> None:
    _record(clinic, utc_now())
    rows = clinic.system_rows("system_logs")
    assert prune(clinic.store, utc_now() - timedelta(days=1)).entries == 0
    assert clinic.system_rows("system_logs") == rows


def test_the_size_of_a_part_is_limited(clinic: Clinic) -> None:
    now = utc_now()
    _record(clinic, *(now - timedelta(days=100, seconds=number) for number in range(10)))
    with clinic.store.system.session() as session:
        deleted = LogRepository(session).delete_before(now - timedelta(days=90), 4)
        session.commit()
    assert deleted == 4
    # The oldest first.
    assert _messages(clinic) == ["0", "1", "2", "3", "4", "5"]


def test_an_interrupted_deletion_logs_what_it_deleted(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert json.loads(clinic.system_rows("system_logs")[-1]["details"])["entries"] == 2


def test_the_last_day_is_kept(clinic: Clinic) -> None:
    _record(clinic, utc_now() - timedelta(days=2))
    for work in (prunable, prune):
        with pytest.raises(UsageError):
            work(clinic.store, utc_now() - timedelta(hours=23, minutes=59))
    assert _messages(clinic) == ["0"]


OLD, BEFORE = timedelta(days=100), timedelta(days=90)
AGED = "UPDATE set_aside_patients SET taken_in_at = :old WHERE taken_in_at IS NOT NULL"


def _pruned(clinic: Clinic) -> Pruned:
    """Delete, and assert that it is what was announced."""
    before = utc_now() - BEFORE
    announced = prunable(clinic.store, before)
    done = prune(clinic.store, before)
    assert (announced.total, announced.files, announced.kept_json) == (done.total, done.files, done.kept_json)
    return done


def _paths(clinic: Clinic) -> list[str]:
    return [row["path"].rpartition("/")[2] for row in clinic.system_rows("ingested_files")]


def test_rows_of_removed_files_are_deleted_if_their_data_are_stored(clinic: Clinic) -> None:
    for number in range(4):
        clinic.ingest(a_file(a_patient(f"GW{number}"), at=f"2025-0{number + 1}-01T00:00:00"), name=f"{number}.json")
    clinic.ingest(b"{", name="rejected.json")
    for name in ("1.json", "2.json", "3.json", "rejected.json"):
        (clinic.results / "gary_wang" / name).unlink()
    assert _pruned(clinic).files == 0
    clinic.execute_in_system("UPDATE ingested_files SET updated_at = :old", old=utc_now() - OLD)
    # One was lost with its data: only its row shows that.
    numbers = [row["session_id"] for row in clinic.system_rows("ingested_files")]
    clinic.execute(f"UPDATE extraction_sessions SET content_sha256 = '{0:064}' WHERE id = {numbers[2]}")
    done = _pruned(clinic)
    assert (done.files, done.problems) == (2, ())
    assert _paths(clinic) == ["0.json", "2.json", "rejected.json"]
    # What is put back is known by its bytes.
    again = clinic.ingest(a_file(a_patient("GW1"), at="2025-02-01T00:00:00"), name="1.json")
    assert again.state == "already_ingested"


def test_no_row_is_deleted_while_results_does_not_exist(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")), name="0.json")
    clinic.execute_in_system("UPDATE ingested_files SET updated_at = :old", old=utc_now() - OLD)
    clinic.results.rename(clinic.results.with_name("unmounted"))
    assert _pruned(clinic).files == 0
    assert _paths(clinic) == ["0.json"]


def test_the_json_of_patients_that_were_stored_is_deleted_and_their_rows_stay(clinic: Clinic) -> None:
    repeated = [a_patient("GW1", medications=[f"Drug {number}"]) for number in range(2)]
    clinic.ingest(a_file(*repeated, a_patient(None), a_patient(None, name="Waits")))
    rows = {row["position"]: row["id"] for row in clinic.rows("set_aside_patients")}
    owner = resolve_provider(clinic.store, "gary_wang")
    assert retry_set_aside(clinic.store, owner, rows[2], corrected=json.dumps(a_patient("GW2"))).taken_in
    clinic.execute(AGED, old=utc_now() - OLD)
    assert _pruned(clinic).kept_json == 0
    kept = {row["position"]: bool(row["raw_json"]) for row in clinic.rows("set_aside_patients")}
    # The repeat and what was corrected are stored nowhere else, and the last one waits.
    assert kept == {0: True, 2: True, 3: True}
    # An older version did not record whether the JSON is stored as a whole; if it is, it is deleted.
    clinic.execute("UPDATE set_aside_patients SET is_stored_whole = TRUE WHERE position = 2")
    assert _pruned(clinic).kept_json == 1
    kept = {row["position"]: bool(row["raw_json"]) for row in clinic.rows("set_aside_patients")}
    assert kept == {0: True, 2: False, 3: True}
    assert _pruned(clinic).kept_json == 0


def test_json_with_values_that_are_stored_nowhere_else_is_kept(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", medications=["A"]), a_patient("GW2", medications=["A"])))
    failed = a_patient("GW3", extraction_status="half", error="timeout on the page of Test Person")
    places = [a_patient("GW1"), a_patient("GW2"), failed, a_patient("GW4", extraction_status="half")]
    clinic.ingest(a_file(*places, at="2025-01-01T00:00:00"))
    rows = {row["prn"]: row["id"] for row in clinic.rows("set_aside_patients")}
    owner, by = resolve_provider(clinic.store, "gary_wang"), {"by": "Ann", "why": "seen"}
    corrected = {"GW2": json.dumps(a_patient("GW2", allergies=["Latex"])), "GW4": json.dumps(a_patient("GW4"))}
    for prn, number in rows.items():
        assert accept_set_aside(clinic.store, owner, [number], **by, corrected=corrected.get(prn))[0].taken_in
    clinic.execute(AGED, old=utc_now() - OLD)
    assert _pruned(clinic).kept_json == 1
    kept = {row["prn"]: bool(row["raw_json"]) for row in clinic.rows("set_aside_patients")}
    assert kept == {"GW1": False, "GW2": True, "GW3": True, "GW4": True}


def test_migration_runs_that_cannot_be_resumed_are_deleted(clinic: Clinic) -> None:
    with clinic.store.system.session() as session:
        repository = MigrationRepository(session)
        facts = {"kind": "up", "started_by": "x", "host": "h", "pid": 1, "arguments": {}, "code_version": "1"}
        for ended in (True, False, True, False):
            number = repository.begin([("a", None, None, "p0001")], **facts)
            if ended:
                repository.end_database(number, "a", MigrationState.DONE)
            repository.finish(number)
        repository.begin([("a", None, None, "p0001")], **facts)
        session.execute(update(MigrationRun).values(finished_at=utc_now() - OLD))
        session.commit()
    assert _pruned(clinic).migrations == 2
    assert [row["id"] for row in clinic.system_rows("migration_runs")] == [3, 4, 5]
    assert [row["run_id"] for row in clinic.system_rows("migration_run_databases")] == [3, 4, 5]


def test_a_database_that_cannot_be_read_is_a_problem_and_keeps_its_rows(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")), name="0.json")
    (clinic.results / "gary_wang" / "0.json").unlink()
    clinic.execute_in_system("UPDATE ingested_files SET updated_at = :old", old=utc_now() - OLD)
    _record(clinic, utc_now() - OLD)
    clinic.store.server.drop(clinic.database_name())
    done = _pruned(clinic)
    assert ([one.slug for one in done.problems], done.files, done.entries) == (["gary_wang"], 0, 1)
    assert _paths(clinic) == ["0.json"]
