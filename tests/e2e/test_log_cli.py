"""The system log as a user calls it: as it grows, pruned, and on stderr for a collector."""

import json
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient
from shell import Shell, fill

from webautodash.config import Settings
from webautodash.domain.vocabulary import Level
from webautodash.repositories.system_log import LogRecord
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

SECRET = a_patient("PRN-4711", name="Zebulon Quirke", born="02/03/1951", medications=["Obscurimab 5 mg"])
SECRETS = ("Zebulon", "Quirke", "4711", "1951", "Obscurimab")
FIELDS = {"time", "level", "component", "event", "provider", "message"}


def _interrupted(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_followed_lines_appear_while_another_process_ingests(shell: Shell) -> None:
    shell.drop(a_file(SECRET))
    shell("ingest")
    with shell.started("log", "--follow", "--limit", "1") as process:
        assert process.stdout is not None
        heading, first = process.stdout.readline(), process.stdout.readline()
        assert heading.split() == ["id", "time", "level", "component", "event", "provider", "message"]
        assert first.rstrip().endswith("gary_wang/first.json: ingested")
        shell.drop(a_file(a_patient("Q1"), provider="John Doe"), "other.json", folder="john_doe")
        shell("ingest")
        lines = [process.stdout.readline() for _ in range(2)]
        assert [line.split()[4] for line in lines] == ["provider_registered", "file_ingested"]
        # Each column begins where its heading begins.
        assert {line.index(line.split()[4]) for line in (first, *lines)} == {heading.index("event")}
        assert _interrupted(process) == (130, "", "interrupted\n")


def test_with_json_each_entry_is_a_line_and_filters_hold(shell: Shell) -> None:
    shell("ingest")
    with shell.started("log", "-f", "--json", "--level", "warning", "--component", "ingest") as process:
        assert process.stdout is not None
        shell.drop(a_file(SECRET, a_patient(None, name="Zebulon Quirke")))
        shell("ingest")
        line = process.stdout.readline()
        entry = json.loads(line)
        assert (entry["event"], entry["provider"], entry["details"]["set_aside"]) == ("file_partial", "gary_wang", 1)
        assert [word for word in SECRETS if word in line] == []
        assert _interrupted(process)[:2] == (130, "")


def test_a_reader_that_has_had_enough_ends_it(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1")))
    shell("ingest")
    with shell.started("log", "--follow") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        shell.drop(a_file(a_patient("P2")), "second.json")
        shell("ingest")
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_following_is_for_the_end_of_the_log(filled: Shell) -> None:
    done = filled("log", "--follow", "--before", "3")
    assert (done.status, "--follow" in done.err, "--before" in done.err) == (2, True, True)


@pytest.fixture
def old(shell: Shell) -> Shell:
    """A store with three entries of a hundred days ago."""
    shell("ingest")
    at = datetime.now(UTC) - timedelta(days=100)
    settings = Settings.load(database_url=f"sqlite:///{shell.folder / 'webautodash-data'}", _env_file=None)
    with Store.open(settings) as store:
        SystemLogWriter(store.system).record_all(
            [LogRecord(at, Level.ERROR, "ingest", "old", str(n)) for n in range(3)]
        )
    return shell


def _events(shell: Shell) -> list[str]:
    return [one["event"] for one in shell("log", "--json").json]


def test_old_entries_are_pruned(old: Shell) -> None:
    assert _events(old) == ["old"] * 3
    would = old("log", "prune", "--older-than", "90d", "--dry-run", "--json").json
    assert (would["entries"], would["dry_run"], len(_events(old))) == (3, True, 3)
    unanswered = old("log", "prune", "--older-than", "90d")
    assert (unanswered.status, "--yes" in unanswered.err, len(_events(old))) == (2, True, 3)
    done = old("log", "prune", "--older-than", "90d", "--yes")
    assert (done.status, done.out.startswith("3 entries from before "), done.err) == (0, True, "")
    assert _events(old) == ["log_pruned"]
    assert old("log", "prune", "--older-than", "90d").out.startswith("0 entries from before ")


@pytest.mark.parametrize(("answer", "status", "left"), [("n", 1, 3), ("y", 0, 1)])
def test_pruning_asks_for_confirmation_at_a_terminal(old: Shell, answer: str, status: int, left: int) -> None:
    done = old.at_a_terminal(answer, "log", "prune", "--older-than", "90d")
    assert done.err.startswith("Delete 3 entries from before ")
    assert (done.status, len(_events(old))) == (status, left)


@pytest.mark.parametrize(
    "arguments", [["--older-than", "23h"], ["--older-than", "2999-01-01"], ["--older-than", "soon"], []]
)
def test_a_time_that_is_too_recent_or_invalid_is_refused(old: Shell, arguments: list[str]) -> None:
    assert (old("log", "prune", *arguments, "--yes").status, len(_events(old))) == (2, 3)


def test_a_filter_before_prune_deletes_nothing(old: Shell) -> None:
    done = old("log", "--provider", "gary_wang", "prune", "--older-than", "90d", "--yes")
    assert (done.status, "--provider" in done.err) == (2, True)
    assert len(_events(old)) == 3


@pytest.mark.parametrize("option", [["-q"], ["-v"], ["--debug"], ["--log-format", "json"]], ids=" ".join)
def test_shared_options_stand_before_and_behind_the_commands_of_the_log(old: Shell, option: list[str]) -> None:
    for arguments in ([*option, "log"], ["log", *option]):
        assert len(old(*arguments, "--json").json) == 3
    prune = ["prune", "--older-than", "90d", "--dry-run", "--json"]
    for arguments in (["log", *option, *prune], ["log", *prune, *option]):
        assert old(*arguments).json["entries"] == 3


def _lines(err: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in err.splitlines()]
    assert all(line.keys() - {"trace"} == FIELDS for line in lines)
    return lines


@pytest.mark.parametrize("before", [True, False])
def test_all_of_stderr_is_json_lines(shell: Shell, before: bool) -> None:
    shell.drop(a_file(SECRET, a_patient(None, name="Zebulon Quirke")), "new\n2024 ERROR forged\x1b[31m.json")
    shell.drop(b'{"extraction_metadata": {}, "extraction_results": ["Zebulon" "PRN-4711"', "broken.json")
    option = ["--log-format", "json"]
    done = shell(*option, "ingest", "--json") if before else shell("ingest", "--json", *option)
    assert (done.status, len(done.json["files"])) == (1, 2)
    lines = _lines(done.err)
    events = {line["event"]: line for line in lines if line["event"]}
    assert events["file_partial"]["level"] == "WARNING"
    assert events["file_partial"]["provider"] == "gary_wang"
    assert events["file_rejected"]["component"] == "ingest"
    assert datetime.fromisoformat(events["file_rejected"]["time"]).utcoffset() == timedelta(0)
    messages = [line["message"] for line in lines if line["component"] == "command"]
    assert messages[-1] == "problems: 1 rejected, 1 partial, of 2 files"
    assert "\x1b" not in done.err
    assert [word for word in SECRETS if word in done.err] == []


def test_quiet_writes_only_problems_as_json_lines(shell: Shell) -> None:
    fill(shell)
    lines = _lines(shell("ingest", "--quiet", "--log-format", "json").err)
    assert {line["level"] for line in lines} == {"WARNING"}
    assert {line["event"] for line in lines} == {"file_partial", "conflicts_found", None}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["stats"], 2), (["stats", "--nonsense"], 2), (["log", "--since", "soon"], 2), (["log", "--level", "loud"], 2)],
)
def test_an_error_is_a_json_line(shell: Shell, arguments: list[str], status: int) -> None:
    done = shell("--log-format", "json", *arguments)
    [line] = _lines(done.err)
    assert (done.status, done.out, line["level"], line["component"]) == (status, "", "ERROR", "command")
    assert line["message"].startswith("error: ")


def test_where_an_error_came_from_is_part_of_its_line(shell: Shell) -> None:
    lines = _lines(shell("stats", "--debug", "--log-format", "json").err)
    traced = [line for line in lines if "trace" in line]
    assert [line["message"] for line in traced][-1] == "NotSetUp"
    assert any("store.py" in part for part in traced[-1]["trace"])


def test_an_ingest_continues_where_its_json_log_cannot_be_written(shell: Shell) -> None:
    fill(shell)
    with Path("/dev/full").open("w") as full:
        done = shell.in_a_new_process("ingest", "--json", "--log-format", "json", stderr=full)
    assert (done.status, len(done.json["files"])) == (1, 2)


def test_the_log_format_is_text_by_default(filled: Shell) -> None:
    assert filled("log", "--log-format", "text").err == ""
    assert filled("log", "--log-format", "xml").status == 2
