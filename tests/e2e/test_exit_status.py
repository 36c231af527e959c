"""Exit statuses of commands that fail."""

import os
import signal
import time
from contextlib import suppress

import pytest
from builders import a_file, a_patient
from local_server import wait_until
from shell import Shell


@pytest.mark.parametrize(
    ("environment", "status", "text"),
    [
        ({"WEBAUTODASH_DB_HOST": "127.0.0.1", "WEBAUTODASH_DB_PORT": "1"}, 3, "127.0.0.1"),
        ({"WEBAUTODASH_DB_PORT": "many"}, 2, "WEBAUTODASH_DB_PORT"),
        ({"WEBAUTODASH_DATABASE_URL": "postgresql://u:hush@h/"}, 2, "WEBAUTODASH_DATABASE_URL"),
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
    "arguments", [["ingest"], ["monitor"], ["monitor", "--once"], ["setup", "--auto"]], ids=" ".join
)
def test_a_results_folder_that_is_a_file_is_refused_by_the_settings_name(shell: Shell, arguments: list[str]) -> None:
    (shell.folder / "one.json").write_text("{}")
    done = shell(*arguments, WEBAUTODASH_RESULTS_DIR="one.json")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("error: WEBAUTODASH_RESULTS_DIR: one.json ")


def test_an_empty_setting_does_not_make_the_working_folder_the_results_folder(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1")))
    (shell.folder / "webautodash.env").write_text("WEBAUTODASH_RESULTS_DIR=\n")
    done = shell("ingest", "--json", WEBAUTODASH_RESULTS_DIR="")
    assert (done.status, [one["path"] for one in done.json["files"]]) == (0, ["gary_wang/first.json"])


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["stats", "--nonsense"], ["conflict"], ["conflict", "show", "x", "y"]]
)
def test_wrong_use_is_one_line_and_status_2(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert done.err.startswith("error: ")


def test_help_names_every_command(shell: Shell) -> None:
    done = shell("--help")
    assert done.status == 0
    reading = ("patient", "conflict", "set-aside", "stats", "log", "metrics", "doctor", "verify")
    for name in ("setup", "ingest", "provider", *reading, "alert", "migrate"):
        assert f"\n  {name} " in done.out
        assert shell(name, "--help").status == 0


def test_an_unexpected_error_shows_its_type_and_no_value(shell: Shell) -> None:
    (shell.folder / "sitecustomize.py").write_text(
        "import webautodash.services.store as store\n"
        "def broken(*_, **__):\n    raise KeyError('PRN-4711')\n"
        "store.Store.open = broken\n"
    )
    path = os.pathsep.join([str(shell.folder), shell.environment["PYTHONPATH"]])
    done = shell.in_a_new_process("stats", PYTHONPATH=path)
    assert (done.status, "KeyError" in done.err, "--debug" in done.err) == (1, True, True)
    debugged = shell.in_a_new_process("stats", "--debug", PYTHONPATH=path)
    assert "sitecustomize.py" in debugged.err
    assert "4711" not in debugged.err.replace("raise KeyError('PRN-4711')", "")


def test_an_interrupt_ends_with_130(shell: Shell) -> None:
    os.mkfifo(shell.folder / "pipe")
    writers: list[int] = []

    def is_read() -> bool:
        """The other end can be opened once the command reads."""
        with suppress(OSError):
            writers.append(os.open(shell.folder / "pipe", os.O_WRONLY | os.O_NONBLOCK))
        return bool(writers)

    with shell.started("set-aside", "retry", "gary_wang", "1", "--with", "pipe") as process:
        assert wait_until(lambda: process.poll() is not None or is_read())
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    for writer in writers:
        os.close(writer)
    assert (process.returncode, err) == (130, "interrupted\n")
