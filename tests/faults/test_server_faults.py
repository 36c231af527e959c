"""The server is killed or suspended at any statement of an ingest: the next run leaves the rows of a clean run."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from builders import NewSettings
from contents import contents, differences
from jobs import ingest, run_command
from local_server import LocalServer
from processes import Failed, held_at, moments, writes
from selection import backends
from watching import environment

from webautodash.config import Settings

pytestmark = backends(mariadb="ci", mysql="slow")

# Each needs three databases on a durable server, which takes many times longer on MySQL.
KILLED, FROZEN = {"mariadb": 8, "mysql": 3}, {"mariadb": 3, "mysql": 1}


@pytest.fixture
def whole(fresh: NewSettings, clean: dict[str, Any], private_server: LocalServer, tmp_path: Path) -> list[str]:
    """The moments of an undisturbed run on the server that will be disturbed."""
    settings = fresh("m", database_url=private_server.url)
    found = moments(ingest, settings, folder=tmp_path)
    assert differences(contents(settings), clean) == []
    return found


def _differences(settings: Settings, clean: dict[str, Any]) -> list[str]:
    return differences(_without_severity(contents(settings)), _without_severity(clean))


def _without_severity(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out the severity of alerts and their text: it could not be read while the server was away."""
    alerts = [{key: row[key] for key in ("kind", "provider")} for row in found["system"]["alerts"]]
    return {**found, "system": {**found["system"], "alerts": alerts}}


def _spread(whole: list[str], number: int) -> list[int]:
    """Moments before writes and COMMITs in the providers' databases, spread over the run."""
    rows = [n for n, each in enumerate(whole) if writes(each) and each.split(": ")[1].split()[0] in _OF_ROWS]
    rows = [n for n in rows if "system" not in whole[n].split(": ")[0]]
    assert len(rows) > number
    return rows[1 :: len(rows) // number]


_OF_ROWS = {"INSERT", "UPDATE", "LOAD", "COMMIT"}


def test_a_run_over_a_server_that_is_killed_at_any_statement_leaves_what_a_clean_run_leaves(
    backend: str,
    fresh: NewSettings,
    clean: dict[str, Any],
    private_server: LocalServer,
    whole: list[str],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    ended = []
    kills = KILLED[backend] if pytestconfig.getoption("every_step") else 3
    for number in _spread(whole, kills):
        settings = fresh(f"{number:x}", database_url=private_server.url)
        try:
            with held_at(number, ingest, settings, folder=tmp_path):
                private_server.restart()
            ended.append("well")
        except Failed:
            ended.append("badly")
        ingest(settings)
        assert _differences(settings, clean) == [], f"killed at {number}, before {whole[number]}"
    # A run that finds the server again repeats the transaction.
    assert "well" in ended


def test_a_lost_server_ends_the_command_with_3_and_leaves_no_partial_file(
    fresh: NewSettings, clean: dict[str, Any], private_server: LocalServer, whole: list[str], tmp_path: Path
) -> None:
    number = _spread(whole, 2)[0]
    settings = fresh("g", database_url=private_server.url)
    with (
        pytest.raises(Failed, match="ingest ended with 3: "),
        held_at(number, run_command, environment(settings), "ingest", folder=tmp_path),
    ):
        private_server.kill()
    private_server.start()
    ingest(settings)
    assert _differences(settings, clean) == []


@contextmanager
def _frozen_since(server: LocalServer) -> Iterator[float]:
    with server.frozen():
        yield time.monotonic()


def test_a_server_that_stands_still_ends_the_command_in_time_and_nothing_is_half_stored(
    backend: str,
    fresh: NewSettings,
    clean: dict[str, Any],
    private_server: LocalServer,
    whole: list[str],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    freezes = FROZEN[backend] if pytestconfig.getoption("every_step") else 1
    timeouts = {"read_timeout": 3, "connect_timeout": 2}
    for number in [0, *_spread(whole, freezes)]:
        settings = fresh(f"{number:x}", database_url=private_server.url, **timeouts)
        with ExitStack() as until_it_has_ended:
            with (
                pytest.raises(Failed, match="ingest ended with 3: "),
                held_at(number, run_command, environment(settings), "ingest", folder=tmp_path),
            ):
                began = until_it_has_ended.enter_context(_frozen_since(private_server))
            took = time.monotonic() - began
        # One wait for an answer and one for a connection; not six waits, nor the ninety seconds of the test.
        assert took < 30, whole[number]
        ingest(settings)
        assert _differences(settings, clean) == [], f"frozen at {number}, before {whole[number]}"
