"""Several processes over the same folder or the same new name leave the rows of one process."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from builders import NewSettings, a_file, a_patient, plain_database, write_file
from contents import contents, differences, identities, rows
from jobs import ingest, register_provider
from local_server import LocalServer
from processes import together
from shell import Shell
from sqlalchemy import event
from watching import environment

from webautodash.database import Server
from webautodash.domain.extraction.document.read_document import read_document
from webautodash.services import fleet
from webautodash.services.ingest import ingest_paths
from webautodash.services.ingest.store_file import Stored, store_document
from webautodash.services.registry import register
from webautodash.services.store import Store


@pytest.mark.slow
def test_four_ingesting_processes_leave_what_one_leaves(
    fresh: NewSettings, clean: dict[str, Any], tmp_path: Path
) -> None:
    settings = fresh("4")
    together(ingest, *[(settings,)] * 4, folder=tmp_path)
    assert differences(contents(settings), clean) == []
    assert all(ours == theirs for ours, theirs in identities(settings).values())


@pytest.mark.slow
def test_four_ingest_commands_leave_what_one_leaves_and_all_end_well(fresh: NewSettings, tmp_path: Path) -> None:
    folder = tmp_path / "Results"
    for provider, slug in (("Gary Wang", "gary_wang"), ("Renée O'Malley", "renee_omalley")):
        for n, drug in enumerate(("Xanax 1 mg", "Metformin 500 mg")):
            patients = [a_patient(f"P{number}", medications=[drug, "Aspirin 81 mg"]) for number in range(60)]
            content = a_file(*patients, provider=provider, at=f"202{n}-01-01T00:00:00")
            write_file(folder / slug / f"{n}.json", content)
    one, four = fresh("1", results_dir=folder), fresh("4", results_dir=folder)
    ingest(one)
    with ExitStack() as running:
        (own := tmp_path / "shell").mkdir()
        shell = Shell(own)
        commands = [running.enter_context(shell.started("ingest", "--json", **environment(four))) for _ in range(4)]
        output = [command.communicate(timeout=120) for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0, 0], output
    assert differences(contents(four), contents(one)) == []
    states = [file["state"] for out, _ in output for file in json.loads(out)["files"]]
    assert (states.count("ingested"), states.count("already_ingested")) == (4, 12)


def test_files_of_one_provider_stored_at_once_are_all_stored_and_counted(fresh: NewSettings, tmp_path: Path) -> None:
    settings = fresh("f", results_dir=tmp_path / "Results")
    contents = []
    for number in range(6):
        # The same patients in alternating order: processes that lock them in file order would deadlock.
        patients = [a_patient(f"P{n}", medications=[f"Drug {number} {n} mg"]) for n in range(60)]
        contents.append(a_file(*patients[:: (-1) ** number], at=f"202{number}-01-01T00:00:00"))
    paths = _files(tmp_path, *contents)
    together(ingest, *[(settings, path) for path in paths], folder=tmp_path)
    assert len(rows(settings, "gary_wang", "extraction_sessions")) == 6
    assert [len(rows(settings, "gary_wang", table)) for table in ("medications", "patient_extractions")] == [360, 360]
    [provider] = rows(settings, "system", "providers")
    assert (provider["total_sessions"], provider["total_patients"], provider["total_extractions"]) == (6, 60, 360)
    assert provider["total_conflicts"] == len(rows(settings, "gary_wang", "data_conflicts"))
    assert sorted(row["state"] for row in rows(settings, "system", "ingested_files")) == ["ingested"] * 6


# SQLite has one writer at a time, which locks when it begins: that is the only moment at which they can conflict.
_WHERE_THEY_MEET = {"sqlite": None, "mariadb": "FROM patients WHERE", "mysql": "FROM patients WHERE"}


def _files(folder: Path, *contents: object) -> list[Path]:
    return [write_file(folder / f"Results/gary_wang/{number}.json", each) for number, each in enumerate(contents)]


@pytest.mark.ci
def test_eight_processes_that_meet_the_same_new_person_make_one_row(
    fresh: NewSettings, backend: str, tmp_path: Path
) -> None:
    settings = fresh("8", results_dir=tmp_path / "Results")
    person = a_patient("NEW", medications=["Aspirin 81 mg"])
    paths = _files(tmp_path, *(a_file(person, medication=f"Drug {number}") for number in range(8)))
    register_provider(settings, "Gary Wang")
    together(ingest, *[(settings, path) for path in paths], folder=tmp_path, before=_WHERE_THEY_MEET[backend])
    assert [row["prn"] for row in rows(settings, "gary_wang", "patients")] == ["NEW"]
    for table in ("extraction_sessions", "patient_extractions", "medications"):
        assert len(rows(settings, "gary_wang", table)) == 8, table
    assert rows(settings, "gary_wang", "data_conflicts") == []


@pytest.mark.ci
def test_the_same_bytes_taken_by_eight_processes_at_once_are_stored_once(
    fresh: NewSettings, backend: str, tmp_path: Path
) -> None:
    settings = fresh("s", results_dir=tmp_path / "Results")
    paths = _files(tmp_path, *[a_file(a_patient("NEW", medications=["Aspirin 81 mg"]))] * 8)
    register_provider(settings, "Gary Wang")
    meet = None if backend == "sqlite" else "FROM extraction_sessions WHERE"
    together(ingest, *[(settings, path) for path in paths], folder=tmp_path, before=meet)
    for table in ("extraction_sessions", "patients", "patient_extractions", "medications"):
        assert len(rows(settings, "gary_wang", table)) == 1, table
    assert rows(settings, "gary_wang", "data_conflicts") == []


@pytest.mark.ci
def test_two_files_that_differ_about_a_new_person_give_one_conflict_and_the_later_one_is_kept(
    fresh: NewSettings, backend: str, tmp_path: Path
) -> None:
    settings = fresh("2", results_dir=tmp_path / "Results")
    names = {2024: "Ann Miller", 2025: "Ann Smith"}
    paths = _files(
        tmp_path, *(a_file(a_patient("NEW", name=name), at=f"{year}-01-01T00:00:00") for year, name in names.items())
    )
    register_provider(settings, "Gary Wang")
    together(ingest, *[(settings, path) for path in paths], folder=tmp_path, before=_WHERE_THEY_MEET[backend])
    [conflict] = rows(settings, "gary_wang", "data_conflicts")
    assert (conflict["conflict_type"], conflict["field_name"]) == ("demographic_mismatch", "patient_name")
    assert {conflict["extraction_session_id_1"], conflict["extraction_session_id_2"]} == {
        row["id"] for row in rows(settings, "gary_wang", "extraction_sessions")
    }
    assert {row["patient_name"] for row in rows(settings, "gary_wang", "patient_extractions")} == set(names.values())
    assert [row["patient_name"] for row in rows(settings, "gary_wang", "patients")] == ["Ann Smith"]


@pytest.mark.ci
def test_two_files_that_say_the_same_news_of_a_known_person_give_one_conflict(
    fresh: NewSettings, backend: str, tmp_path: Path
) -> None:
    settings = fresh("k", results_dir=tmp_path / "Results")
    known, news = a_patient("KNOWN", name="Ann Miller"), a_patient("KNOWN", name="Ann Smith")
    first, *both = _files(tmp_path, a_file(known), *(a_file(news, at=f"2025-0{month}-01T00:00:00") for month in (1, 2)))
    ingest(settings, first)
    together(ingest, *[(settings, path) for path in both], folder=tmp_path, before=_WHERE_THEY_MEET[backend])
    kinds = sorted(row["conflict_type"] for row in rows(settings, "gary_wang", "data_conflicts"))
    assert kinds == ["demographic_mismatch", "extraction_duplicate"]
    statuses = sorted(row["processing_status"] for row in rows(settings, "gary_wang", "patient_extractions"))
    assert statuses == ["conflict", "duplicate", "processed"]


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
@pytest.mark.parametrize("where", [_WHERE_THEY_MEET["mariadb"], "UPDATE providers SET total_patients"])
def test_processes_that_lock_the_same_person_or_counters_wait_without_a_rollback(
    fresh: NewSettings, private_mariadb: LocalServer, tmp_path: Path, where: str
) -> None:
    settings = fresh("w", database_url=private_mariadb.url, results_dir=tmp_path / "Results")
    contents = [a_file(a_patient("KNOWN", name=f"Name {n}"), at=f"2024-01-0{n}T00:00:00") for n in range(1, 7)]
    first, *others = _files(tmp_path, *contents)
    ingest(settings, first)
    together(ingest, *[(settings, path) for path in others], folder=tmp_path, before=where)
    assert [row["patient_name"] for row in rows(settings, "gary_wang", "patients")] == ["Name 6"]
    with Server(settings) as server, plain_database(server, "information_schema").engine.connect() as connection:
        query = "SELECT variable_value FROM global_status WHERE variable_name = 'INNODB_DEADLOCKS'"
        assert connection.exec_driver_sql(query).scalar() == "0"


def test_counters_from_an_outdated_read_are_corrected(fresh: NewSettings, tmp_path: Path) -> None:
    settings = fresh("o", results_dir=tmp_path)
    first, second = (write_file(tmp_path / f"{prn}.json", a_file(a_patient(prn))) for prn in ("P1", "P2"))
    between: list[Stored] = []

    def store_the_second(*arguments: Any) -> None:
        if not between and "SET total_patients" in arguments[2]:
            database = other.provider_database(owner)
            between.append(store_document(read_document(second), database, settings.zone, "b.json"))

    with Store.prepare(settings) as store, Store.open(settings) as other:
        owner = register(store, "Gary Wang").provider
        event.listen(store.system.engine, "before_cursor_execute", store_the_second)
        ingest_paths(store, [first])
    assert between
    [provider] = rows(settings, "system", "providers")
    assert (provider["total_sessions"], provider["total_patients"]) == (2, 2)


@pytest.mark.ci
def test_one_new_name_registered_by_six_processes_is_one_row_and_one_database(
    fresh: NewSettings, tmp_path: Path
) -> None:
    settings = fresh("6")
    together(register_provider, *[(settings, "Gary Wang")] * 6, folder=tmp_path)
    [row] = rows(settings, "system", "providers")
    assert (row["name"], row["slug"], row["status"]) == ("Gary Wang", "gary_wang", "active")
    assert set(contents(settings)) == {"system", "gary_wang"}
    assert [each["identity"] for each in rows(settings, "gary_wang", "database_identity")] == [row["identity"]]
    events = [each["event"] for each in rows(settings, "system", "system_logs")]
    assert events.count("provider_registered") == 1
    with Store.open(settings) as store:
        assert [report.differences for report in fleet.check_all(store)] == [(), ()]
