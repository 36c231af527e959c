"""`webautodash verify`: its output and its exit status."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from builders import a_file, a_patient
from shell import Shell

from webautodash import Settings, WebAutoDash


@pytest.fixture
def stored(shell: Shell) -> Shell:
    """One provider's file, ingested."""
    shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"]), a_patient("P2", name="Bo Smith")))
    assert shell("ingest").status == 0
    return shell


def _change(shell: Shell, statement: str) -> None:
    with closing(sqlite3.connect(shell.folder / "webautodash-data" / "webautodash_gary_wang.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_rows_that_are_as_they_were_end_with_0(stored: Shell) -> None:
    done = stored("verify")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("gary_wang: 2 extractions, 1 row, ")
    assert stored("verify", "--quiet").out == ""
    (one,) = stored("verify", "--provider", "Gary Wang", "--json").json["providers"]
    assert (one["slug"], one["differences"], one["wrong"]) == ("gary_wang", 0, [])
    with WebAutoDash(Settings.load(database_url=f"sqlite:///{stored.folder}/webautodash-data")) as facade:
        assert facade.verify().is_right


def test_a_changed_byte_is_reported_by_table_and_id_with_status_1(stored: Shell) -> None:
    _change(stored, "UPDATE medications SET medication_name = 'Aspirin 82 mg'")
    done = stored("verify")
    assert (done.status, done.err) == (1, "problem: gary_wang: 3 differences\n")
    assert [line.split()[:4] for line in done.out.splitlines()] == [
        ["provider", "table", "id", "wrong"],
        ["gary_wang", "medications", "1", "misread"],
        ["gary_wang", "medications", "1", "row"],
        ["gary_wang", "patient_extractions", "1", "checksum"],
    ]
    as_json = stored("verify", "--json")
    assert as_json.status == 1
    wrong = as_json.json["providers"][0]["wrong"]
    assert [(row["table"], row["id"], row["wrong"]) for row in wrong] == [
        ("medications", 1, "misread"),
        ("medications", 1, "row"),
        ("patient_extractions", 1, "checksum"),
    ]
    assert "Aspirin" not in done.out + done.err + as_json.out + as_json.err
    assert stored("verify", "--provider", "nobody").status == 2


def test_extractions_of_before_the_checks_are_told(stored: Shell) -> None:
    _change(stored, "UPDATE patient_extractions SET row_checks = NULL WHERE id = 1")
    done = stored("verify")
    assert (done.status, len(done.out.splitlines())) == (0, 2)
    assert stored("verify", "--json").json["providers"][0]["unchecked"] == 1


def test_a_missing_database_ends_with_1(stored: Shell) -> None:
    (stored.folder / "webautodash-data" / "webautodash_gary_wang.db").unlink()
    done = stored("verify")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("problem: gary_wang: ")


def test_a_file_that_an_older_backup_lacks_is_reported_with_its_path(stored: Shell) -> None:
    database = stored.folder / "webautodash-data" / "webautodash_gary_wang.db"
    backup = shutil.copy(database, stored.folder / "backup")
    path = stored.drop(a_file(a_patient("P3")))
    assert stored("ingest").status == 0
    shutil.copy(backup, database)
    for arguments in (("status",), ("verify",)):
        done = stored(*arguments, "--json")
        assert done.status == 1
        found = done.json["divergences"] if arguments == ("status",) else [done.json["providers"][0]["divergence"]]
        [missing] = found[0]["missing_files"]
        assert (missing["path"], missing["location"]) == (f"gary_wang/{path.name}", "results")
        assert f"gary_wang/{path.name}" in stored(*arguments).out
    codes = {one["code"] for one in stored("doctor", "--json").json["findings"]}
    assert "backup.missing_results" in codes
    assert stored("ingest").status == 0
    assert stored("verify").status == 0
