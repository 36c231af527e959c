"""A database restored from an older backup is noticed; what it lacks is reported and ingested again."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, NewClinic, a_file, a_patient

from webautodash.config import Settings
from webautodash.domain.vocabulary import ConflictStatus
from webautodash.services.doctor import examine
from webautodash.services.ingest import ingest_paths
from webautodash.services.monitor.system_alerts import check_and_send
from webautodash.services.registry import add_alias, resolve_provider
from webautodash.services.review import accept_set_aside, conflicts, sessions
from webautodash.services.statistics import status
from webautodash.services.store import Store
from webautodash.services.verify import Divergence, verify

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

SYSTEM, PROVIDER = "system", "gary_wang"


class Backup:
    """Restore one database file."""

    def __init__(self, clinic: Clinic, database: str, folder: Path) -> None:
        self._clinic = clinic
        names = {SYSTEM: clinic.settings.system_database_name, PROVIDER: clinic.database_name()}
        [self._file] = folder.glob(f"**/{names[database]}.db")
        self._copy = folder / f"{database}.backup"
        clinic.store.close()
        shutil.copy(self._file, self._copy)
        clinic.store = Store.open(clinic.settings)

    def put_back(self) -> None:
        """Restore as a person does who stops the program first."""
        self._clinic.store.close()
        for suffix in ("-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        shutil.copy(self._copy, self._file)
        self._clinic.store = Store.open(self._clinic.settings)


@pytest.fixture
def clinic(open_clinic: NewClinic) -> Clinic:
    clinic = open_clinic(settle_seconds=0)
    clinic.ingest(a_file(a_patient("P1")), name="old.json")
    return clinic


def _divergence(clinic: Clinic) -> dict[str, Any]:
    """The differences that `status` and `verify` both report, without the empty ones."""
    shown = list(status(clinic.store).divergences)
    assert shown == [one.divergence for one in verify(clinic.store).providers if one.divergence is not None]
    return _without_empty(shown[0]) if shown else {}


def _without_empty(found: Divergence) -> dict[str, Any]:
    files = {
        name: sorted((file.path.removeprefix(f"{PROVIDER}/"), str(file.location)) for file in getattr(found, name))
        for name in ("missing_files", "unrecorded_files")
    }
    names = ("lost_reviews", "missing_aliases", "unrecorded_aliases")
    return {name: value for name, value in {**files, **{n: getattr(found, n) for n in names}}.items() if value}


def _doctor(settings: Settings) -> set[str]:
    return {one.code for one in examine(settings).findings if one.code.startswith("backup.")}


def _events(clinic: Clinic) -> list[str]:
    return [row["event"] for row in clinic.system_rows("system_logs") if row["component"] == "backups"]


def test_rows_that_an_older_provider_database_lacks_are_reported_and_ingested_again(
    clinic: Clinic, tmp_path: Path
) -> None:
    backup = Backup(clinic, PROVIDER, tmp_path)
    clinic.ingest(a_file(a_patient("P2")), name="kept.json")
    clinic.ingest(a_file(a_patient("P3")), name="gone.json")
    (clinic.results / PROVIDER / "gone.json").unlink()
    assert (_divergence(clinic), _doctor(clinic.settings)) == ({}, {"backup.complete"})
    backup.put_back()
    missing = {"missing_files": [("gone.json", "nowhere"), ("kept.json", "results")]}
    assert _divergence(clinic) == missing
    assert _doctor(clinic.settings) == {"backup.missing_results", "backup.missing_nowhere"}
    # The new file gets the number of a lost session and must not be confused with it.
    clinic.ingest(a_file(a_patient("P4")), name="another.json")
    assert _events(clinic) == ["database_older"]
    assert _divergence(clinic) == missing
    states = {file.path.rpartition("/")[2]: str(file.state) for file in ingest_paths(clinic.store).files}
    assert states == {"old.json": "already_ingested", "another.json": "already_ingested", "kept.json": "ingested"}
    assert {row["prn"] for row in clinic.rows("patients")} == {"P1", "P2", "P4"}
    # What exists nowhere is reported until a person acts.
    assert _divergence(clinic) == {"missing_files": [("gone.json", "nowhere")]}
    assert _doctor(clinic.settings) == {"backup.missing_nowhere"}
    assert _events(clinic) == ["database_older"]


def test_an_older_provider_database_is_noticed_however_many_files_come_before(clinic: Clinic, tmp_path: Path) -> None:
    backup = Backup(clinic, PROVIDER, tmp_path)
    clinic.ingest(a_file(a_patient("P2")), name="kept.json")
    backup.put_back()
    new = [clinic.drop(a_file(a_patient(f"N{n}"), medication=str(n))) for n in range(5)]
    assert {str(file.state) for file in ingest_paths(clinic.store, new).files} == {"ingested"}
    assert _events(clinic) == ["database_older"]
    assert _divergence(clinic) == {"missing_files": [("kept.json", "results")]}


def test_reviews_and_aliases_lost_with_a_backup_are_reported_until_they_are_repeated(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.ingest(a_file(a_patient("P1", gender="Male"), at="2025-01-01T00:00:00"))
    backup = Backup(clinic, PROVIDER, tmp_path)
    number = next(row["id"] for row in clinic.rows("data_conflicts") if row["status"] == "unresolved")

    def review() -> None:
        conflicts.resolve(clinic.store, PROVIDER, number, ConflictStatus.RESOLVED, by="Ann", why="seen")

    review()
    add_alias(clinic.store, PROVIDER, "Wang Gary MD")
    backup.put_back()
    lost = {"lost_reviews": 1, "missing_aliases": ("Wang Gary MD",)}
    assert _divergence(clinic) == lost
    assert _doctor(clinic.settings) == {"backup.lost_reviews", "backup.aliases"}
    check_and_send(clinic.store)
    assert _divergence(clinic) == lost
    review()
    add_alias(clinic.store, PROVIDER, "Wang Gary MD")
    assert (_divergence(clinic), _doctor(clinic.settings)) == ({}, {"backup.complete"})


def test_decisions_about_files_and_patients_that_went_with_a_backup_are_counted(clinic: Clinic, tmp_path: Path) -> None:
    clinic.ingest(a_file(a_patient("P2", extraction_status="partial")))
    backup = Backup(clinic, PROVIDER, tmp_path)
    [waiting], owner = clinic.rows("set_aside_patients"), resolve_provider(clinic.store, PROVIDER)

    def decide() -> None:
        sessions.set_time(
            clinic.store, PROVIDER, sessions.CorrectedTime(1, "2024-01-01T00:00:00", by="Ann", why="clock")
        )
        [accepted] = accept_set_aside(clinic.store, owner, [waiting["id"]], by="Ann", why="seen")
        assert accepted.taken_in

    decide()
    assert _divergence(clinic) == {}
    backup.put_back()
    assert _divergence(clinic) == {"lost_reviews": 2}
    assert _doctor(clinic.settings) == {"backup.lost_reviews"}
    decide()
    assert (_divergence(clinic), _doctor(clinic.settings)) == ({}, {"backup.complete"})
    [decision] = [row for row in clinic.rows("session_decisions") if row["kind"] == "set_aside_accepted"]
    assert (decision["new_value"], decision["decided_by"], decision["why"]) == (str(waiting["id"]), "Ann", "seen")


def test_rows_that_an_older_system_database_lacks_are_reported_and_recorded(clinic: Clinic, tmp_path: Path) -> None:
    backup = Backup(clinic, SYSTEM, tmp_path)
    clinic.ingest(a_file(a_patient("P2")), name="kept.json")
    clinic.ingest(a_file(a_patient("P1", born="03/20/1999"), at="2025-01-01T00:00:00"), name="gone.json")
    (clinic.results / PROVIDER / "gone.json").unlink()
    add_alias(clinic.store, PROVIDER, "Wang Gary MD")
    alerts = [(row["kind"], row["message"]) for row in clinic.system_rows("alerts")]
    assert [kind for kind, _ in alerts] == ["conflict"]
    backup.put_back()
    # Files that were stored a moment ago are not reported: their row may still be written.
    assert _divergence(clinic) == {"unrecorded_aliases": ("Wang Gary MD",)}
    clinic.execute("UPDATE extraction_sessions SET created_at = '2024-01-01 00:00:00.000000'")
    files = [("gone.json", "nowhere"), ("kept.json", "results")]
    assert _divergence(clinic)["unrecorded_files"] == files
    assert _doctor(clinic.settings) == {"backup.unrecorded", "backup.aliases"}
    check_and_send(clinic.store)
    assert _divergence(clinic) == {"unrecorded_aliases": ("Wang Gary MD",)}
    assert [(row["kind"], row["message"]) for row in clinic.system_rows("alerts")] == alerts
    rows = {row["path"].rpartition("/")[2]: row["state"] for row in clinic.system_rows("ingested_files")}
    assert rows == dict.fromkeys(("old.json", "kept.json", "gone.json"), "ingested")
    assert {str(file.state) for file in ingest_paths(clinic.store).files} == {"already_ingested"}
    add_alias(clinic.store, PROVIDER, "Wang Gary MD")
    assert _divergence(clinic) == {}
