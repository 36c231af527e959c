"""The installed command: what it prints where, and how it ends."""

from pathlib import Path

import pytest
from builders import a_file, a_patient
from shell import ForkedShell, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A store with a provider, on SQLite, closed to others."""
    shell = ForkedShell(tmp_path)
    (shell.folder / "Results").chmod(0o700)
    shell.drop(a_file(a_patient("P1")))
    assert shell("ingest").status == 0
    return shell


def test_a_sound_store_ends_with_0_and_prints_nothing_with_quiet(shell: Shell) -> None:
    done = shell("doctor")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines
    assert {line.split()[0] for line in lines} == {"ok"}
    assert any("database.revision" in line and "1 of 1" in line for line in lines)
    quiet = shell("doctor", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


def test_problems_have_fixes_and_errors_end_with_1(shell: Shell) -> None:
    (shell.folder / "webautodash.env").write_text("WEBAUTODASH_DATABASE_URL=sqlite:///webautodash-data\n")
    (shell.folder / "password").write_text("hush")
    (shell.folder / "password").chmod(0o640)
    done = shell("doctor", "--quiet", WEBAUTODASH_DB_PASSWORD_FILE="password", WEBAUTODASH_RESULT_DIR="hush")
    assert (done.status, done.err) == (1, "problems: 1 error, 1 warning\n")
    problems = [line.split(":")[0].split() for line in done.out.splitlines() if "fix:" not in line]
    assert problems == [
        ["warning", "settings.unknown", "WEBAUTODASH_RESULT_DIR"],
        ["error", "secret.readable", "password"],
    ]
    fixes = [line.split("fix:")[1].strip() for line in done.out.splitlines() if "fix:" in line]
    assert fixes == ["rename it to WEBAUTODASH_RESULTS_DIR, or unset WEBAUTODASH_RESULT_DIR", "chmod 600 password"]
    assert "hush" not in done.out + done.err


def test_warnings_alone_end_with_0_and_json_is_one_document(shell: Shell) -> None:
    done = shell("doctor", "--json", WEBAUTODASH_QQQQ="1")
    assert (done.status, done.err) == (0, "")
    assert shell("doctor", WEBAUTODASH_QQQQ="1").out.startswith("warning ")
    counts = done.json["counts"]
    assert (counts["error"], counts["warning"], counts["info"]) == (0, 1, 0)
    assert len(done.json["findings"]) == sum(counts.values())
    first = done.json["findings"][0]
    assert first.pop("message")
    assert first == {
        "code": "settings.unknown",
        "severity": "warning",
        "subject": "WEBAUTODASH_QQQQ",
        "cure": "unset WEBAUTODASH_QQQQ",
    }


def test_an_unreachable_server_ends_with_3_and_the_rest_is_examined(shell: Shell) -> None:
    no_server = {"WEBAUTODASH_DB_HOST": "127.0.0.1", "WEBAUTODASH_DB_PORT": "1", "WEBAUTODASH_DB_PASSWORD": "hush"}
    done = shell("doctor", "--json", **no_server)
    assert (done.status, done.err) == (3, "problems: 1 error, 0 warnings\n")
    found = {one["code"]: one for one in done.json["findings"]}
    assert {"server.unreachable", "results.readable", "disk.results"} <= set(found)
    assert found["server.unreachable"]["subject"] == "127.0.0.1:1"
    assert "WEBAUTODASH_DB_HOST" in found["server.unreachable"]["cure"]
    assert "hush" not in done.out


def test_a_setting_that_names_no_server_ends_with_2_and_the_rest_is_examined(shell: Shell) -> None:
    done = shell("doctor", WEBAUTODASH_DATABASE_URL="postgresql://me:hush@host/")
    assert done.status == 2
    assert "settings.invalid" in done.out
    assert "disk.results" in done.out
    assert "hush" not in done.out + done.err


@pytest.mark.parametrize(
    ("environment", "file", "key", "cure"),
    [
        ({"WEBAUTODASH_DB_PORT": "hush"}, "", "WEBAUTODASH_DB_PORT", "correct WEBAUTODASH_DB_PORT in the environment"),
        ({}, "WEBAUTODASH_DB_PORT=hush", "WEBAUTODASH_DB_PORT", "correct WEBAUTODASH_DB_PORT in webautodash.env"),
        ({"WEBAUTODASH_DB_PASSWORD": "hush"}, "", "WEBAUTODASH_DB_HOST", "set WEBAUTODASH_DB_HOST in webautodash.env"),
        ({}, "\udcff", "webautodash.env", "chmod 600 webautodash.env"),
    ],
)
def test_an_invalid_setting_is_the_only_finding(
    shell: Shell, environment: dict[str, str], file: str, key: str, cure: str
) -> None:
    (shell.folder / "webautodash.env").write_text(file, errors="surrogateescape")
    done = shell("doctor", "--json", **environment)
    assert (done.status, done.err) == (2, "problems: 1 error, 0 warnings\n")
    (one,) = done.json["findings"]
    assert (one["code"], one["severity"], one["subject"]) == ("settings.invalid", "error", key)
    assert one["cure"].startswith(cure)
    assert done.json["counts"]["error"] == 1
    assert "hush" not in done.out
    shown = shell("doctor", **environment)
    assert (shown.status, len(shown.out.splitlines())) == (2, 2)


def test_without_a_store_nothing_is_created(working_folder: Path) -> None:
    shell = ForkedShell(working_folder)
    done = shell("doctor")
    assert (done.status, done.err) == (0, "")
    assert "store.missing" in done.out
    assert [path.name for path in shell.folder.iterdir()] == ["Results"]
