"""The command `provider adopt`: output, exit status, and no name of a patient in the output."""

from collections.abc import Callable
from pathlib import Path

import pytest
from builders import a_file
from legacy_database import TABLES, Legacy, LegacyDatabase
from legacy_files import a_person, two_sweeps
from shell import Done, ForkedShell, Shell

Command = Callable[..., Done]
MARKS = [f"Mark{n:02}Qz" for n in range(9)]


@pytest.fixture
def command(server_url: str, database_prefix: str, tmp_path: Path) -> Shell:
    """``webautodash`` on the backend's server."""
    shell = ForkedShell(tmp_path)
    shell.environment |= {"WEBAUTODASH_DATABASE_URL": server_url, "WEBAUTODASH_DATABASE_PREFIX": database_prefix}
    return shell


@pytest.fixture
def database(legacy: Legacy) -> LegacyDatabase:
    made = legacy("gary_wang")
    for file in two_sweeps(people=2):
        made.take(file)
    return made


def test_it_shows_counts_before_and_after_and_is_safe_to_repeat(command: Command, database: LegacyDatabase) -> None:
    done = command("provider", "adopt", database.name, "--name", "Gary Wang")
    assert (done.status, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert ["patients", "2", "2", "legacy_patients"] in lines
    assert ["medications", "8", "8", "legacy_medications"] in lines
    assert ["comprehensive_patient_records", "4", "legacy_comprehensive_patient_records"] in lines
    again = command("provider", "adopt", database.name, "--json")
    assert (again.status, again.json["provider"], again.json["already"]) == (0, "gary_wang", True)


def test_dry_run_changes_nothing_and_names_the_problems(command: Command, database: LegacyDatabase) -> None:
    before = {table: database.rows(table) for table in TABLES}
    seen = command("provider", "adopt", database.name, "--dry-run", "--json")
    assert (seen.status, seen.json["provider"], seen.json["problems"]) == (0, "gary_wang", [])
    assert {table: database.rows(table) for table in TABLES} == before
    assert database.tables() == set(TABLES)
    assert command("provider", "list").status == 2, "there is no system database yet"
    database.add("patients", prn=" GW0001", patient_name="Another One")
    refused = command("provider", "adopt", database.name, "--dry-run")
    assert refused.status == 1
    assert refused.err.startswith("problem: 1 ")
    assert command("provider", "adopt", database.name).status == 1
    assert database.tables() == set(TABLES)


@pytest.mark.parametrize(("answer", "status"), [("n", 1), ("y", 0)])
def test_a_person_at_a_terminal_is_asked(command: Shell, database: LegacyDatabase, answer: str, status: int) -> None:
    done = command.at_a_terminal(answer, "provider", "adopt", database.name)
    assert done.status == status
    assert done.out.startswith(f"{database.name} is Gary Wang's (gary_wang)")
    assert ("legacy_patients" in database.tables()) is (answer == "y")


def test_a_database_that_is_not_there(command: Command) -> None:
    done = command("provider", "adopt", "nothing_there")
    assert (done.status, "nothing_there" in done.err) == (2, True)
    assert "setup" in command("provider", "list").err, "not even a system database was made"


def test_the_other_commands_work_with_it(command: Command, database: LegacyDatabase) -> None:
    adopted = command("provider", "adopt", database.name, "--json")
    assert adopted.json["flagged"] == {}
    assert command("migrate", "check").status == 0
    assert command("migrate", "current").status == 0
    assert command("stats", "gary_wang", "--json").json["total_patients"] == 2
    shown = command("patient", "show", "gary_wang", "GW0001", "--json").json
    assert shown["lists"]["allergies"][0]["allergy_name"] == "Penicillin, it's"
    assert {each["medication_strength"] for each in shown["lists"]["medications"]} == {"10 MG", None}
    assert len(command("patient", "history", "gary_wang", "GW0001", "--json").json["extractions"]) == 2
    assert command("conflict", "list", "gary_wang").status == 0
    [entry] = [each for each in command("log", "--json").json if each["event"] == "provider_adopted"]
    assert entry["details"]["rows"]["patients"] == 2


def test_a_lost_registry_is_rebuilt(command: Command, database: LegacyDatabase, legacy: Legacy) -> None:
    odd = legacy("clinic_of_old")
    odd.take(a_file(a_person(1), provider="Ann Lee"))
    assert command("provider", "adopt", database.name).status == 0
    assert command("provider", "adopt", odd.name, "--name", "Ann Lee").status == 0
    database.run(f"DROP DATABASE `{legacy('system', is_made=False).name}`")
    assert command("ingest").status == 0
    found = command("provider", "list", "--json").json
    assert [(each["slug"], each["database_name"], each["total_patients"]) for each in found] == [
        ("ann_lee", odd.name, 1),
        ("gary_wang", database.name, 2),
    ]


def test_no_value_of_a_row_is_printed_or_logged(command: Command, database: LegacyDatabase, legacy: Legacy) -> None:
    marked = a_person(
        1,
        prn=MARKS[0],
        name=MARKS[1],
        gender=MARKS[2],
        uuid=MARKS[3],
        medications=[{"medication_name": MARKS[4], "medication_type": "current", "sig": MARKS[5]}],
        diagnoses=[],
        allergies=[MARKS[6]],
        health_concerns=[MARKS[7]],
    )
    database.take(a_file(marked, results_filename="one.json", provider_directory="gary_wang"))
    database.take(a_file(marked, medication="Xanax", at="2024-05-01T00:00:00"), killed_before_rows_of=MARKS[0])
    database.add("data_conflicts", patient_id=3, prn=MARKS[0], conflict_type="data_changed", old_value=MARKS[8])
    done = [
        command("provider", "adopt", database.name, "--dry-run", "--debug"),
        command("provider", "adopt", database.name, "--debug"),
        command("provider", "adopt", database.name, "--verbose"),
    ]
    broken = legacy("ann_lee")
    broken.take(a_file(marked))
    broken.add("patients", prn=f" {MARKS[0]}", patient_name=MARKS[1])
    done.append(command("provider", "adopt", broken.name, "--debug"))
    assert [each.status for each in done] == [0, 0, 0, 1]
    system = legacy("system", is_made=False)
    seen = repr([system.rows(table) for table in ("providers", "system_logs")])
    seen += "".join(each.out + each.err for each in done)
    assert [mark for mark in MARKS if mark in seen] == []


def test_the_old_tables_are_dropped_when_a_person_says_so(command: Shell, database: LegacyDatabase) -> None:
    assert command("provider", "adopt", database.name, "--yes").status == 0
    kept = {f"legacy_{table}" for table in TABLES}
    dry = command("provider", "adopt", "--forget-old", "gary_wang", "--dry-run", "--json")
    assert {each["kept_as"] for each in dry.json["tables"]} == kept
    assert {each["table"]: each["before"] for each in dry.json["tables"]}["medications"] == 8
    assert command("provider", "adopt", "--forget-old", "gary_wang").status == 2, "nobody was asked"
    assert command.at_a_terminal("n", "provider", "adopt", "--forget-old", "gary_wang").status == 1
    assert kept < database.tables()
    assert command.at_a_terminal("y", "provider", "adopt", "--forget-old", "gary_wang").status == 0
    assert not kept & database.tables()
    again = command("provider", "adopt", "--forget-old", "gary_wang", "--yes", "--json")
    assert (again.status, again.json["tables"]) == (0, [])
    assert command("stats", "gary_wang", "--json").json["total_patients"] == 2
    assert command("migrate", "check").status == 0
    assert command("verify").status == 0


def test_the_old_tables_of_an_unfinished_adoption_are_kept(command: Shell, database: LegacyDatabase) -> None:
    assert command("provider", "adopt", database.name, "--yes").status == 0
    database.run(f"DELETE FROM `{database.name}`.database_identity")
    refused = command("provider", "adopt", "--forget-old", "gary_wang", "--yes")
    assert refused.status != 0
    assert {f"legacy_{table}" for table in TABLES} < database.tables()
