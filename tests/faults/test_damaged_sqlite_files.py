"""A damaged SQLite file stops its own provider alone and is not touched; the message names the fix."""

import hashlib
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient
from contents import contents, differences
from shell import Done, ForkedShell, Shell

from webautodash.config import Settings

STORE = "webautodash-data"
PROVIDER = "gary_wang"
# A complete database file has about twenty pages.
PAGE = 4096


def _overwrite_the_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"no database any more")


def _garbage_in_the_middle(path: Path) -> None:
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        for page in range(1, pages):
            file.seek(page * PAGE)
            file.write(hashlib.sha256(bytes([page % 256])).digest() * (PAGE // 32))


def _a_folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "kept").write_text("something")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "garbage": _garbage_in_the_middle,
    "folder": _a_folder_in_its_place,
    "header": _overwrite_the_header,
    "cut short": lambda path: os.truncate(path, 5 * PAGE + 100),
    "empty": lambda path: os.truncate(path, 0),
}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Two providers with a file each, stored, and a file of each that is new."""
    shell = ForkedShell(tmp_path)
    for provider, folder in (("Gary Wang", PROVIDER), ("Anna Keller", "anna_keller")):
        shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"]), provider=provider), folder=folder)
    assert shell("setup", "--auto").status == 0
    for provider, folder in (("Gary Wang", PROVIDER), ("Anna Keller", "anna_keller")):
        second = a_file(a_patient("P2"), provider=provider, at="2025-01-01T00:00:00")
        shell.drop(second, "second.json", folder)
    return shell


def _contents(shell: Shell, store: str) -> dict[str, Any]:
    return contents(Settings.load(database_url=f"sqlite:///{shell.folder / store}", _env_file=None))


def _file(shell: Shell, name: str = PROVIDER) -> Path:
    return shell.folder / STORE / f"webautodash_{name}.db"


def _parts(path: Path) -> dict[str, str]:
    """The files of a database, with their checksums."""
    found = [each for part in path.parent.glob(f"{path.name}*") for each in (part, *part.rglob("*"))]
    return {
        str(each.relative_to(path.parent)): hashlib.sha256(each.read_bytes()).hexdigest() if each.is_file() else ""
        for each in found
    }


def _sessions(shell: Shell, name: str) -> int:
    with closing(sqlite3.connect(_file(shell, name))) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM extraction_sessions").fetchone()[0])


def _expect_what_a_clean_run_stores(shell: Shell) -> None:
    assert shell("ingest", "--quiet", WEBAUTODASH_DATABASE_URL="sqlite:///anew").status == 0
    assert differences(_contents(shell, STORE), _contents(shell, "anew")) == []


def _move_aside(shell: Shell, name: str = PROVIDER) -> Path:
    """Follow the advice of the message: out of the folder, with its -wal and -shm."""
    aside = shell.folder / "kept"
    aside.mkdir()
    for part in _file(shell, name).parent.glob(f"webautodash_{name}.db*"):
        shutil.move(part, aside)
    return aside / _file(shell, name).name


def _named_commands(message: str, **values: str) -> list[list[str]]:
    """The commands in a message, in their order, with values in place of words such as NAME."""
    found = re.findall(r"webautodash ([a-z]+(?: register (?:'[^']*'|NAME))?)", message)
    return [[values.get(word, word) for word in shlex.split(command)] for command in found]


def _line_about(done: Done, name: str) -> str:
    [line] = {
        line.partition(": ")[2].partition(": ")[2] for line in done.err.splitlines() if f"webautodash_{name}" in line
    }
    return line


@pytest.mark.parametrize(
    "damage",
    ["garbage", "folder", *(pytest.param(name, marks=pytest.mark.ci) for name in ("header", "cut short", "empty"))],
)
def test_a_damaged_file_stops_its_provider_alone_and_the_message_names_the_fix(shell: Shell, damage: str) -> None:
    DAMAGES[damage](_file(shell))
    before = _parts(_file(shell))
    done = shell("ingest")
    assert done.status == 1
    assert _parts(_file(shell)) == before
    assert _sessions(shell, "anna_keller") == 2
    message = _line_about(done, PROVIDER)
    commands = [command for command in _named_commands(message, NAME="Gary Wang") if command != ["setup"]]
    assert commands == [["provider", "register", "Gary Wang"], ["ingest"]]
    doctor = shell("doctor")
    assert (doctor.status, f"webautodash_{PROVIDER}" in doctor.out) == (1, True)
    assert _parts(_file(shell)) == before

    if damage != "empty":  # it has nothing to keep, and the message does not ask for that
        assert "-wal and -shm" in message
        assert _parts(_move_aside(shell)) == before
    for command in commands:
        assert shell(*command).status == 0, command
    _expect_what_a_clean_run_stores(shell)


# Values that cannot be read back from a column, as another program may have written them.
VALUES = {
    "database_identity": ("aliases", '["Mark'),
    "patients": ("date_of_birth", "Mark"),
    "medications": ("extra", '{"Mark'),
}


@pytest.mark.parametrize("table", VALUES)
def test_an_unreadable_value_is_reported_with_its_database_and_stops_no_other_provider(
    shell: Shell, table: str
) -> None:
    column, value = VALUES[table]
    with closing(sqlite3.connect(_file(shell))) as connection, connection:
        assert connection.execute(f"UPDATE {table} SET {column} = ?", [value]).rowcount > 0
    commands = (("verify",), ("patient", "list", PROVIDER), ("conflict", "list"), ("ingest",))
    ended = [shell(*command) for command in commands]
    assert _sessions(shell, "anna_keller") == 2
    assert {done.status for done in ended} - {0} == {1}
    for done in ended:
        assert ("unexpected" in done.err, "Mark" in done.err) == (False, False)
        assert done.status == 0 or PROVIDER in done.err
    assert "anna_keller: 1 extraction" in ended[0].out


def test_an_unreadable_value_in_the_registry_is_reported(shell: Shell) -> None:
    with closing(sqlite3.connect(_file(shell, "system"))) as connection, connection:
        connection.execute("UPDATE providers SET last_extraction = 'Mark'")
    for command in (("ingest",), ("doctor",), ("stats",)):
        done = shell(*command)
        assert "unexpected" not in done.err
        assert (done.status, "Mark" in done.out + done.err) == (1, False)
        assert "webautodash_system: error unreadable value" in done.out + done.err


@pytest.mark.parametrize(
    "command", [("provider", "show"), ("stats",), ("patient", "show", PROVIDER), ("log", "--component")]
)
def test_a_lone_surrogate_in_an_argument_is_refused(shell: Shell, command: tuple[str, ...]) -> None:
    done = shell(*command, os.fsdecode(b"\xff"))
    assert (done.status, "unexpected" in done.err) == (2, False), done.err


def test_a_number_that_no_row_can_have_is_refused(shell: Shell) -> None:
    for command in (("set-aside", "show", PROVIDER), ("conflict", "show", PROVIDER), ("alert", "retry")):
        done = shell(*command, "9" * 23)
        assert (done.status, "unexpected" in done.err) == (2, False), done.err


def test_a_damaged_file_can_be_replaced_by_a_backup(shell: Shell) -> None:
    with (
        closing(sqlite3.connect(_file(shell))) as source,
        closing(sqlite3.connect(shell.folder / "backup.db")) as backup,
    ):
        source.backup(backup)
    _garbage_in_the_middle(_file(shell))
    assert shell("ingest").status == 1
    _move_aside(shell)
    shutil.copy(shell.folder / "backup.db", _file(shell))
    assert shell("ingest").status == 0
    _expect_what_a_clean_run_stores(shell)


@pytest.mark.parametrize("damage", ["header", "garbage"])
def test_a_damaged_system_database_is_left_alone_and_rebuilt_by_the_advice_of_the_message(
    shell: Shell, damage: str
) -> None:
    DAMAGES[damage](_file(shell, "system"))
    before = _parts(_file(shell, "system"))
    for command in (["ingest"], ["status"], ["provider", "register", "Another"]):
        done = shell(*command)
        assert (done.status, "webautodash setup" in done.err) == (1, True), done.err
    assert _parts(_file(shell, "system")) == before
    assert [_sessions(shell, name) for name in (PROVIDER, "anna_keller")] == [1, 1]
    assert _parts(_move_aside(shell, "system")) == before
    assert shell("setup", "--auto").status == 0
    _expect_what_a_clean_run_stores(shell)


def test_a_damaged_file_beside_a_lost_registry_keeps_its_provider_for_when_it_is_back(shell: Shell) -> None:
    whole = _file(shell).read_bytes()
    _overwrite_the_header(_file(shell))
    _move_aside(shell, "system")
    assert shell("ingest").status == 1
    # No provider was registered for it meanwhile.
    _file(shell).write_bytes(whole)
    assert shell("ingest").status == 0
    _expect_what_a_clean_run_stores(shell)


def _killed_while_writing(path: Path) -> None:
    """Leave rows in the write-ahead log that are not in the file yet, as a killed process does."""
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute(\"UPDATE extraction_sessions SET path = 'of the log'\"); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)


def test_a_new_file_does_not_use_the_log_of_a_moved_file(shell: Shell) -> None:
    _killed_while_writing(_file(shell))
    log = _file(shell).with_name(f"{_file(shell).name}-wal")
    kept = log.read_bytes()
    aside = shell.folder / _file(shell).name
    shutil.move(_file(shell), aside)
    done = shell("provider", "register", "Gary Wang")
    assert (done.status, log.name in done.err, _file(shell).exists()) == (1, True, False)
    assert log.read_bytes() == kept
    for part in _file(shell).parent.glob(f"{_file(shell).name}-*"):
        shutil.move(part, shell.folder)
    assert shell("provider", "register", "Gary Wang").status == 0
    assert _sessions(shell, PROVIDER) == 0
    with closing(sqlite3.connect(aside)) as connection:
        assert connection.execute("SELECT path FROM extraction_sessions").fetchall() == [("of the log",)]


_IMPATIENT = {"WEBAUTODASH_LOCK_SECONDS": "1", "WEBAUTODASH_RETRY_ATTEMPTS": "2", "WEBAUTODASH_RETRY_SECONDS": "0.01"}


# A locked provider's database stops no other provider, and a locked system database ends the command.
@pytest.mark.parametrize(
    ("database", "status", "sessions"), [pytest.param(PROVIDER, 1, 2, marks=pytest.mark.ci), ("system", 3, 1)]
)
def test_a_database_that_is_locked_for_too_long_is_reported_and_the_next_run_stores_the_file(
    shell: Shell, database: str, status: int, sessions: int
) -> None:
    with closing(sqlite3.connect(_file(shell, database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = shell("ingest", **_IMPATIENT)
        assert (done.status, "SQLITE_BUSY" in done.err) == (status, True), done.err
        assert _sessions(shell, "anna_keller") == sessions
        other.execute("ROLLBACK")
    assert shell("ingest").status == 0
    _expect_what_a_clean_run_stores(shell)


def test_the_message_names_no_value_of_a_patient(shell: Shell) -> None:
    shell.drop(a_file(a_patient("SECRET-PRN", name="Secret Name"), at="2025-02-02T00:00:00"), "third.json")
    _garbage_in_the_middle(_file(shell))
    done = shell("ingest", "--debug")
    assert done.status == 1
    assert "secret" not in json.dumps([done.out, done.err]).lower()
