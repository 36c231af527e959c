"""The output of commands on stdout and stderr, also where it cannot be written."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from builders import a_file, a_patient
from shell import COMMAND, Done, Shell, fill

from webautodash.cli import main

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
    ["status"],
]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_each_reading_command_prints_one_json_document(filled: Shell, arguments: list[str]) -> None:
    done = filled(*arguments, "--json")
    assert (done.status, done.err) == (0, "")
    assert done.json


@pytest.mark.parametrize("arguments", READING[::3], ids=" ".join)
def test_a_reading_command_creates_nothing_without_a_store(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments, "--json")
    assert (done.status, done.out) == (2, "")
    assert "webautodash setup" in done.err
    assert [path.name for path in shell.folder.iterdir()] == ["Results"]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_each_reading_command_prints_plain_text_in_a_pipe(
    filled: Shell, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process, because it saves many starts of the interpreter.
    monkeypatch.chdir(filled.folder)
    monkeypatch.setattr(sys, "argv", ["webautodash", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (0, "")
    assert out.strip()
    assert "\x1b" not in out


def test_quiet_prints_problems_only(shell: Shell) -> None:
    fill(shell)
    done = shell("ingest", "--quiet")
    assert (done.status, done.out) == (1, "")
    assert len(done.err.splitlines()) == 2
    assert shell("-q", "ingest") == Done(0, "", "")
    # Only --verbose shows the line of the log as well.
    shell.drop(b"{]", "broken.json")
    rejected = shell("-q", "ingest")
    assert [line.split(":")[0] for line in rejected.err.splitlines()] == ["rejected", "problems"]


def test_verbose_puts_the_log_on_stderr(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1")))
    done = shell("ingest", "--verbose", "--json")
    assert "registered Gary Wang" in done.err
    assert done.json["problems"] is False


@pytest.mark.parametrize("option", ["--verbose", "--debug"])
def test_a_files_name_neither_forges_a_line_of_the_log_nor_commands_the_terminal(shell: Shell, option: str) -> None:
    shell.drop(a_file(a_patient("P1")), "new\n2024-01-01 ERROR forged\x1b[31m.json")
    done = shell("ingest", option)
    assert (done.status, "\x1b" in done.err) == (0, False)
    [line] = [line for line in done.err.splitlines() if "forged" in line]
    assert "new�2024-01-01 ERROR forged�[31m.json: " in line


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


def test_a_name_that_commands_the_terminal_is_shown_harmless(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1", name="\x1b[2J\x9b1mEvil [bold]\nRow")))
    shell("ingest")
    out = shell("patient", "list", "gary_wang").out
    assert "�[2J�1mEvil [bold] Row" in out
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["stats"],
        ["ingest", "--help"],
        *(
            pytest.param(arguments, marks=pytest.mark.ci)
            for arguments in (["patient", "show", "gary_wang", "P1", "--json"], ["log"], ["--version"])
        ),
    ],
    ids=" ".join,
)
def test_output_that_cannot_be_written_is_one_line_and_status_1(filled: Shell, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = filled.in_a_new_process(*arguments, stdout=full)
    assert done.err.splitlines()[-1].endswith("No space left on device")
    assert done.status == 1


def test_work_continues_where_stderr_cannot_be_written(shell: Shell) -> None:
    fill(shell)
    with Path("/dev/full").open("w") as full:
        done = shell.in_a_new_process("ingest", "--json", stderr=full)
    assert (done.status, len(done.json["files"])) == (1, 2)


def test_a_closed_stdout_is_no_error(filled: Shell) -> None:
    with filled.started("patient", "show", "gary_wang", "P1", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert (process.stderr.read(), process.wait(60)) == ("", 0)


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
    assert process.wait(60) == 0
    assert b"files, " in shown
    assert (b"\x1b[32m" in shown) is not bool(no_color)
    # Too narrow for one table: the provider leads each part.
    assert shown.count(b"Gary Wang") == 3
