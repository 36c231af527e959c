"""The commands in advice, copied from an error line and run."""

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import a_file, a_patient
from shell import Done, Shell

VALUES = {"TIME": "2024-02-04T09:00:00", "NAME": "Ann", "TEXT": "a wrong clock"}


def run_advised(shell: Shell, done: Done, command: str) -> Done:
    """Run a command that an error line advises; words in capitals stand for values."""
    (line,) = re.findall(rf"webautodash ({command} [^;\n]*)", done.err)
    return shell(*(VALUES.get(word, word) for word in shlex.split(line)))


def held_as_future_time(shell: Shell) -> Done:
    later = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S")
    shell.drop(a_file(a_patient("P1"), at=later), "-x.json", folder="")
    return shell("ingest")


def held_as_stored_elsewhere(shell: Shell) -> Done:
    content = a_file(a_patient("P1"), provider=None)
    shell.drop(content, folder="gary_wang")
    assert shell("ingest").status == 0
    shell.drop(content, "-x.json", folder="-ann_bee")
    return shell("ingest")


def held_as_suspicious(shell: Shell) -> Done:
    people = [a_patient(f"P{number}", medications=["Xanax"]) for number in range(61)]
    for day in (1, 2, 3):
        shell.drop(a_file(*people, provider=None, at=f"2024-01-0{day}T09:00:00"), f"{day}.json", folder="-ann_bee")
    assert shell("ingest").status == 0
    shell.drop(a_file(*people[:20], provider=None, at="2024-01-04T09:00:00"), "-x.json", folder="-ann_bee")
    return shell("ingest")


@pytest.mark.parametrize(
    ("kind", "held"),
    [
        ("future_time", held_as_future_time),
        ("stored_elsewhere", held_as_stored_elsewhere),
        ("suspicious", held_as_suspicious),
    ],
)
def test_the_advised_acceptance_stores_a_file_whose_path_begins_with_a_dash(shell: Shell, kind: str, held: Any) -> None:
    refused = held(shell)
    assert (refused.status, f"[{kind}]" in refused.err) == (1, True)
    assert f"{kind}: if the file is right: webautodash file accept" in shell("file", "list").out
    assert run_advised(shell, refused, "file accept").status == 0
    assert shell("file", "list", "--json").json["items"] == []


def test_the_advised_ingest_reads_a_file_whose_name_begins_with_a_dash(shell: Shell) -> None:
    path = shell.drop(b"{", "-x.json", folder="..")
    assert shell("ingest", "--", "-x.json").status == 1
    path.write_text(json.dumps(a_file(a_patient("P1"))))
    refused = shell("file", "retry", "--", "-x.json")
    assert refused.status == 2
    assert run_advised(shell, refused, "ingest").status == 0


def test_the_advised_correction_of_a_time_is_accepted(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1"), at="01/01/2099", note="extracted_at"))
    assert shell("ingest").status == 0
    found = shell("doctor", "--json").json["findings"]
    (advice,) = [one["cure"] for one in found if one["code"] == "session.unread_time"]
    assert run_advised(shell, Done(0, "", advice), "session set-time").status == 0


@pytest.mark.parametrize("arguments", [["up", "--dry-run"], ["sql"], ["up"], ["current"], ["check"]])
def test_a_database_that_cannot_be_migrated_is_reported_with_advice(shell: Shell, arguments: list[str]) -> None:
    shell.drop(a_file(a_patient("P1")))
    assert shell("ingest").status == 0
    for path in shell.folder.rglob("webautodash_gary_wang.db*"):
        path.unlink()
    refused = shell("migrate", *arguments, "--json")
    assert refused.status == 1
    assert "webautodash provider register" in refused.err
    if arguments in (["up", "--dry-run"], ["sql"]):
        (one,) = refused.json["refused"]
        assert (one["database"], one["error_kind"]) == ("webautodash_gary_wang", "database_missing")
        assert refused.json["problems"] == [one["error"]]


def test_the_history_of_a_failed_run_gives_the_advice_again(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1")))
    assert shell("ingest").status == 0
    for path in shell.folder.rglob("webautodash_gary_wang.db*"):
        path.unlink()
    failed = shell("migrate", "up")
    assert failed.status == 1
    shown = shell("migrate", "history", "1")
    for advice in ("webautodash provider register NAME", "webautodash migrate resume 1"):
        assert advice in failed.err
        assert advice in shown.err
