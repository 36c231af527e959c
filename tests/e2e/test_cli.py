"""The installed command, as a person at a shell or a script calls it."""

import json
import os

import pytest
from builders import a_file, a_patient
from shell import Shell, fill


def test_ingest_needs_no_setup_and_prints_a_table(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"])))
    shell.drop(a_file(a_patient("Q1"), provider="John Doe"), folder="john_doe")
    done = shell("ingest")
    assert (done.status, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[1:] == [
        "Gary Wang 1 1 1 0 0 0 1 0 0 0 0",
        "John Doe 1 1 1 0 0 0 0 0 0 0 0",
        "total 2 2 2 0 0 0 1 0 0 0 0",
    ]
    again = shell("ingest", "--json")
    assert (again.status, [one["state"] for one in again.json["files"]]) == (0, ["already_ingested"] * 2)
    assert len(shell("ingest").out.splitlines()) == 1


def test_each_file_that_needs_a_look_is_one_line_on_stderr(shell: Shell) -> None:
    fill(shell)
    shell.drop(b'{"extraction_metadata": {', "cut.json")
    shell.drop(a_file(a_patient("Q1"), provider="John Doe"), "foreign.json")
    done = shell("ingest", "--json")
    assert done.status == 1
    lines = {line.split(": ")[1]: line for line in done.err.splitlines()[:-1]}
    assert lines["gary_wang/cut.json"].startswith("rejected: gary_wang/cut.json: line 1, column 26: ")
    assert "[wrong_folder]" in lines["gary_wang/foreign.json"]
    assert "webautodash set-aside list gary_wang" in lines["gary_wang/second.json"]
    assert done.err.splitlines()[-1] == "problems: 2 rejected, 1 partial, of 4 files"
    assert {one["path"]: one["state"] for one in done.json["files"]} == {
        "gary_wang/first.json": "ingested",
        "gary_wang/second.json": "partial",
        "gary_wang/cut.json": "rejected",
        "gary_wang/foreign.json": "rejected",
    }
    totals = next(one for one in done.json["providers"] if one["slug"] == "gary_wang")
    assert totals["patients"] == totals["stored"] + totals["changed"] + totals["duplicates"] + totals["set_aside"] == 5


def test_paths_can_be_passed_to_ingest(shell: Shell) -> None:
    path = shell.drop(a_file(a_patient("P1")))
    shell.drop(a_file(a_patient("P2"), at=None), "other.json")
    assert [one["path"] for one in shell("ingest", str(path), "--json").json["files"]] == ["gary_wang/first.json"]
    missing = shell("ingest", "nowhere.json")
    assert (missing.status, missing.out) == (2, "")
    assert missing.err.startswith("error: nowhere.json does not exist")


@pytest.mark.parametrize("option", ["--rehash", "--force"])
def test_an_option_has_a_known_file_read_again(shell: Shell, option: str) -> None:
    path = shell.drop(a_file(a_patient("P1")))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert shell("ingest").status == 0
    path.write_bytes(path.read_bytes().replace(b"P1", b"P2"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert [one["state"] for one in shell("ingest", option, "--json").json["files"]] == ["ingested"]
    assert [one["prn"] for one in shell("patient", "list", "gary_wang", "--json").json["items"]] == ["P1", "P2"]
    for arguments in ([], [str(path)]):
        assert [one["state"] for one in shell("ingest", *arguments, "--json").json["files"]] == ["already_ingested"]


def test_a_conflict_is_reviewed(shell: Shell) -> None:
    fill(shell)
    shell("ingest")
    found = shell("conflict", "list", "--json").json
    assert [(one["prn"], one["conflict_type"], one["old_value"]) for one in found["items"]] == [
        ("P1", "medication_conflict", [])
    ]
    number = str(found["items"][0]["id"])
    done = shell("conflict", "resolve", "gary_wang", number, "--by", "Ann", "--why", "asked", "--json")
    assert done.json["conflict"]["status"] == "resolved"
    assert shell("conflict", "list", "--json").json["items"] == []
    again = shell("conflict", "resolve", "gary_wang", number, "--by", "Ann", "--why", "asked")
    assert again.status == 2
    reopened = shell(
        "conflict", "resolve", "gary_wang", number, "--by", "Bo", "--why", "no", "--status", "reviewing", "--json"
    ).json
    assert [step["new_status"] for step in reopened["reviews"]] == ["resolved", "reviewing"]
    assert "Xanax 1 mg" in shell("conflict", "show", "gary_wang", number).out


@pytest.mark.parametrize("left_out", ["--by", "--why"])
def test_a_review_needs_a_name_and_a_reason(filled: Shell, left_out: str) -> None:
    (kept,) = {"--by", "--why"} - {left_out}
    done = filled("conflict", "resolve", "gary_wang", "1", kept, "something")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error: Missing option '{left_out}'. (see `webautodash conflict resolve --help`)\n"


def test_a_patient_set_aside_is_stored_after_a_correction(shell: Shell) -> None:
    fill(shell)
    shell("ingest")
    shown = shell("set-aside", "show", "gary_wang", "1", "--json").json
    assert shown["entry"]["reason"] == "no_prn"
    refused = shell("set-aside", "retry", "gary_wang", "1", "--json")
    assert (refused.status, refused.json["taken_in"]) == (1, False)
    patient = json.loads(shown["raw_json"])
    patient["demographics_printable"]["prn"] = "P3"
    done = shell("set-aside", "retry", "gary_wang", "1", "--with", "-", "--json", stdin=json.dumps(patient))
    assert (done.status, done.json["taken_in"], done.json["outcome"]) == (0, True, "stored")
    assert shell("set-aside", "list", "--json").json["items"] == []
    assert shell("set-aside", "list", "--all", "--json").json["items"][0]["taken_in_at"]
    numbers = shell("stats", "gary_wang", "--json").json
    assert (numbers["found"], numbers["set_aside"]) == (5, 0)
    assert numbers["found"] == numbers["stored"] + numbers["changed"] + numbers["duplicates"]
    assert shell("set-aside", "retry", "gary_wang", "1").status == 2


def test_a_provider_is_registered_and_given_an_alias(shell: Shell) -> None:
    done = shell("provider", "register", "Renée O'Neil", "--date-order", "dmy", "--json").json
    assert (done["created"], done["provider"]["slug"], done["provider"]["date_order"]) == (True, "renee_oneil", "dmy")
    assert shell("provider", "register", "renée  o'neil", "--json").json["created"] is False
    assert shell("provider", "alias", "renee_oneil", "Dr. O", "--json").json["aliases"] == ["Dr. O"]
    assert shell("provider", "show", "Dr. O", "--json").json["slug"] == "renee_oneil"
    taken = shell("provider", "register", "Renee Oneil")
    assert (taken.status, "webautodash provider alias renee_oneil" in taken.err) == (2, True)
    assert shell("provider", "register", "Гжоз", "--json").json["provider"]["slug"] == "provider_7e5c1b20"
    other = shell("provider", "register", "Вчжи")
    assert (other.status, "provider_7e5c1b20" in other.err) == (2, True)
    assert ("Гжоз" in other.err, "alias" in other.err) == (True, False)
    unknown = shell("stats", "rene_oneil")
    assert (unknown.status, "renee_oneil" in unknown.err) == (2, True)


def test_patients_are_found_by_name_and_paged(filled: Shell) -> None:
    assert [
        one["prn"] for one in filled("patient", "list", "gary_wang", "--name", "SMITH", "--json").json["items"]
    ] == ["P2"]
    for options in (
        ["--seen-since", "2000-01-01", "--name", "smith"],
        ["--name", "smith", "--seen-since", "36500d"],
    ):
        assert [one["prn"] for one in filled("patient", "list", "gary_wang", *options, "--json").json["items"]] == [
            "P2"
        ]
    for options in (["--born", "3000-01-01"], ["--medication", "zzz"], ["--diagnosis", "Z99"]):
        assert filled("patient", "list", "gary_wang", *options, "--json").json["items"] == []
    assert filled("patient", "list", "gary_wang", "--born", "yesterday").status == 2
    first = filled("patient", "list", "gary_wang", "--limit", "1")
    assert first.out.splitlines()[-1] == "more: --after=P1"
    assert filled("patient", "list", "gary_wang", "--after", "P1", "--json").json["next"] is None
    unknown = filled("patient", "show", "gary_wang", "NONE-1")
    assert (unknown.status, "NONE-1" in unknown.err) == (2, False)


def test_all_fields_of_other_records_are_shown(shell: Shell) -> None:
    vitals = {"date": "2020-01-01", "blood_pressure": "120/80", "taken": {"by": ["Nurse A", "Nurse B"]}}
    appointments = {"date": "2024-01-01", "time": "9:15", "doctor": None}
    shell.drop(a_file(a_patient("P1", vitals=[vitals], appointments=[appointments])))
    assert shell("ingest").status == 0
    shown = shell("patient", "show", "gary_wang", "P1").out
    for text in ("blood_pressure: 120/80", 'taken: {"by": ["Nurse A", "Nurse B"]}', "time: 9:15"):
        assert text in shown


def test_the_log_is_filtered(filled: Shell) -> None:
    entries = filled("log", "--level", "warning", "--provider", "Gary Wang", "--since", "1h", "--json").json
    assert {one["level"] for one in entries} == {"WARNING"}
    assert [one["event"] for one in filled("log", "--component", "providers", "--json").json] == ["provider_registered"]
    assert filled("log", "--since", "2999-01-01", "--json").json == []
    assert filled("log", "--since", "soon").status == filled("log", "--since", "999999d").status == 2


def test_migrate_reports_that_nothing_is_pending(filled: Shell) -> None:
    assert [one["before"] == one["after"] for one in filled("migrate", "up", "--json").json["results"]] == [True] * 2
    assert [one["state"] for one in filled("migrate", "current", "--json").json] == ["at head", "at head"]
    assert [one["differences"] for one in filled("migrate", "check", "--provider", "gary_wang", "--json").json] == [[]]


def test_a_missing_database_is_a_problem_with_its_name(shell: Shell) -> None:
    fill(shell)
    shell("ingest")
    for path in (shell.folder / "webautodash-data").glob("webautodash_gary_wang*"):
        path.unlink()
    for arguments in (
        ["stats"],
        ["conflict", "list"],
        ["set-aside", "list"],
        ["migrate", "current"],
        ["migrate", "up"],
    ):
        done = shell(*arguments)
        assert done.status == 1, arguments
        assert "problem: " in done.err
        assert "webautodash_gary_wang" in done.err


def test_setup_asks_unless_auto_is_passed(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1")))
    unanswered = shell("setup")
    assert (unanswered.status, "--auto" in unanswered.err) == (2, True)
    refused = shell("setup", stdin="n\n")
    assert (refused.status, (shell.folder / "webautodash-data").exists()) == (1, False)
    empty = shell("setup", stdin="y\nn\n")
    assert (empty.status, "created webautodash_system" in empty.out) == (0, True)
    assert [(one["slug"], one["total_sessions"]) for one in shell("provider", "list", "--json").json] == [
        ("gary_wang", 0)
    ]
    done = shell("setup", "--auto", "--json")
    assert (done.status, done.json["registered"], done.json["created_system"]) == (0, [], False)
    assert [one["state"] for one in done.json["report"]["files"]] == ["ingested"]
    assert "webautodash ingest" in shell("setup", "--auto").out.split("Next:")[1]
