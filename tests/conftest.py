"""Fixtures that every test may use: a backend, the URL of its server, a store, and which tests a run includes."""

import os
import secrets
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from builders import Clinic, NewClinic, clinics
from hypothesis import HealthCheck, settings
from local_server import LocalServer, NoServerError
from processes import Steps
from selection import backend_of, mark
from servers import BACKENDS, Run, drop_databases, sources, temporary_folder
from sqlalchemy import event
from sqlalchemy.engine import Engine
from templates import Templates, migrate_for_real

from webautodash.services import revisions

RUN = pytest.StashKey[Run]()
# By backend, the reason why this machine has no server of it.
MISSING = pytest.StashKey[dict[str, str]]()
_SLOW_SECONDS = 600
_REMEDIES = {"mariadb": "`sh tests/ensure_server.sh python3` says how to get one", "mysql": "`make mysql` gets one"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--every-step`, which `make test-all` and `make mutants` use."""
    parser.addoption(
        "--every-step", action="store_true", help="kill at every step of a sweep, and draw all examples of a law"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin the run of test servers, or take part in it as a worker. No server is started yet."""
    worker = getattr(config, "workerinput", None)
    config.stash[RUN] = Run.begin() if worker is None else Run(Path(worker["servers"]))
    config.stash[MISSING] = _missing() if worker is None else worker["missing"]
    templates = pytest.MonkeyPatch()
    Templates(config.stash[RUN].folder).install(templates)
    config.add_cleanup(templates.undo)
    # A shell makes its background processes ignore SIGINT, and the commands that the tests interrupt inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # On a busy machine one example may take any time. pytest-timeout ends a test that hangs.
    untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("quick", untimed, max_examples=30)
    settings.register_profile("full", untimed, max_examples=100)
    settings.load_profile("full" if config.getoption("every_step") else "quick")
    # The parent of every `tmp_path`.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", temporary_folder())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the run to a new worker."""
    node.workerinput["servers"] = str(node.config.stash[RUN].folder)
    node.workerinput["missing"] = node.config.stash[MISSING]


# Runs before pytest selects by marker.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by what they cost, leave out those without a server, and put the longest first."""
    missing = set(config.stash[MISSING])
    # In CI a missing server fails its tests.
    without_server = set() if os.environ.get("CI") else missing
    items[:] = [item for item in items if backend_of(item) not in without_server]
    for item in items:
        mark(item)
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOW_SECONDS))
    # A run with several workers must not end with one of them at a long test.
    items.sort(key=lambda item: not (item.get_closest_marker("slow") or item.get_closest_marker("ci")))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have failures shown at once: a run in CI may be stopped before its summary."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(_FailuresAtOnce(reporter))


class _FailuresAtOnce:
    def __init__(self, reporter: Any) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._reporter.ensure_newline()
            crash = getattr(report.longrepr, "reprcrash", None)
            self._reporter.write_line(f"{report.when} of {report.nodeid} failed: {crash or report.longrepr}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers; in a worker, do nothing."""
    config.stash[RUN].end()


def pytest_report_header() -> list[str]:
    """Where the server of each backend comes from."""
    return [f"{backend}: {_source(backend)}" for backend in BACKENDS if backend != "sqlite"]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line for each product that was not tested."""
    for backend, reason in config.stash[MISSING].items():
        terminalreporter.write_line(f"Not tested on {backend}: {reason}; {_REMEDIES[backend]}.", yellow=True)


@pytest.fixture
def steps(pytestconfig: pytest.Config) -> Steps:
    """The steps of a sweep to kill at: with `--every-step` all of them, else the middle one."""

    def chosen(every: Sequence[int]) -> Sequence[int]:
        return every if pytestconfig.getoption("every_step") else [every[len(every) // 2]]

    return chosen


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of a database product; a test that uses it runs once for each."""
    name: str = request.param
    return name


@pytest.fixture
def database_prefix() -> str:
    """A prefix for the names of databases that no other test uses."""
    return f"t_{secrets.token_hex(4)}_"


@pytest.fixture
def server_url(backend: str, database_prefix: str, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of the backend's server, without a database; databases with the prefix are dropped afterwards."""
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
def real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases are migrated, not copied from a template: for tests that are about migrations."""
    monkeypatch.setattr(revisions, "upgrade", migrate_for_real)


@pytest.fixture
def open_clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[NewClinic]:
    """Opens stores of the backend, each with settings of its own."""
    with clinics(server_url, database_prefix, tmp_path) as opened:
        yield opened


@pytest.fixture
def clinic(open_clinic: NewClinic) -> Clinic:
    """An empty store and an empty Results folder, for each backend."""
    return open_clinic()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that SQLAlchemy sends from now on, in any database."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def server_data() -> Path | None:
    """The data directory of `private_server`, None for one in its folder; a test module may override it."""
    return None


@pytest.fixture
def private_server(
    backend: str, server_data: Path | None, request: pytest.FixtureRequest, pytestconfig: pytest.Config
) -> Iterator[LocalServer]:
    """An empty server for this test alone, to kill and restart; an indirect parameter is the server's options."""
    yield from _private(backend, request, pytestconfig, server_data)


@pytest.fixture
def private_mariadb(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[LocalServer]:
    """A private MariaDB, for a test that is about MariaDB or about what all servers have in common."""
    yield from _private("mariadb", request, pytestconfig)


@pytest.fixture(scope="module")
def module_mariadb(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[LocalServer]:
    """A private MariaDB for all tests of a module; each undoes what it changes."""
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
    if os.environ.get("CI"):
        pytest.fail(f"{backend}: {reason}", pytrace=False)
    pytest.skip(f"{backend}: {reason}")


def _missing() -> dict[str, str]:
    reasons = {}
    for backend in BACKENDS:
        try:
            backend == "sqlite" or next(sources(backend))
        except NoServerError as error:
            reasons[backend] = str(error)
    return reasons


def _source(backend: str) -> str:
    try:
        return next(sources(backend)).description
    except NoServerError as error:
        return f"none ({error})"
