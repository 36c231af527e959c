"""Fifty marked values, in every field of a file, through every command and error: where they end up.

They belong in the provider's own database, and on stdout of the commands that show patients.
"""

import json
import os
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from alert_receivers import SECRET, Webhook
from builders import Clinic, a_file
from contents import everything
from local_server import connect
from selection import backends
from shell import Done, ForkedShell, file_limit, run_forked
from sqlalchemy import make_url

from webautodash.cli.app import _COMMANDS
from webautodash.services.revisions import SchemaHistory, head, previous

MARKS = [f"Mk{n:02}Qz" for n in range(50)]
PRN, MEDICATION = MARKS[10], MARKS[29]
SHOWS_PATIENTS = {
    *(("patient", each) for each in ("list", "show", "history")),
    *(("conflict", each) for each in ("list", "show", "resolve")),
    *(("session", each) for each in ("list", "show")),
    *(("set-aside", each) for each in ("list", "show", "retry", "accept")),
    ("incomplete",),
    ("coverage",),
    *(("profile", each) for each in ("test", "new")),
}
"""Commands that show patients or the criteria of a file, on stdout alone."""
_FORTY_MB = 40 << 20
_TIMEOUT_SECONDS = 120
_IMPATIENT = {"LOCK_SECONDS": "1", "READ_TIMEOUT": "6", "CONNECT_TIMEOUT": "2", "RETRY_ATTEMPTS": "100"}
_IMPATIENT = {f"WEBAUTODASH_{name}": value for name, value in {**_IMPATIENT, "RETRY_SECONDS": "0.01"}.items()}


def _item(marks: Iterator[str], *fields: str) -> dict[str, str]:
    return {field: next(marks) for field in fields}


def _metadata(marks: Iterator[str]) -> dict[str, str]:
    """The metadata except the name of the provider."""
    return _item(
        marks, "job_id", "job_name", "extraction_mode", "portal_name", "target_url", "patient_identifier", "medication"
    )


def _patient(marks: Iterator[str], **other: Any) -> dict[str, Any]:
    """A marker in each field of the format, in unknown fields, and in the names of unknown fields."""
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
        f"{unknown}s": [{unknown: unknown, "name": unknown, "value": unknown, "date": unknown}, unknown],
        **other,
    }


def _files() -> dict[str, object]:
    """By path below Results: good files, one of each kind that is set aside or rejected, one for each error."""

    def patient(**other: Any) -> dict[str, Any]:
        marks = iter(MARKS)
        _metadata(marks)
        return _patient(marks, **other)

    def file(*patients: Any, at: str, provider: str = "Gary Wang") -> dict[str, Any]:
        return a_file(*patients, provider=provider, at=at, **_metadata(iter(MARKS)))

    whole = json.dumps(file(patient(), at="2024-06-01T00:00:00"))
    changed = patient(all_allergies=[MARKS[41]])
    changed["demographics_printable"] |= {"date_of_birth": "02/19/1988", "phone": MARKS[17] + "x", MARKS[9]: MARKS[10]}
    other = patient()
    other["demographics_printable"]["prn"] = f"{PRN}-2"
    other_prn = {"demographics_printable": other["demographics_printable"]}
    stranger = {"patient_name": MARKS[11] + "x", "date_of_birth": "02/19/1988"}
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
            patient(**{MARKS[9]: [[MARKS[9]]]}),
            patient(lab_results=[MARKS[9], True]),
            at="2024-03-01T00:00:00",
        ),
        "gary_wang/d.json": file(
            patient(extraction_status=MARKS[30], extraction_error=f"timeout at {MARKS[9]}"),
            {key: value for key, value in patient().items() if not isinstance(value, list)} | other_prn,
            at="2024-04-01T00:00:00",
        ),
        "gary_wang/e.json": file(
            patient(demographics_printable=other["demographics_printable"] | stranger), at="2024-05-01T00:00:00"
        ),
        "gary_wang/cut.json": whole[: len(whole) // 2].encode(),
        "gary_wang/wrong.json": whole.replace(f'"{MEDICATION}"', MEDICATION).encode(),
        "gary_wang/utf16.json": whole.encode("utf-16"),
        "gary_wang/latin.json": whole.replace(MARKS[9], f"{MARKS[9]}\xe9").encode("latin-1"),
        "gary_wang/surrogate.json": whole.replace(MARKS[9], f"{MARKS[9]}\\ud800").encode(),
        "gary_wang/twice.json": whole.replace(f'"{MARKS[8]}"', f'"{MARKS[8]}", "patient_id": "{MARKS[8]}"', 1).encode(),
        "gary_wang/shape.json": json.dumps({"extraction_metadata": MARKS[0], "extraction_results": []}).encode(),
        "gary_wang/failed.json": {"status": "error", "error": MARKS[9], "extraction_metadata": {"job_name": MARKS[9]}},
        "gary_wang/bare.json": [patient(), {"patient_id": MARKS[8], MARKS[9]: [[MARKS[9]]]}],
        "gary_wang/future.json": file(patient(), at="2999-01-01T00:00:00"),
        "anna_keller/theirs.json": file(patient(), at="2024-01-01T00:00:00"),
        "broken/a.json": file(patient(), at="2024-01-01T00:00:00", provider="Broken"),
    }


def _calls(numbers: dict[str, str]) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """The arguments with which each command is called; no command may be missing."""
    wang, prn, signed = "gary_wang", PRN, ("--by", "Dr Wang", "--why", MARKS[9])
    back = str(previous(SchemaHistory.PROVIDER, head(SchemaHistory.PROVIDER)))
    return {
        ("setup",): [("--auto",)],
        ("ingest",): [(), ("--rehash", "--workers", "2"), ("no-such-folder",)],
        ("monitor",): [("--once",)],
        ("status",): [()],
        ("file", "list"): [("--all",)],
        ("file", "retry"): [("gary_wang/wrong.json",)],
        ("file", "accept"): [
            ("gary_wang/future.json", "--extracted-at", "2024-02-15T00:00:00", "--by", "Dr Wang", "--why", MARKS[9])
        ],
        ("file", "forget"): [("gary_wang/wrong.json",)],
        ("root", "list"): [()],
        ("root", "add"): [("other", "no-such-folder")],
        ("root", "move"): [("other", "another-folder"), ("unknown", "another-folder")],
        ("root", "remove"): [("other",), ("default",)],
        ("provider", "grant"): [("gary_wang", "--into", "accounts")],
        ("provider", "register"): [("Anna Keller",), ("Gary  Wang",), ("\u0441ar\u0443 Wang",)],
        ("provider", "list"): [()],
        ("provider", "show"): [(wang,)],
        ("provider", "alias"): [(wang, "Wang, Gary MD")],
        ("provider", "adopt"): [("no_such_database", "--dry-run")],
        ("patient", "list"): [
            (wang,),
            (wang, "--name", MARKS[9]),
            (wang, "--medication", MARKS[9], "--born", MARKS[9]),
        ],
        ("patient", "show"): [(wang, prn), (wang, MARKS[49])],
        ("patient", "history"): [(wang, prn), (wang, MARKS[49])],
        ("conflict", "list"): [(), (wang, "--all", "--prn", prn)],
        ("conflict", "show"): [(wang, numbers["conflict"]), (wang, "99999")],
        ("conflict", "resolve"): [(wang, numbers["conflict"], "--by", "Dr Wang", "--why", "looked at it")],
        ("set-aside", "list"): [(), (wang, "--all")],
        ("set-aside", "show"): [(wang, numbers["set_aside"])],
        ("set-aside", "retry"): [(wang, numbers["set_aside"]), (wang, numbers["failed"])],
        ("set-aside", "accept"): [(wang, numbers["failed"], "--by", "Dr Wang", "--why", "looked at it")],
        ("incomplete",): [(), (wang,)],
        ("set-aside", "review-stored"): [(*signed, "--dry-run"), (wang, *signed), (wang, *signed, "--undo")],
        ("session", "list"): [(), (wang,), (wang, "--medication", MEDICATION), (wang, "--from", MARKS[9])],
        ("session", "show"): [(wang, "1"), (wang, "99999")],
        ("session", "set-time"): [(wang, "1", "2024-02-10T00:00:00", *signed), (wang, "1", MARKS[9], *signed)],
        ("coverage",): [
            (wang, "--medication", MEDICATION, "--from", "2020-01-01", "--to", "2024-12-31", *patient)
            for patient in ((), ("--prn", prn), ("--prn", MARKS[49]))
        ],
        ("profile", "list"): [()],
        ("profile", "show"): [("epic_mychart",), (MARKS[9],)],
        ("profile", "test"): [("Results/gary_wang/a.json",), ("Results/gary_wang/cut.json",), (MARKS[9],)],
        ("profile", "new"): [("--from", "Results/gary_wang/a.json"), ("--from", "Results/gary_wang/cut.json")],
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
    """Every command, and whether it has the option --json."""
    found: dict[tuple[str, ...], bool] = {}
    for name in _COMMANDS:
        command: Any = typer.main.get_command(import_module(f"webautodash.cli.{name.replace('-', '_')}").app)
        commands = {(name, each): one for each, one in getattr(command, "commands", {}).items()}
        if not commands or command.invoke_without_command:
            commands[(name,)] = command
        for words, one in commands.items():
            found[words] = any("--json" in parameter.opts for parameter in one.params)
    return found


def _marks_in(text: str) -> list[str]:
    # Values are compared in folded case, so a leaked one may be folded.
    folded = text.casefold()
    return [mark for mark in MARKS if mark.casefold() in folded]


class _Canary:
    """A store full of markers and the command; it checks that no output has a marker where it must not be."""

    def __init__(self, clinic: Clinic, url: str, folder: Path, webhook: Webhook) -> None:
        self.clinic, self.url, self.webhook = clinic, url, webhook
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

    def call(self, words: tuple[str, ...], arguments: tuple[str, ...], *options: str, **settings: str) -> Done:
        """Run a command. Commands that show patients may show markers, on stdout alone."""
        environment = self.shell.environment | settings
        done = run_forked([*words, *arguments, *options], self.shell.folder, environment, _TIMEOUT_SECONDS)
        return self.checked(done, words, arguments, *options)

    def checked(self, done: Done, words: tuple[str, ...], arguments: tuple[str, ...], *options: str) -> Done:
        """Check the output of a command."""
        typed = [mark for mark in MARKS if any(mark in argument for argument in arguments)]
        assert [mark for mark in _marks_in(done.err) if mark not in typed] == [], (words, arguments, options)
        if words not in SHOWS_PATIENTS:
            assert _marks_in(done.out) == [], (words, arguments, options)
        assert list(self.temporary.iterdir()) == []
        return done

    def system_texts(self) -> str:
        """All values of the system database, read without the code that the program searches it with."""
        found = everything(self.clinic.settings, "system")
        assert found["system_logs"]
        return repr(found)


@pytest.fixture
def fresh_canary(clinic: Clinic, server_url: str, tmp_path: Path) -> Iterator[_Canary]:
    """An empty store."""
    (folder := tmp_path / "shell").mkdir()
    webhook = Webhook()
    yield _Canary(clinic, server_url, folder, webhook)
    webhook.down()


@pytest.fixture
def canary(fresh_canary: _Canary) -> _Canary:
    """All files, of which none is ingested yet; the database of one provider is damaged."""
    clinic = fresh_canary.clinic
    clinic.ingest(a_file(provider="Broken"), "broken", "first.json")
    clinic.ingest(a_file(provider="Anna Keller"), "anna_keller", "first.json")
    clinic.execute("DROP TABLE medications", "broken")
    for place, content in _files().items():
        where, name = place.split("/")
        clinic.drop(content, where, name)
    return fresh_canary


@pytest.fixture
def troubled(fresh_canary: _Canary) -> _Canary:
    """One ingested file of a provider, and another one, full of markers, that will meet trouble."""
    fresh_canary.shell.environment |= _IMPATIENT
    clinic, files = fresh_canary.clinic, _files()
    assert str(clinic.ingest(files["gary_wang/a.json"], name="a.json").state) == "ingested"
    clinic.drop(files["gary_wang/b.json"], name="b.json")
    return fresh_canary


def _file(canary: _Canary) -> Path:
    folder = canary.clinic.store.server.folder
    assert folder is not None
    return folder / f"{canary.clinic.database_name()}.db"


@contextmanager
def _locked_file(canary: _Canary) -> Iterator[dict[str, str]]:
    with closing(sqlite3.connect(_file(canary), isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        yield {}


@contextmanager
def _file_that_is_no_database(canary: _Canary) -> Iterator[dict[str, str]]:
    canary.clinic.store.close()
    kept = _file(canary).read_bytes()
    _file(canary).write_bytes(b"no database any more".ljust(4096) + kept[4096:])
    yield {}
    _file(canary).write_bytes(kept)


@contextmanager
def _file_with_garbage(canary: _Canary) -> Iterator[dict[str, str]]:
    """Overwrite the first page of a table."""
    canary.clinic.store.close()
    kept = _file(canary).read_bytes()
    with closing(sqlite3.connect(_file(canary))) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'medications'").fetchone()
    with _file(canary).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    yield {}
    for part in _file(canary).parent.glob(f"{_file(canary).name}-*"):
        part.unlink()
    _file(canary).write_bytes(kept)


@contextmanager
def _locked_rows(canary: _Canary) -> Iterator[dict[str, str]]:
    """Let another transaction store the same patients."""
    with connect(canary.url) as another, another.cursor() as cursor:
        another.begin()
        cursor.execute(f"SELECT * FROM {canary.clinic.database_name()}.patients FOR UPDATE")
        yield {}
        another.rollback()


@contextmanager
def _another_index(canary: _Canary) -> Iterator[dict[str, str]]:
    """A server names the duplicate value."""
    canary.clinic.execute("ALTER TABLE patient_extractions ADD UNIQUE INDEX once (prn)")
    yield {}
    canary.clinic.execute("ALTER TABLE patient_extractions DROP INDEX once")


@contextmanager
def _a_number_for_a_text(canary: _Canary) -> Iterator[dict[str, str]]:
    """A server names the value that does not fit."""
    canary.clinic.execute("DELETE FROM medications")
    canary.clinic.execute("ALTER TABLE medications MODIFY medication_name INT")
    yield {}
    canary.clinic.execute("ALTER TABLE medications MODIFY medication_name LONGTEXT")


@contextmanager
def _no_server(canary: _Canary) -> Iterator[dict[str, str]]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    yield {"WEBAUTODASH_DATABASE_URL": make_url(canary.url).set(port=port).render_as_string(hide_password=False)}


@contextmanager
def _no_password(canary: _Canary) -> Iterator[dict[str, str]]:
    url = make_url(canary.url).set(password="another")
    yield {"WEBAUTODASH_DATABASE_URL": url.render_as_string(hide_password=False)}


@contextmanager
def _no_right_to_write(canary: _Canary) -> Iterator[dict[str, str]]:
    """A server names the statement that it refuses."""
    name, prefix = f"{canary.clinic.settings.database_prefix}reader", canary.clinic.settings.database_prefix
    system = canary.clinic.settings.system_database_name
    with connect(canary.url) as root, root.cursor() as cursor:
        cursor.execute(f"CREATE USER {name}@'%' IDENTIFIED BY 'a password'")
        cursor.execute(f"GRANT ALL PRIVILEGES ON {system}.* TO {name}@'%'")
        cursor.execute(f"GRANT SELECT, UPDATE ON {prefix}gary_wang.* TO {name}@'%'")
        url = make_url(canary.url).set(username=name, password="a password")
        yield {"WEBAUTODASH_DATABASE_URL": url.render_as_string(hide_password=False)}
        cursor.execute(f"DROP USER {name}@'%'")


@contextmanager
def _another_providers(canary: _Canary) -> Iterator[dict[str, str]]:
    """The database has the identity of another provider."""
    change = "UPDATE database_identity SET slug = :slug, identity = :identity"
    (owner,) = canary.clinic.rows("database_identity")
    canary.clinic.execute(change, slug="x", identity="x")
    yield {}
    canary.clinic.execute(change, slug=owner["slug"], identity=owner["identity"])


_SQLITE = {
    _file_that_is_no_database: (1, "NOTADB"),
    _file_with_garbage: (1, "CORRUPT"),
    _another_providers: (1, "[wrong_database]"),
}
_SERVERS = {
    _another_index: (1, "1062"),
    _a_number_for_a_text: (1, "1366"),
    _no_right_to_write: (1, "1142"),
    _no_server: (3, "2003"),
    _no_password: (3, "1045"),
    _another_providers: (1, "[wrong_database]"),
}


def test_no_trouble_with_a_database_lets_a_value_out(troubled: _Canary, backend: str) -> None:
    """The error text of a server or file often contains the value, and the driver adds the whole statement."""
    for trouble, (status, words) in (_SQLITE if backend == "sqlite" else _SERVERS).items():
        with trouble(troubled) as settings:
            done = troubled.call(("ingest",), (), "--debug", **settings)
            assert (done.status, words in done.err) == (status, True), (trouble.__name__, done.err)
        assert _marks_in(troubled.system_texts()) == [], trouble.__name__
    log = troubled.call(("log",), ("--limit", "1000"), "--debug")
    assert "b.json" in log.out
    # No part of the file was stored, and the next run stores it.
    assert len(troubled.clinic.rows("extraction_sessions")) == 1
    assert troubled.call(("ingest",), (), "--debug").status == 0
    assert len(troubled.clinic.rows("extraction_sessions")) == 2


# This takes some time, because the command retries many times.
@backends(sqlite="ci", mariadb="slow")
def test_no_lock_lets_a_value_out(troubled: _Canary, backend: str) -> None:
    with (_locked_file if backend == "sqlite" else _locked_rows)(troubled):
        file = str(troubled.clinic.results / "gary_wang/b.json")
        done = troubled.call(("ingest",), (file,), "--debug")
    assert (done.status, "[database_busy]" in done.err) == (1, True), done.err
    assert _marks_in(troubled.system_texts()) == []


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_full_disk_lets_a_value_out(troubled: _Canary) -> None:
    blocks = (_file(troubled).stat().st_size >> 9) + 8
    done = troubled.shell.in_a_new_process("ingest", "--debug", before=file_limit(blocks))
    assert (done.status, "SQLITE_IOERR" in done.err) == (1, True), done.err
    troubled.checked(done, ("ingest",), ())
    assert _marks_in(troubled.system_texts()) == []


def test_the_markers_are_in_every_field() -> None:
    used = json.dumps(_files()["gary_wang/a.json"])
    assert _marks_in(used) == MARKS


def test_every_command_is_called() -> None:
    assert set(_calls({"conflict": "1", "set_aside": "1", "failed": "1"})) == set(_commands())


@backends(sqlite="ci", mariadb="slow", mysql="slow")
def test_no_command_and_no_error_lets_a_value_out(canary: _Canary) -> None:
    first = canary.call(("ingest",), (), "--debug", "--log-format", "json")
    assert first.status == 1
    for place in ("cut", "wrong", "utf16", "latin", "twice", "shape"):
        assert f"gary_wang/{place}.json" in first.out + first.err
    assert "broken/a.json" in first.out + first.err
    # The markers are in the provider's database.
    assert [row["prn"] for row in canary.clinic.rows("patients")] == [PRN, f"{PRN}-2"]
    waiting = {row["reason"]: row["id"] for row in canary.clinic.rows("set_aside_patients")}
    assert {"incomplete_extraction", "emptied", "other_person"} <= set(waiting)
    numbers = {
        "conflict": str(canary.clinic.rows("data_conflicts")[0]["id"]),
        "set_aside": str(canary.clinic.rows("set_aside_patients")[0]["id"]),
        "failed": str(waiting["incomplete_extraction"]),
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


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_of_patients_are_for_their_owner_while_they_are_worked_on(canary: _Canary) -> None:
    """A large file has a private copy without a name that only its owner can read."""
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
