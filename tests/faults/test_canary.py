"""Fifty values that nobody else has, in every field of a file, through every command and error: where they end up.

They belong into the provider's own database, and onto stdout of the commands that are there to show a patient.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from builders import Clinic, a_file
from forked import ForkedShell
from processes import spoken
from receivers import SECRET, Webhook
from shell import Done

from webautodash.cli.app import _COMMANDS
from webautodash.repositories import SystemTexts
from webautodash.services.migrate import History, before, head

MARKS = [f"Mk{n:02}Qz" for n in range(50)]
PRN, MEDICATION = MARKS[10], MARKS[29]
SHOWS_PATIENTS = {
    *(("patient", each) for each in ("list", "show", "history")),
    *(("conflict", each) for each in ("list", "show", "resolve")),
    *(("set-aside", each) for each in ("list", "show", "retry")),
}
"""Commands that a person calls to see a patient; what they show stands on stdout alone."""
_FORTY_MB = 40 << 20
_PATIENCE_SECONDS = 120


def _item(marks: Iterator[str], *fields: str) -> dict[str, str]:
    return {field: next(marks) for field in fields}


def _metadata(marks: Iterator[str]) -> dict[str, str]:
    """All but what says whose file it is."""
    return _item(
        marks, "job_id", "job_name", "extraction_mode", "portal_name", "target_url", "patient_identifier", "medication"
    )


def _patient(marks: Iterator[str], **other: Any) -> dict[str, Any]:
    """A marker in each field that the format has, in fields that it has not, and in their names."""
    unknown = next(marks)
    demographics = ("patient_name", "date_of_birth", "age", "gender", "first_name", "last_name", "phone", "email")
    filters = ("medication_name", "medication_strength", "start_date", "stop_date", "last_seen", "provider")
    return {
        "patient_id": next(marks),
        "patient_name": next(marks),
        "demographics_printable": _item(marks, "prn", *demographics, "address"),
        **_item(marks, *(f"filter_{each}" for each in filters), "summary_page_url"),
        "extraction_metadata": _item(marks, "extraction_method", "found_at"),
        "all_medications": [
            _item(marks, "medication_name", "medication_type", "medication_strength", "sig", "start_date", "stop_date")
            | _item(marks, "dates", "diagnosis")
        ],
        "all_diagnoses": [_item(marks, "diagnosis_text", "diagnosis_type", "acuity", "stop_date")],
        "all_allergies": [_item(marks, "allergen", "reaction", "severity", "notes"), next(marks)],
        "all_health_concerns": [_item(marks, "concern_text", "status", "priority")],
        unknown: {unknown: next(marks)},
        **other,
    }


def _files() -> dict[str, object]:
    """By their place below Results: good ones, one of each kind that is set aside or rejected, one for each error."""

    def patient(**other: Any) -> dict[str, Any]:
        marks = iter(MARKS)
        _metadata(marks)
        return _patient(marks, **other)

    def file(*patients: Any, at: str, provider: str = "Gary Wang") -> dict[str, Any]:
        return a_file(*patients, provider=provider, at=at, **_metadata(iter(MARKS)))

    whole = json.dumps(file(patient(), at="2024-06-01T00:00:00"))
    changed = patient(all_allergies=[MARKS[41]])
    changed["demographics_printable"] |= {"date_of_birth": "02/19/1988", "patient_name": MARKS[11] + "x"}
    other = patient()
    other["demographics_printable"]["prn"] = f"{PRN}-2"
    return {
        "gary_wang/a.json": file(patient(), other, at="2024-01-01T00:00:00"),
        "gary_wang/b.json": file(changed, other, at="2024-02-01T00:00:00"),
        "gary_wang/c.json": file(
            patient(demographics_printable=None),
            patient(all_medications=MEDICATION),
            patient(all_diagnoses=[[MARKS[29]]]),
            MARKS[9],
            patient(),
            patient(all_allergies=[]),
            at="2024-03-01T00:00:00",
        ),
        "gary_wang/cut.json": whole[: len(whole) // 2].encode(),
        "gary_wang/wrong.json": whole.replace(f'"{MEDICATION}"', MEDICATION).encode(),
        "gary_wang/utf16.json": whole.encode("utf-16"),
        "gary_wang/latin.json": whole.replace(MARKS[9], f"{MARKS[9]}\xe9").encode("latin-1"),
        "gary_wang/surrogate.json": whole.replace(MARKS[9], f"{MARKS[9]}\\ud800").encode(),
        "gary_wang/twice.json": whole.replace(f'"{MARKS[8]}"', f'"{MARKS[8]}", "patient_id": "{MARKS[8]}"', 1).encode(),
        "gary_wang/shape.json": json.dumps({"extraction_metadata": MARKS[0], "extraction_results": []}).encode(),
        "anna_keller/theirs.json": file(patient(), at="2024-01-01T00:00:00"),
        "broken/a.json": file(patient(), at="2024-01-01T00:00:00", provider="Broken"),
    }


def _calls(numbers: dict[str, str]) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """With which arguments each command is called; none may be missing."""
    wang, prn = "gary_wang", PRN
    back = str(before(History.PROVIDER, head(History.PROVIDER)))
    return {
        ("setup",): [("--auto",)],
        ("ingest",): [(), ("--rehash", "--workers", "2"), ("no-such-folder",)],
        ("monitor",): [("--once",)],
        ("status",): [()],
        ("file", "list"): [("--all",)],
        ("file", "retry"): [("gary_wang/wrong.json",)],
        ("file", "forget"): [("gary_wang/wrong.json",)],
        ("provider", "grant"): [("gary_wang", "--into", "accounts")],
        ("provider", "register"): [("Anna Keller",), ("Gary  Wang",), ("\u0441ar\u0443 Wang",)],
        ("provider", "list"): [()],
        ("provider", "show"): [(wang,)],
        ("provider", "alias"): [(wang, "Wang, Gary MD")],
        ("provider", "adopt"): [("no_such_database", "--dry-run")],
        ("patient", "list"): [(wang,), (wang, "--name", MARKS[9])],
        ("patient", "show"): [(wang, prn), (wang, MARKS[49])],
        ("patient", "history"): [(wang, prn), (wang, MARKS[49])],
        ("conflict", "list"): [(), (wang, "--all", "--prn", prn)],
        ("conflict", "show"): [(wang, numbers["conflict"]), (wang, "99999")],
        ("conflict", "resolve"): [(wang, numbers["conflict"], "--by", "Dr Wang", "--why", "looked at it")],
        ("set-aside", "list"): [(), (wang, "--all")],
        ("set-aside", "show"): [(wang, numbers["set_aside"])],
        ("set-aside", "retry"): [(wang, numbers["set_aside"])],
        ("stats",): [(), (wang,)],
        ("verify",): [(), ("--provider", wang)],
        ("alert", "test"): [()],
        ("alert", "list"): [()],
        ("alert", "send"): [()],
        ("alert", "retry"): [("1",)],
        ("alert", "forget"): [("1",)],
        ("log", "prune"): [("--older-than", "1d", "--dry-run")],
        ("log",): [("--limit", "1000")],
        ("metrics",): [(), ("--file", "metrics.prom")],
        ("migrate", "up"): [("--dry-run",), ()],
        ("migrate", "resume"): [("1",)],
        ("migrate", "history"): [(), ("1",)],
        ("migrate", "current"): [()],
        ("migrate", "sql"): [()],
        ("migrate", "check"): [()],
        ("migrate", "down"): [("--provider", wang, "--to", back, "--yes", "--accept-loss")],
        ("config", "show"): [()],
        ("doctor",): [(), ("--isolation", "--log", "metrics.prom")],
        ("demo-data",): [("demo", "--patients", "2", "--providers", "1")],
    }


def _commands() -> dict[tuple[str, ...], bool]:
    """Every command, and whether it can speak JSON."""
    found: dict[tuple[str, ...], bool] = {}
    for name, known in _COMMANDS.items():
        command: Any = typer.main.get_command(import_module(f"webautodash.cli.{known.module}").app)
        commands = {(name, each): one for each, one in getattr(command, "commands", {}).items()}
        if not commands or command.invoke_without_command:
            commands[(name,)] = command
        for words, one in commands.items():
            found[words] = any("--json" in parameter.opts for parameter in one.params)
    return found


def _marks_in(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


class _Canary:
    """A store full of markers, the command, and all that was said where it must not be."""

    def __init__(self, clinic: Clinic, url: str, folder: Path, webhook: Webhook) -> None:
        self.clinic, self.webhook = clinic, webhook
        self.shell = ForkedShell(folder)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.shell.environment |= {
            "TMPDIR": str(self.temporary),
            "WEBAUTODASH_DATABASE_URL": url,
            "WEBAUTODASH_DATABASE_PREFIX": clinic.settings.database_prefix,
            "WEBAUTODASH_RESULTS_DIR": str(clinic.results),
            "WEBAUTODASH_ALERT_ON": "conflict rejected held set_aside behind silent",
            "WEBAUTODASH_ALERT_INTERVAL": "0",
            "WEBAUTODASH_ALERT_WEBHOOK_URL": webhook.url,
            "WEBAUTODASH_ALERT_WEBHOOK_SECRET": SECRET,
        }

    def call(self, words: tuple[str, ...], arguments: tuple[str, ...], *options: str) -> Done:
        """Run a command. What its purpose is to show it may show, on stdout alone."""
        done = spoken([*words, *arguments, *options], self.shell.folder, self.shell.environment, _PATIENCE_SECONDS)
        typed = [mark for mark in MARKS if any(mark in argument for argument in arguments)]
        assert [mark for mark in _marks_in(done.err) if mark not in typed] == [], (words, arguments, options)
        if words not in SHOWS_PATIENTS:
            assert _marks_in(done.out) == [], (words, arguments, options)
        assert list(self.temporary.iterdir()) == []
        return done

    def system_texts(self) -> str:
        """All that stands in the system database."""
        with self.clinic.store.system.reading() as session:
            return repr(list(SystemTexts(session).all()))


@pytest.fixture
def canary(clinic: Clinic, server_url: str, tmp_path: Path) -> Iterator[_Canary]:
    """Every file taken, one provider's database damaged, the last file of which fails."""
    (folder := tmp_path / "shell").mkdir()
    webhook = Webhook()
    canary = _Canary(clinic, server_url, folder, webhook)
    clinic.ingest(a_file(provider="Broken"), "broken", "first.json")
    clinic.ingest(a_file(provider="Anna Keller"), "anna_keller", "first.json")
    database = clinic.store.server.database(f"{clinic.settings.database_prefix}broken")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE medications")
    for place, content in _files().items():
        where, name = place.split("/")
        clinic.drop(content, where, name)
    yield canary
    webhook.down()


def test_the_markers_are_in_every_field() -> None:
    used = json.dumps(_files()["gary_wang/a.json"])
    assert _marks_in(used) == MARKS


def test_every_command_is_called() -> None:
    assert set(_calls({"conflict": "1", "set_aside": "1"})) == set(_commands())


@pytest.mark.slow
def test_no_command_and_no_error_lets_a_value_out(canary: _Canary) -> None:
    first = canary.call(("ingest",), (), "--debug", "--log-format", "json")
    assert first.status == 1
    for place in ("cut", "wrong", "utf16", "latin", "twice", "shape"):
        assert f"gary_wang/{place}.json" in first.out + first.err
    assert "broken/a.json" in first.out + first.err
    # They are where they belong.
    assert [row["prn"] for row in canary.clinic.rows("patients")] == [PRN, f"{PRN}-2"]
    numbers = {
        "conflict": str(canary.clinic.rows("data_conflicts")[0]["id"]),
        "set_aside": str(canary.clinic.rows("set_aside_patients")[0]["id"]),
    }
    shown = ""
    speaks_json = _commands()
    for words, calls in _calls(numbers).items():
        for arguments in calls:
            shown += canary.call(words, arguments, "--debug").out
            if speaks_json[words]:
                done = canary.call(words, arguments, "--json", "--verbose")
                shown += done.out
    assert len(_marks_in(shown)) > 20
    assert _marks_in(canary.system_texts()) == []
    sent = [request.body for request in canary.webhook.requests]
    assert {alert["kind"] for alert in canary.webhook.alerts} >= {"conflict", "rejected", "set_aside"}
    assert _marks_in(repr(sent)) == []
    outside = [path for path in canary.shell.folder.rglob("*") if path.is_file()]
    assert (canary.shell.folder / "metrics.prom") in outside
    assert [path.name for path in outside if _marks_in(path.read_text(errors="replace"))] == []


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_of_patients_are_for_their_owner_while_they_are_worked_on(canary: _Canary) -> None:
    """A large file has a private copy: nobody finds it, and nobody else could read it."""
    marks = iter(MARKS)
    content = json.dumps(a_file(_patient(marks), provider="Gary Wang", patient_identifier=MARKS[5])).encode()
    padded = content.replace(b'"extraction_results": [', b'"extraction_results": [' + b" " * _FORTY_MB)
    assert len(padded) > _FORTY_MB
    canary.clinic.drop(padded, name="large.json")
    names: set[str] = set()
    copies: dict[str, int] = {}
    titles: set[str] = set()
    done = threading.Event()
    previous = os.umask(0)
    try:
        with canary.shell.started("ingest", str(canary.clinic.results / "gary_wang")) as process:

            def watch() -> None:
                while not done.is_set():
                    names.update(path.name for path in canary.temporary.iterdir())
                    for handle in Path(f"/proc/{process.pid}/fd").glob("*"):
                        try:
                            where = os.readlink(handle)  # noqa: PTH115  # of what has no path any more
                            if where.startswith(str(canary.temporary)):
                                copies[where] = stat.S_IMODE(os.stat(handle).st_mode)  # noqa: PTH116
                            titles.add(Path(f"/proc/{process.pid}/cmdline").read_text())
                        except OSError:
                            continue
                    time.sleep(0.002)

            watcher = threading.Thread(target=watch)
            watcher.start()
            out, err = process.communicate(timeout=120)
            done.set()
            watcher.join(10)
    finally:
        os.umask(previous)
    assert process.returncode == 1, err
    assert _marks_in(out + err) == []
    assert copies
    assert set(copies.values()) == {0o600}
    assert names == set()
    assert titles
    assert _marks_in("".join(titles)) == []
    folder = canary.clinic.store.server.folder
    assert folder is not None
    modes = _modes(folder)
    assert modes.pop(folder.name) == 0o700
    assert len(modes) >= 4
    assert set(modes.values()) == {0o600}
