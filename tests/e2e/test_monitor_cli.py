"""`monitor --once`, `status` and `file` as a user calls them, and the monitor inside another program."""

import sqlite3
from configparser import ConfigParser
from pathlib import Path

from builders import Clinic, a_file, a_patient
from local_server import wait_until
from shell import Shell, fill, options_of, parse_command

from webautodash import WebAutoDash

ROOT = Path(__file__).resolve().parents[2]


def test_one_pass_ingests_all_files_and_reports_problems(shell: Shell) -> None:
    fill(shell)
    shell.drop(b"{ nothing", "bad.json")
    once = shell("monitor", "--once")
    assert (once.status, once.out) == (1, "")
    assert "rejected: gary_wang/bad.json: line 1, column 3" in once.err
    assert "partial: gary_wang/second.json: 1 of 3 patients set aside" in once.err
    assert once.err.splitlines()[-1].startswith("problems: 2 files")
    again = shell("monitor", "--once")
    assert (again.status, again.out, again.err) == (0, "", "")


def test_status_shows_the_work_of_a_day(shell: Shell) -> None:
    fill(shell)
    shell.drop(b"{ nothing", "bad.json")
    shell("monitor", "--once")
    shown = shell("status")
    assert shown.status == 0
    for text in (
        "stopped",
        "files: 1 ingested, 1 partial, 1 rejected",
        "gary_wang/bad.json",
        "open critical",
        "5 found: 2 stored, 1 changed, 1 duplicates, 1 set aside",
        "1 found",
        "bad.json: rejected",
    ):
        assert text in shown.out, text
    found = shell("status", "--json").json
    statistics = found["monitoring_status"]["statistics"]
    assert (statistics["files_processed"], statistics["conflicts_detected"]) == (2, 1)
    assert found["provider_database_statistics"]["total_providers"] == 1
    (provider,) = found["provider_database_statistics"]["providers"]
    assert (provider["slug"], sum(provider["open_conflicts"].values())) == ("gary_wang", 1)
    assert found["monitoring_status"]["is_running"] is False
    assert found["files"] == {"seen": 0, "waiting": 0, "ingested": 1, "partial": 1, "rejected": 1, "held": 0}
    assert found["last_day"]["taken"]["stored"] == 2


def test_status_shows_since_when_a_problem_exists(shell: Shell) -> None:
    shell("monitor", "--once")
    with sqlite3.connect(shell.folder / "webautodash-data" / "webautodash_system.db") as system:
        system.execute("UPDATE monitors SET last_error = 'gone', last_error_at = '2026-03-04 08:12:33.123456'")
    assert "last error 2026-03-04T08:12:33Z: gone\n" in shell("status").out
    (one,) = shell("status", "--json").json["monitoring_status"]["monitors"]
    assert (one["last_error"], one["last_error_at"]) == ("gone", "2026-03-04T08:12:33.123456Z")


def test_status_names_a_database_that_cannot_be_read_and_shows_the_rest(shell: Shell) -> None:
    fill(shell)
    shell("ingest")
    (shell.folder / "webautodash-data" / "webautodash_gary_wang.db").unlink()
    shown = shell("status")
    assert (shown.status, "Gary Wang" in shown.out) == (1, True)
    assert shown.err.startswith("problem: ")
    assert "webautodash_gary_wang" in shown.err


def test_files_are_listed_retried_and_forgotten(shell: Shell) -> None:
    fill(shell)
    path = shell.drop(b"{ nothing", "bad.json")
    shell("monitor", "--once")
    (listed,) = shell("file", "list", "--json").json["items"]
    assert (listed["path"], listed["state"], listed["attempts"]) == ("gary_wang/bad.json", "rejected", 1)
    assert shell("file", "list", "--state", "held", "--json").json["items"] == []
    assert len(shell("file", "list", "--all", "--json").json["items"]) == 3

    path.write_bytes(b"[ something else")
    retried = shell("file", "retry", str(path.relative_to(shell.folder)), "--json").json
    assert retried == {"files": ["gary_wang/bad.json"]}
    assert shell("file", "list", "--state", "waiting", "--json").json["items"][0]["path"] == "gary_wang/bad.json"
    assert shell("monitor", "--once").status == 1

    path.unlink()
    assert shell("file", "forget", "gary_wang/bad.json", "--json").json == {"files": ["gary_wang/bad.json"]}
    assert shell("file", "list", "--json").json["items"] == []


def test_wrong_choices_of_files_are_refused(shell: Shell) -> None:
    fill(shell)
    shell("ingest")
    for arguments, text in (
        (("file", "retry"), "files"),
        (("file", "retry", "a.json", "--state", "held"), "state"),
        (("file", "forget", "no/such.json"), "'no/such.json'"),
        (("file", "list", "--state", "lost"), "--state"),
        (("file", "list", "--all", "--state", "held"), "--all"),
        (("monitor", "--interval", "0"), "--interval"),
        (("monitor", "--workers", "0"), "--workers"),
    ):
        done = shell(*arguments)
        assert (done.status, done.out, text in done.err) == (2, "", True), (arguments, done.err)


def test_inconsistent_settings_and_a_missing_folder_are_reported(shell: Shell) -> None:
    for name, value in (("SETTLE_SECONDS", "soon"), ("RETRY_ATTEMPTS", "0"), ("AUTO_REGISTER", "maybe")):
        done = shell("monitor", "--once", **{f"WEBAUTODASH_{name}": value})
        assert (done.status, f"WEBAUTODASH_{name}" in done.err) == (2, True)
    done = shell("monitor", WEBAUTODASH_RESULTS_DIR="nowhere")
    assert (done.status, "nowhere" in done.err, "WEBAUTODASH_RESULTS_DIR" in done.err) == (2, True, True)


def test_a_monitor_runs_inside_another_program(tmp_path: Path) -> None:
    clinic = Clinic(f"sqlite:///{tmp_path}/databases", "t_", tmp_path)
    taken: list[str] = []
    with (
        WebAutoDash(clinic.settings) as webautodash,
        webautodash.monitor(interval=0.2, on_file=lambda outcome: taken.append(outcome.path)) as monitor,
    ):
        clinic.drop(a_file(a_patient("GW1")), name="a.json")
        assert wait_until(lambda: monitor.status().monitoring_status.statistics.files_processed >= 1)
        assert monitor.status().monitoring_status.is_running
    assert taken == ["gary_wang/a.json"]
    assert webautodash.status().monitoring_status.is_running is False
    assert clinic.count("patients") == 1
    clinic.store.close()


def test_files_in_deploy_call_existing_commands() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "webautodash-monitor.service")
    calls = [unit["Service"]["ExecStart"]]
    calls += [
        line.split("&&")[1]
        for cron in sorted((ROOT / "deploy").glob("*.cron"))
        for line in cron.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert len(calls) == 4
    for call in calls:
        command, arguments = parse_command(call.split()[1:])
        assert {word for word in arguments if word.startswith("--")} <= options_of(command), call
    assert unit["Service"]["KillMode"] == "mixed"
