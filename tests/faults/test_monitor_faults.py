"""Monitors as real processes: stopped, killed, side by side, and without their server."""

import json
import random
import signal
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import held_up
import pytest
from builders import NewSettings, a_file, a_patient
from contents import contents, differences, rows
from jobs import ingest
from local_server import LocalServer, wait_until
from watching import monitors, put, states, wait_for, watching

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.statistics import status
from webautodash.services.store import Store

SHORT = {"settle_seconds": 0.3, "lease_seconds": 3, "retry_seconds": 0.2}
SERVERS = pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Results folder of this test alone."""
    folder = tmp_path / "Results"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(fresh: NewSettings, folder: Path) -> Settings:
    """A store for it that does not exist yet."""
    return fresh("w", results_dir=folder, **SHORT)


def _put(folder: Path, provider: str, day: int, patients: int) -> None:
    people = [a_patient(f"{provider}{n}", medications=[f"Drug {n} mg"] * 5) for n in range(patients)]
    content = a_file(*people, provider=provider, at=f"2024-01-{day:02}T00:00:00")
    put(folder / provider.lower().replace(" ", "_") / f"{day}.json", content)


def _under_way(settings: Settings) -> bool:
    """Whether a pass runs or has stored files; a short pass may be over between two queries."""
    taking = any(row["pass_started_at"] is not None for row in monitors(settings))
    return taking or not set(states(settings).values()) <= {"seen"}


@SERVERS
@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGINT, 1),
        (signal.SIGTERM, 2),
        pytest.param(signal.SIGINT, 2, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, 1, marks=pytest.mark.slow),
    ],
)
def test_a_signal_lets_the_current_file_finish_and_no_other_start(
    settings: Settings, folder: Path, tmp_path: Path, number: int, workers: int
) -> None:
    # More patients than a batch has, so that a file is half written when it is blocked.
    for name in ("Ann Bee", "Cee Dee"):
        for day in range(1, 6):
            _put(folder, name, day, 600)
    # The leases must last as long as this test.
    settings = settings.model_copy(update={"lease_seconds": 300})
    hand = {held_up.FOLDER: str(tmp_path)}
    arguments = ("--interval", "0.5", "--workers", str(workers))
    with watching(settings, tmp_path, *arguments, command=held_up.COMMAND, **hand) as monitor:
        wait_for(lambda: held_up.in_hand(tmp_path) == workers)
        assert set(states(settings).values()) == {"seen"}
        assert monitor.end(number) == 0
        assert "Traceback" not in monitor.output
    # The begun files are stored whole; the others are unchanged.
    assert Counter(states(settings).values()) == {"ingested": workers, "seen": 10 - workers}
    with Store.open(settings) as store:
        assert sum(one.total_extractions for one in store.providers()) == 600 * workers
    assert [row["state"] for row in monitors(settings)] == ["stopped"]
    assert rows(settings, "system", "leases") == []


@SERVERS
@pytest.mark.parametrize(
    "wait", [pytest.param(0.05, marks=pytest.mark.slow), 0.3, pytest.param(0.8, marks=pytest.mark.slow)]
)
def test_a_monitor_that_is_killed_loses_nothing_and_the_next_ends_like_a_clean_run(
    settings: Settings, clean: dict[str, object], results: Path, fresh: NewSettings, tmp_path: Path, wait: float
) -> None:
    settings = fresh("w", results_dir=results, **SHORT)
    with watching(settings, tmp_path, "--interval", "0.3") as monitor:
        wait_for(lambda: _under_way(settings))
        time.sleep(wait)
        monitor.end(signal.SIGKILL)
    with watching(settings, tmp_path, "--interval", "0.3") as monitor:
        wait_for(lambda: len(monitors(settings)) == 2)
        wait_for(lambda: set(states(settings).values()) == {"ingested", "partial"} and len(states(settings)) == 7)
        assert monitor.end(signal.SIGTERM) == 0
    assert differences(clean, contents(settings)) == []
    assert sorted(row["state"] for row in monitors(settings)) == ["lost", "stopped"]


@SERVERS
def test_a_monitor_takes_the_files_of_another_that_was_killed(
    settings: Settings, folder: Path, fresh: NewSettings, tmp_path: Path
) -> None:
    for name in ("Ann Bee", "Cee Dee", "Eff Gee", "Hal Ives"):
        for day in range(1, 6):
            _put(folder, name, day, 200)
    with (
        watching(settings, tmp_path, "--interval", "0.3") as first,
        watching(settings, tmp_path, "--interval", "0.3") as second,
    ):
        wait_for(lambda: _under_way(settings))
        time.sleep(0.4)
        first.process.kill()
        wait_for(lambda: list(states(settings).values()).count("ingested") == 20)
        assert second.end(signal.SIGTERM) == 0
    alone = fresh("a", results_dir=folder)
    ingest(alone)
    assert differences(contents(alone), contents(settings)) == []


def _on(server: LocalServer, prefix: str, folder: Path, **values: float) -> Settings:
    """The settings of a store on a private server."""
    return Settings.load(database_url=server.url, database_prefix=prefix, results_dir=folder, _env_file=None, **values)


def _many_providers(folder: Path) -> list[str]:
    """More providers than one monitor keeps for itself, with a file each."""
    names = [f"Doc {letter * 3}" for letter in "abcdefghijklmnopqrstuvwx"]
    for name in names:
        _put(folder, name, 1, 60)
    return names


def test_two_monitors_take_each_file_once(private_mariadb: LocalServer, folder: Path, tmp_path: Path) -> None:
    # Both monitors would read a file that settled for less time: its mtime does not show a later change yet.
    settings = _on(private_mariadb, "two_", folder, settle_seconds=2.0)
    Store.prepare(settings).close()
    names = _many_providers(folder)
    with (
        watching(settings, tmp_path, "--interval", "0.3") as first,
        watching(settings, tmp_path, "--interval", "0.3") as second,
    ):
        wait_for(lambda: list(states(settings).values()).count("ingested") == len(names))
        for monitor in (first, second):
            monitor.process.terminate()
        assert [monitor.process.wait(60) for monitor in (first, second)] == [0, 0]
    files = rows(settings, "system", "ingested_files")
    assert [row["attempts"] for row in files] == [1] * len(names)
    events = [row["event"] for row in rows(settings, "system", "system_logs")]
    assert (events.count("file_ingested"), events.count("file_already_ingested")) == (len(names), 0)
    taken = [row["files_taken"] for row in monitors(settings)]
    assert (len(taken), sum(taken)) == (2, len(names))


def test_files_that_wait_for_a_busy_monitor_are_taken_by_another(
    private_mariadb: LocalServer, folder: Path, tmp_path: Path
) -> None:
    settings = _on(private_mariadb, "both_", folder, settle_seconds=0.3)
    Store.prepare(settings).close()
    names = _many_providers(folder)
    hands = [tmp_path / "one", tmp_path / "other"]
    for hand in hands:
        hand.mkdir()
    one, other = (
        watching(settings, tmp_path, "--interval", "0.3", command=held_up.COMMAND, **{held_up.FOLDER: str(hand)})
        for hand in hands
    )
    with one as first, other as second:
        # Each monitor is busy with one file and cannot begin another.
        wait_for(lambda: [held_up.in_hand(hand) for hand in hands] == [1, 1])
        for monitor in (first, second):
            monitor.process.terminate()
        assert [monitor.process.wait(60) for monitor in (first, second)] == [0, 0]
    assert Counter(states(settings).values()) == {"ingested": 2, "seen": len(names) - 2}
    assert [row["files_taken"] for row in monitors(settings)] == [1, 1]


# InnoDB refreshes this table every tenth of a second.
_TRANSACTIONS = "SELECT SLEEP(0.15), COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > 10"


def _writes_under_way(looking: Server) -> bool:
    with looking.database("mysql", ProviderWork).engine.connect() as connection:
        return bool(connection.exec_driver_sql(_TRANSACTIONS).one()[1])


def test_a_monitor_suspended_in_a_transaction_does_not_block_others_and_adds_nothing_when_it_continues(
    private_mariadb: LocalServer, folder: Path, tmp_path: Path
) -> None:
    settings, alone = (_on(private_mariadb, prefix, folder, **SHORT) for prefix in ("ice_", "clean_"))
    Store.prepare(settings).close()
    for day in (1, 2):
        _put(folder, "Ann Bee", day, 4000)
    with watching(settings, tmp_path, "--interval", "0.3") as frozen, Server(settings) as looking:

        def froze() -> bool:
            if not _writes_under_way(looking):
                return False
            frozen.process.send_signal(signal.SIGSTOP)
            if _writes_under_way(looking):
                return True
            frozen.process.send_signal(signal.SIGCONT)
            return False

        wait_for(froze)
        _put(folder, "Cee Dee", 1, 20)
        with watching(settings, tmp_path, "--interval", "0.3") as other:
            wait_for(lambda: list(states(settings).values()).count("ingested") == 3, 120)
            frozen.process.send_signal(signal.SIGCONT)
            wait_for(lambda: _beats_again(settings))
            assert [monitor.end(signal.SIGTERM) for monitor in (frozen, other)] == [0, 0]
    ingest(alone)
    assert differences(contents(alone), contents(settings)) == []


def _beats_again(settings: Settings) -> bool:
    beats = [row["heartbeat_at"] for row in monitors(settings)]
    return len(beats) == 2 and max(beats) - min(beats) < timedelta(seconds=2)


def test_a_lost_server_is_reported_once_and_used_again_when_it_returns(
    private_mariadb: LocalServer, folder: Path, tmp_path: Path
) -> None:
    settings = _on(private_mariadb, "gone_", folder, **SHORT)
    put(folder / "gary_wang/1.json", a_file(a_patient("GW1")))
    with watching(settings, tmp_path, "--interval", "0.3") as monitor:
        wait_for(lambda: states(settings).get("gary_wang/1.json") == "ingested")
        private_mariadb.kill()
        wait_for(lambda: "cannot reach the database server" in monitor.output)
        put(folder / "gary_wang/2.json", a_file(a_patient("GW2"), at="2024-03-04T09:00:00"))
        time.sleep(3)
        assert monitor.process.poll() is None
        private_mariadb.restart()
        wait_for(lambda: states(settings).get("gary_wang/2.json") == "ingested")
        wait_for(lambda: "resolved after" in monitor.output)
        assert monitor.end(signal.SIGTERM) == 0
        lines = monitor.output.splitlines()
    assert len([line for line in lines if line.startswith("cannot reach")]) == 1
    assert len(lines) <= 6, lines
    events = [row["event"] for row in rows(settings, "system", "system_logs")]
    assert events.count("monitor_going_on") == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_hint_of_the_system_shortens_the_wait_also_in_a_folder_that_is_new(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    with watching(settings, tmp_path, "--interval", "300") as monitor:
        wait_for(lambda: bool(monitors(settings)) and monitors(settings)[0]["passes"] > 0)
        letters = iter("abcdefghijklmnopqrstuvwxyz")

        def another_is_stored() -> bool:
            # The system reports changes only from a moment after the folder was created.
            put(folder / f"doc_{next(letters)}/1.json", a_file(a_patient("P1"), provider=None))
            return wait_until(lambda: "ingested" in states(settings).values(), 5)

        wait_for(another_is_stored)
        assert monitor.end(signal.SIGTERM) == 0


@pytest.mark.slow
@SERVERS
def test_a_thousand_files_written_in_several_ways_are_each_ingested_once_and_whole(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    names, good, bad = ("Ann Bee", "Cee Dee", "Eff Gee", "Hal Ives"), 0, 0
    plan: list[tuple[Path, bytes, str]] = []
    ways = random.Random(7)  # noqa: S311  # not a secret
    for number in range(1000):
        name = names[number % 4]
        path = folder / name.lower().replace(" ", "_") / f"{number:04}.json"
        way = ways.choice(["whole", "renamed", "slow", "bad"])
        content = json.dumps(
            a_file(a_patient(f"P{number}"), provider=name, at=f"2024-01-01T{number // 60 % 24:02}:{number % 60:02}:00")
        ).encode()
        if way == "bad":
            bad += 1
            content = content[: len(content) // 2]
        else:
            good += 1
        plan.append((path, content, way))

    def drop() -> None:
        slow: list[tuple[Path, bytes]] = []
        for path, content, way in plan:
            path.parent.mkdir(exist_ok=True)
            if way == "renamed":
                put(path, content)
            elif way == "slow":
                path.write_bytes(content[:40])
                slow.append((path, content))
            else:
                path.write_bytes(content)
            if len(slow) == 20:
                # Each file grows before it has settled.
                for half in (2, 1):
                    time.sleep(0.1)
                    for late, whole in slow:
                        late.write_bytes(whole[: len(whole) // half])
                slow.clear()
        for late, whole in slow:
            late.write_bytes(whole)

    # Longer than this test's own pauses, on a busy machine too.
    settings = settings.model_copy(update={"settle_seconds": 5.0})
    with watching(settings, tmp_path, "--interval", "0.5", "--workers", "2") as monitor:
        wait_for(lambda: bool(monitors(settings)))
        dropping = threading.Thread(target=drop)
        dropping.start()
        dropping.join()
        done = {"ingested": good, "rejected": bad}
        wait_for(lambda: {s: list(states(settings).values()).count(s) for s in done} == done, 300)
        assert monitor.end(signal.SIGTERM) == 0
    with Store.open(settings) as store:
        found = status(store)
    assert {state: number for state, number in found.files.items() if number} == done
    assert found.last_day.taken.stored == good == found.monitoring_status.statistics.files_processed
    assert sum(one.total_sessions for one in found.provider_database_statistics.providers) == good
    assert found.last_day.log_entries["ERROR"] == bad
    # No file was read while it was being written.
    assert {row["attempts"] for row in rows(settings, "system", "ingested_files")} == {1}
