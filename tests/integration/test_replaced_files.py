"""SQLite files that are moved, removed or put back while they are in use."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.errors import DatabaseMissing, FileReplaced, UntrustedDatabaseFile
from webautodash.services.ingest import store_file

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def _file(clinic: Clinic) -> Path:
    folder = clinic.store.server.folder
    assert folder is not None
    return folder / f"{clinic.settings.database_prefix}gary_wang.db"


def _aside(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path.rename(path.with_suffix(".aside"))


def test_nothing_is_written_to_a_database_that_was_moved_away(clinic: Clinic) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    moved = _aside(_file(clinic))
    before = moved.read_bytes()
    outcome = clinic.ingest(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"))
    assert outcome.state == "failed"
    assert moved.read_bytes() == before
    moved.rename(_file(clinic))
    assert clinic.ingest(a_file(a_patient("GW3"), at="2025-02-01T00:00:00")).state == "ingested"
    assert clinic.count("patients") == 2


def test_a_restored_backup_is_the_file_that_is_written(clinic: Clinic) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    path = _file(clinic)
    clinic.store.close()
    backup = Path(shutil.copy(path, path.with_suffix(".backup")))
    assert clinic.ingest(a_file(a_patient("GW2"), at="2025-01-01T00:00:00")).state == "ingested"
    _aside(path)
    backup.rename(path)
    assert clinic.ingest(a_file(a_patient("GW3"), at="2025-02-01T00:00:00")).state == "ingested"
    clinic.store.close()
    assert clinic.count("patients") == 2


def test_an_ingest_into_a_file_that_is_removed_fails(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    path, store_batch = _file(clinic), store_file.store_batch

    def remove(*arguments: object) -> None:
        store_batch(*arguments)
        path.unlink(missing_ok=True)

    monkeypatch.setattr(store_file, "store_batch", remove)
    assert clinic.ingest(a_file(a_patient("GW2"), at="2025-01-01T00:00:00")).state == "failed"
    assert [row["state"] for row in clinic.system_rows("ingested_files")] == ["ingested", "waiting"]
    with pytest.raises(DatabaseMissing):
        clinic.count("patients")


def _a_link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def _a_planted_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").symlink_to("elsewhere")


@pytest.mark.parametrize(
    "plant",
    [
        _a_link,
        _a_planted_log,
        lambda path: os.link(path, path.with_suffix(".other")),
        lambda path: path.chmod(0o606),
        lambda path: path.parent.chmod(0o707),
    ],
    ids=["link", "log", "hard_link", "file_open_to_all", "folder_open_to_all"],
)
def test_a_database_file_that_another_account_can_have_planted_is_not_opened(
    clinic: Clinic, plant: Callable[[Path], None]
) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    path = _file(clinic)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    clinic.store.close()
    plant(path)
    before = path.read_bytes()
    with pytest.raises(UntrustedDatabaseFile) as refused:
        clinic.count("patients")
    assert (refused.value.kind, refused.value.exit_status) == ("untrusted_database_file", 2)
    assert path.read_bytes() == before


def test_a_database_whose_creation_was_interrupted_is_opened(clinic: Clinic) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    clinic.store.close()
    path = _file(clinic)
    os.link(path, path.with_name(f".{path.stem}.0123abcd.new"))
    assert clinic.count("patients") == 1


def test_a_database_file_of_another_account_is_opened_by_root_only(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    clinic.store.close()
    owner = 12_345
    if os.geteuid() == 0:
        os.chown(_file(clinic), owner, -1)
        assert clinic.count("patients") == 1
        clinic.store.close()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: owner + 1)
        with pytest.raises(UntrustedDatabaseFile):
            clinic.count("patients")
        patch.setattr(os, "geteuid", lambda: owner if os.getuid() == 0 else os.getuid())
        assert clinic.count("patients") == 1


def test_a_file_that_replaces_the_checked_one_is_not_used(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clinic.ingest(a_file(a_patient("GW1"))).state == "ingested"
    clinic.store.close()
    path, connect = _file(clinic), sqlite3.connect

    def exchanged(*arguments: Any, **options: Any) -> sqlite3.Connection:
        if path.name in str(arguments[0]) and not path.is_symlink():
            _a_link(path)
        return connect(*arguments, **options)

    monkeypatch.setattr(sqlite3, "connect", exchanged)
    with pytest.raises((FileReplaced, UntrustedDatabaseFile)):
        clinic.count("patients")
