"""Fixtures that every test may ask for: a backend, the URL of its server, names that no other test uses."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from builders import Clinic
from hypothesis import settings
from local_server import LocalServer, NoServerError
from servers import BACKENDS, Run, drop_databases, sources, temporary_folder

RUN = pytest.StashKey[Run]()
_SLOW_SECONDS = 600
_HERE = Path(__file__).parent
_FAULTS = _HERE / "faults"
# Slow, and the proof of a promise: on SQLite the selection has them too.
_SLOW_IN_CI = {"test_canary.py", "test_hostile_files.py", "test_kill.py"}
# MariaDB shows in half the time what these do to a server: MySQL's turn is with the slow tests.
_SLOW_ON_MYSQL = {
    _HERE / name for name in ("adopt", "alerts", "doctor", "fleet", "monitor", "integration/test_verify.py")
}


def pytest_configure(config: pytest.Config) -> None:
    """Begin the run of test servers, or take part in it as a worker; nothing is started yet."""
    worker = getattr(config, "workerinput", None)
    config.stash[RUN] = Run.begin() if worker is None else Run(Path(worker["servers"]))
    # A shell has what it runs in the background ignore Ctrl-C, and so would every command that a test interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # On a busy machine one example may take any time; a test that hangs is ended by pytest's own limit.
    settings.register_profile("untimed", settings.default, deadline=None)
    settings.load_profile("untimed")
    # Where `tmp_path` lies.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", temporary_folder())
    # Its own collector sets an attribute that pytest 9.2 took away; its tests are imported where wanted.
    config.option.pytest_alembic_tests_path = "no file"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a new worker where the run is."""
    node.workerinput["servers"] = str(node.config.stash[RUN].folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A slow test may take longer than any other before it counts as hanging; the quick faults are a selection.

    The slow ones come first: what runs several at a time is not left with a long one in the end.
    """
    for item in items:
        # One server is enough there: `make faults` has them all.
        backend = getattr(getattr(item, "callspec", None), "params", {}).get("backend")
        on_mysql = backend == "mysql"
        if on_mysql and not _SLOW_ON_MYSQL.isdisjoint((item.path, *item.path.parents)):
            item.add_marker(pytest.mark.slow)
        quick = item.get_closest_marker("slow") is None or (
            item.path.name in _SLOW_IN_CI and backend in {None, "sqlite"}
        )
        if _FAULTS in item.path.parents and quick and not on_mysql:
            item.add_marker(pytest.mark.faults_ci)
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOW_SECONDS))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the servers; in a worker nothing happens."""
    config.stash[RUN].end()


def pytest_report_header() -> list[str]:
    """Which server each backend would use, or why it has none."""
    return [f"{backend}: {_source(backend)}" for backend in BACKENDS if backend != "sqlite"]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of a database product; a test that asks for it runs once for each."""
    name: str = request.param
    return name


@pytest.fixture
def database_prefix() -> str:
    """A prefix for the names of databases that no other test uses."""
    return f"t_{secrets.token_hex(4)}_"


@pytest.fixture
def server_url(backend: str, database_prefix: str, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of the backend's server, without a database; what has the prefix is dropped afterwards."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path}/databases"
        return
    try:
        url = pytestconfig.stash[RUN].url(backend)
    except NoServerError as error:
        _do_without(backend, error)
    yield url
    drop_databases(url, database_prefix)


@pytest.fixture
def clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Clinic]:
    """An empty store, built by the migrations, and an empty Results folder; once for each backend."""
    clinic = Clinic(server_url, database_prefix, tmp_path)
    yield clinic
    clinic.store.close()


@pytest.fixture
def server_data() -> Path | None:
    """Where the data directory of `private_server` is to be; who wants it elsewhere overrides this."""
    return None


@pytest.fixture
def private_server(
    backend: str, server_data: Path | None, request: pytest.FixtureRequest, pytestconfig: pytest.Config
) -> Iterator[LocalServer]:
    """A server of the test's own, with nothing in it, to kill and restart; a parameter is the server's options."""
    yield from _private(backend, request, pytestconfig, server_data)


@pytest.fixture
def private_mariadb(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[LocalServer]:
    """The same for a test that is about MariaDB, or about what servers have in common."""
    yield from _private("mariadb", request, pytestconfig)


def _private(
    backend: str, request: pytest.FixtureRequest, config: pytest.Config, data: Path | None = None
) -> Iterator[LocalServer]:
    try:
        server = config.stash[RUN].private(backend, getattr(request, "param", ()), data)
    except NoServerError as error:
        _do_without(backend, error)
    yield server
    server.remove()


def _do_without(backend: str, reason: NoServerError) -> NoReturn:
    # Any machine can have MariaDB, and what CI skips is not tested; MySQL is not packaged everywhere.
    if os.environ.get("CI") and backend == "mariadb":
        pytest.fail(f"{backend}: {reason}", pytrace=False)
    pytest.skip(f"{backend}: {reason}")


def _source(backend: str) -> str:
    try:
        return next(sources(backend)).description
    except NoServerError as error:
        return f"none ({error})"
