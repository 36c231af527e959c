"""The installed command, as a person at a shell or a script meets it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient

import webautodash
from webautodash.cli import main

COMMAND = [sys.executable, "-m", "webautodash"]
READING = [
    ["provider", "list"],
    ["provider", "show", "gary_wang"],
    ["patient", "list", "gary_wang"],
    ["patient", "show", "gary_wang", "P1"],
    ["patient", "history", "gary_wang", "P1"],
    ["conflict", "list"],
    ["conflict", "list", "gary_wang", "--all"],
    ["conflict", "show", "gary_wang", "1"],
    ["set-aside", "list"],
    ["set-aside", "show", "gary_wang", "1"],
    ["stats"],
    ["stats", "gary_wang"],
    ["log"],
    ["migrate", "current"],
    ["migrate", "check"],
]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said where."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which is one JSON document and nothing else."""
        return json.loads(self.out)


class Shell:
    """A folder with a Results folder in it, and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "Results").mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEBAUTODASH_")}
        self.environment = kept | {
            "PYTHONPATH": str(Path(webautodash.__file__).parents[1]),
            "PYTHONWARNINGS": "error",
            "WEBAUTODASH_SETTLE_SECONDS": "0",
        }

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def drop(self, content: object, name: str = "first.json", folder: str = "gary_wang") -> Path:
        path = self.folder / "Results" / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Nothing but an empty Results folder."""
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A store with two files: a change, a duplicate, a patient set aside. Tests only read it."""
    shell = Shell(tmp_path_factory.mktemp("filled"))
    _fill(shell)
    assert shell("ingest").status == 1
    return shell


def _fill(shell: Shell) -> None:
    first = a_file(a_patient("P1", medications=["Aspirin 81 mg"]), a_patient("P2", name="Bo Smith"))
    second = a_file(
        a_patient("P1", medications=["Aspirin 81 mg", "Xanax 1 mg"]),
        a_patient("P2", name="Bo Smith"),
        a_patient(None, name="Nobody Known"),
        at="2024-03-04T09:00:00",
    )
    shell.drop(first)
    shell.drop(second, "second.json")


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_each_reading_command_prints_one_json_document(filled: Shell, arguments: list[str]) -> None:
    done = filled(*arguments, "--json")
    assert (done.status, done.err) == (0, "")
    assert done.json


@pytest.mark.parametrize("arguments", READING[::3], ids=" ".join)
def test_a_reading_command_makes_nothing_where_there_is_nothing(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments, "--json")
    assert (done.status, done.out) == (2, "")
    assert "run `webautodash setup` first" in done.err
    assert [path.name for path in shell.folder.iterdir()] == ["Results"]


def test_ingest_needs_no_setup_and_prints_a_table(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"])))
    shell.drop(a_file(a_patient("Q1"), provider="John Doe"), folder="john_doe")
    done = shell("ingest")
    assert (done.status, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[1:] == [
        "Gary Wang 1 1 1 0 0 0 1 0 0 0",
        "John Doe 1 1 1 0 0 0 0 0 0 0",
        "total 2 2 2 0 0 0 1 0 0 0",
    ]
    again = shell("ingest")
    assert (again.status, again.out) == (0, "2 files, all ingested already; nothing new\n")


def test_each_file_that_needs_a_look_is_one_line_on_stderr(shell: Shell) -> None:
    _fill(shell)
    shell.drop(b'{"extraction_metadata": {', "cut.json")
    shell.drop(a_file(a_patient("Q1"), provider="John Doe"), "foreign.json")
    done = shell("ingest", "--json")
    assert done.status == 1
    told = {line.split(": ")[1]: line for line in done.err.splitlines()[:-1]}
    assert told["gary_wang/cut.json"].startswith("rejected: gary_wang/cut.json: line 1, column 26: ")
    assert "'John Doe' but lies in the folder 'gary_wang'" in told["gary_wang/foreign.json"]
    assert told["gary_wang/second.json"] == (
        "partial: gary_wang/second.json: 1 of 3 patients set aside; see `webautodash set-aside list gary_wang`"
    )
    assert done.err.splitlines()[-1] == "problems: 2 rejected, 1 partial, of 4 files"
    assert {one["path"]: one["state"] for one in done.json["files"]} == {
        "gary_wang/first.json": "ingested",
        "gary_wang/second.json": "partial",
        "gary_wang/cut.json": "rejected",
        "gary_wang/foreign.json": "rejected",
    }
    totals = next(one for one in done.json["providers"] if one["slug"] == "gary_wang")
    assert totals["patients"] == totals["stored"] + totals["changed"] + totals["duplicates"] + totals["set_aside"] == 5


def test_paths_may_be_named(shell: Shell) -> None:
    path = shell.drop(a_file(a_patient("P1")))
    shell.drop(a_file(a_patient("P2"), at=None), "other.json")
    assert [one["path"] for one in shell("ingest", str(path), "--json").json["files"]] == ["gary_wang/first.json"]
    missing = shell("ingest", "nowhere.json")
    assert (missing.status, missing.out) == (2, "")
    assert missing.err.startswith("error: nowhere.json does not exist")


def test_quiet_says_problems_only(shell: Shell) -> None:
    _fill(shell)
    done = shell("ingest", "--quiet")
    assert (done.status, done.out) == (1, "")
    assert len(done.err.splitlines()) == 2
    assert shell("-q", "ingest") == Done(0, "", "")


def test_verbose_puts_the_log_on_stderr(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1")))
    done = shell("ingest", "--verbose", "--json")
    assert "registered Gary Wang" in done.err
    assert done.json["problems"] is False


def test_no_value_of_a_patient_reaches_stderr_even_with_debug(shell: Shell) -> None:
    secret = a_patient("PRN-4711", name="Zebulon Quirke", born="02/03/1951", medications=["Obscurimab 5 mg"])
    shell.drop(a_file(secret, a_patient(None, name="Zebulon Quirke")))
    shell.drop(b'{"extraction_metadata": {}, "extraction_results": ["Zebulon" "PRN-4711"', "broken.json")
    spoken = "".join(
        shell(*arguments).err
        for arguments in (
            ["--debug", "ingest"],
            ["--debug", "patient", "show", "gary_wang", "PRN-4712"],
            ["set-aside", "retry", "gary_wang", "1", "--debug"],
            ["patient", "show", "gary_wang", "PRN-4711", "--debug"],
        )
    )
    assert [word for word in ("4711", "4712", "Zebulon", "1951", "Obscurimab") if word in spoken] == []


def test_a_conflict_is_reviewed(shell: Shell) -> None:
    _fill(shell)
    shell("ingest")
    found = shell("conflict", "list", "--json").json
    assert [(one["prn"], one["conflict_type"], one["old_value"]) for one in found["items"]] == [
        ("P1", "medication_conflict", [])
    ]
    number = str(found["items"][0]["id"])
    done = shell("conflict", "resolve", "gary_wang", number, "--by", "Ann", "--why", "asked", "--json")
    assert done.json["conflict"]["status"] == "resolved"
    assert shell("conflict", "list").out == "nothing waits for review\n"
    again = shell("conflict", "resolve", "gary_wang", number, "--by", "Ann", "--why", "asked")
    assert (again.status, "is resolved already" in again.err) == (2, True)
    reopened = shell(
        "conflict", "resolve", "gary_wang", number, "--by", "Bo", "--why", "no", "--status", "reviewing", "--json"
    ).json
    assert [step["new_status"] for step in reopened["reviews"]] == ["resolved", "reviewing"]
    assert "Xanax 1 mg" in shell("conflict", "show", "gary_wang", number).out


@pytest.mark.parametrize("left_out", ["--by", "--why"])
def test_a_review_needs_who_and_why(filled: Shell, left_out: str) -> None:
    given = {"--by": "Ann", "--why": "asked"}
    del given[left_out]
    done = filled("conflict", "resolve", "gary_wang", "1", *(word for pair in given.items() for word in pair))
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error: Missing option '{left_out}'. (see `webautodash conflict resolve --help`)\n"


def test_who_was_set_aside_is_taken_in_corrected(shell: Shell) -> None:
    _fill(shell)
    shell("ingest")
    shown = shell("set-aside", "show", "gary_wang", "1", "--json").json
    assert shown["entry"]["reason"] == "no_prn"
    refused = shell("set-aside", "retry", "gary_wang", "1", "--json")
    assert (refused.status, refused.json["taken_in"]) == (1, False)
    patient = json.loads(shown["raw_json"])
    patient["demographics_printable"]["prn"] = "P3"
    done = shell("set-aside", "retry", "gary_wang", "1", "--with", "-", "--json", stdin=json.dumps(patient))
    assert (done.status, done.json["taken_in"], done.json["outcome"]) == (0, True, "stored")
    assert shell("set-aside", "list").out == "nobody is set aside\n"
    assert shell("set-aside", "list", "--all", "--json").json["items"][0]["taken_in_at"]
    numbers = shell("stats", "gary_wang", "--json").json
    assert (numbers["found"], numbers["set_aside"], numbers["waiting"]) == (5, 0, 0)
    assert numbers["found"] == numbers["stored"] + numbers["changed"] + numbers["duplicates"]
    assert shell("set-aside", "retry", "gary_wang", "1").status == 2


def test_a_provider_is_registered_and_given_an_alias(shell: Shell) -> None:
    done = shell("provider", "register", "Renée O'Neil", "--date-order", "dmy", "--json").json
    assert (done["created"], done["provider"]["slug"], done["provider"]["date_order"]) == (True, "renee_oneil", "dmy")
    assert "is registered already" in shell("provider", "register", "renée  o'neil").out
    assert shell("provider", "alias", "renee_oneil", "Dr. O", "--json").json["aliases"] == ["Dr. O"]
    assert shell("provider", "show", "Dr. O", "--json").json["slug"] == "renee_oneil"
    taken = shell("provider", "register", "Renee Oneil")
    assert (taken.status, "webautodash provider alias renee_oneil" in taken.err) == (2, True)
    unknown = shell("stats", "rene_oneil")
    assert (unknown.status, "did you mean renee_oneil?" in unknown.err) == (2, True)


def test_patients_are_found_by_name_and_paged(filled: Shell) -> None:
    assert [
        one["prn"] for one in filled("patient", "list", "gary_wang", "--name", "SMITH", "--json").json["items"]
    ] == ["P2"]
    first = filled("patient", "list", "gary_wang", "--limit", "1")
    assert first.out.splitlines()[-1] == "more: --after 'P1'"
    assert filled("patient", "list", "gary_wang", "--after", "P1", "--json").json["next"] is None
    unknown = filled("patient", "show", "gary_wang", "NONE-1")
    assert (unknown.status, "NONE-1" in unknown.err) == (2, False)


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_each_reading_command_prints_plain_text_in_a_pipe(
    filled: Shell, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process: fifteen starts of the interpreter would say no more.
    monkeypatch.chdir(filled.folder)
    monkeypatch.setattr(sys, "argv", ["webautodash", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.err) == (0, "")
    assert said.out.strip()
    assert "\x1b" not in said.out


def test_a_name_that_commands_the_terminal_is_shown_harmless(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1", name="\x1b[2J\x9b1mEvil [bold]\nRow")))
    shell("ingest")
    out = shell("patient", "list", "gary_wang").out
    assert "�[2J�1mEvil [bold] Row" in out
    assert len(out.splitlines()) == 2


def test_the_log_is_filtered(filled: Shell) -> None:
    entries = filled("log", "--level", "warning", "--provider", "Gary Wang", "--since", "1h", "--json").json
    assert {one["level"] for one in entries} == {"WARNING"}
    assert [one["event"] for one in filled("log", "--component", "providers", "--json").json] == ["provider_registered"]
    assert filled("log", "--since", "2999-01-01").out == "no entries\n"
    assert filled("log", "--since", "soon").status == filled("log", "--since", "999999d").status == 2


def test_migrations_say_that_there_is_nothing_to_do(filled: Shell) -> None:
    assert filled("migrate", "up").out == "2 databases, all at head; nothing to do\n"
    assert [one["state"] for one in filled("migrate", "current", "--json").json] == ["at head", "at head"]
    assert [one["differences"] for one in filled("migrate", "check", "--provider", "gary_wang", "--json").json] == [[]]


def test_a_database_that_is_gone_is_a_problem_that_is_named(shell: Shell) -> None:
    _fill(shell)
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


def test_setup_asks_and_with_auto_does_not(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1")))
    unanswered = shell("setup")
    assert (unanswered.status, "say --auto" in unanswered.err) == (2, True)
    refused = shell("setup", stdin="n\n")
    assert (refused.status, (shell.folder / "webautodash-data").exists()) == (1, False)
    empty = shell("setup", stdin="y\nn\n")
    assert (empty.status, "created webautodash_system" in empty.out) == (0, True)
    assert shell("provider", "list", "--json").json == []
    done = shell("setup", "--auto", "--json")
    assert (done.status, done.json["registered"], done.json["created_system"]) == (0, ["gary_wang"], False)
    assert [one["state"] for one in done.json["report"]["files"]] == ["ingested"]
    assert "webautodash ingest" in shell("setup", "--auto").out.split("Next:")[1]


@pytest.mark.parametrize(
    ("environment", "status", "text"),
    [
        ({"WEBAUTODASH_DB_HOST": "127.0.0.1", "WEBAUTODASH_DB_PORT": "1"}, 3, "cannot reach the database server"),
        ({"WEBAUTODASH_DB_PORT": "many"}, 2, "WEBAUTODASH_DB_PORT"),
        ({"WEBAUTODASH_DATABASE_URL": "postgresql://u:hush@h/"}, 2, "must begin with mysql+pymysql://"),
    ],
)
def test_a_server_out_of_reach_and_a_wrong_setting_have_their_status(
    shell: Shell, environment: dict[str, str], status: int, text: str
) -> None:
    done = shell("stats", **environment)
    assert (done.status, done.out, len(done.err.splitlines())) == (status, "", 1)
    assert text in done.err
    assert "hush" not in done.err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["stats", "--nonsense"], ["conflict"], ["conflict", "show", "x", "y"]]
)
def test_wrong_use_is_one_line_and_status_2(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert done.err.startswith("error: ")


def test_help_is_fast_and_names_every_command(shell: Shell) -> None:
    start = time.monotonic()
    done = shell("--help")
    assert time.monotonic() - start < 1  # 0.1 s on an idle machine
    assert done.status == 0
    for name in ("setup", "ingest", "provider", "patient", "conflict", "set-aside", "stats", "log", "migrate"):
        assert f"\n  {name} " in done.out
        assert shell(name, "--help").status == 0


def test_an_unexpected_error_says_its_type_and_no_value(shell: Shell) -> None:
    (shell.folder / "sitecustomize.py").write_text(
        "import webautodash.services.store as store\n"
        "def broken(*_):\n    raise KeyError('PRN-4711')\n"
        "store.Store.open = broken\n"
    )
    path = os.pathsep.join([str(shell.folder), shell.environment["PYTHONPATH"]])
    done = shell("stats", PYTHONPATH=path)
    assert (done.status, done.err) == (
        1,
        "error: unexpected KeyError; run again with --debug to see where\n",
    )
    debugged = shell("stats", "--debug", PYTHONPATH=path)
    assert "sitecustomize.py" in debugged.err
    assert "4711" not in debugged.err.replace("raise KeyError('PRN-4711')", "")


def test_an_interrupt_ends_with_130(shell: Shell) -> None:
    os.mkfifo(shell.folder / "pipe")
    process = subprocess.Popen(
        [*COMMAND, "set-aside", "retry", "gary_wang", "1", "--with", "pipe"],
        cwd=shell.folder,
        env=shell.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    # The other end can be opened once the command reads: it is at work then.
    deadline = time.monotonic() + 20
    writer = None
    while writer is None:
        assert process.poll() is None
        assert time.monotonic() < deadline
        with suppress(OSError):
            writer = os.open(shell.folder / "pipe", os.O_WRONLY | os.O_NONBLOCK)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    os.close(writer)
    assert (process.returncode, err) == (130, "interrupted\n")


def test_a_reader_that_has_had_enough_is_no_error(filled: Shell) -> None:
    process = subprocess.Popen(
        [*COMMAND, "patient", "show", "gary_wang", "P1", "--json"],
        cwd=filled.folder,
        env=filled.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert (process.stderr.read(), process.wait(20)) == (b"", 0)
    process.stderr.close()


@pytest.mark.parametrize("no_color", ["", "1"])
def test_progress_and_colour_are_for_terminals_that_want_them(shell: Shell, no_color: str) -> None:
    shell.drop(a_file(a_patient("P1")))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "ingest"],
        cwd=shell.folder,
        env=shell.environment | {"NO_COLOR": no_color, "TERM": "xterm-256color", "COLUMNS": "60"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    assert process.wait(20) == 0
    assert b"files, " in shown
    assert (b"\x1b[32m" in shown) is not bool(no_color)
    # Too narrow for one table: the provider leads each part.
    assert shown.count(b"Gary Wang") == 3
