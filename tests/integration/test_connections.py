"""The number of simultaneous connections, as the server counts them."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Lock, Thread

import pytest
from builders import Clinic, a_file, a_patient
from local_server import connect
from sqlalchemy import Pool, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from webautodash.database import server
from webautodash.database.connections import Connections, SharingPool
from webautodash.errors import ConfigurationError, DatabaseMissing, NoFreeConnection
from webautodash.services.demo import DemoPlan, write_demo_data
from webautodash.services.ingest import ingest_paths
from webautodash.services.registry import register
from webautodash.services.statistics import statistics
from webautodash.services.store import Store

MOST = 4
_PROVIDERS = {"sqlite": 60, "mariadb": 60, "mysql": 10}  # MySQL's DDL takes half a second for each
_SETTLED_SECONDS = 0.05


@pytest.fixture
def small(open_clinic: Callable[..., Clinic]) -> Clinic:
    """A store with at most four connections."""
    return open_clinic(max_connections=MOST)


@contextmanager
def _counted(clinic: Clinic, server_url: str) -> Iterator[list[int]]:
    """The numbers of connections seen within the block, by the pools and by the server, if there is one."""
    seen, opened, turn = [0], [0], Lock()

    def count(change: int) -> None:
        with turn:
            opened[0] += change
            seen.append(opened[0])

    clinic.store.close()
    listeners = [(SharingPool, "connect", lambda *_: count(1)), (SharingPool, "close", lambda *_: count(-1))]
    for listener in listeners:
        event.listen(*listener)
    done = Event()
    thread = Thread(target=_watch_server, args=(clinic, server_url, seen, done))
    if not server_url.startswith("sqlite"):
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        if thread.ident is not None:
            thread.join()
        for listener in listeners:
            event.remove(*listener)


def _watch_server(clinic: Clinic, server_url: str, seen: list[int], done: Event) -> None:
    with connect(server_url) as connection, connection.cursor() as cursor:

        def count() -> int:
            cursor.execute("SHOW PROCESSLIST")
            databases = [str(row[3] or "") for row in cursor.fetchall() if row[0] != connection.thread_id()]
            return sum(name.startswith(clinic.settings.database_prefix) for name in databases)

        while not done.is_set():
            number = count()
            time.sleep(_SETTLED_SECONDS)
            # A server needs a moment to end a connection that was closed.
            seen.append(min(number, count()))


@pytest.mark.ci
def test_reading_and_ingesting_over_many_databases_stays_within_the_setting(
    small: Clinic, server_url: str, backend: str
) -> None:
    names = [f"Provider {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(_PROVIDERS[backend])]

    def drop_files(**at: str) -> None:
        for name in names:
            small.drop(a_file(a_patient("A1"), provider=name, **at), folder=name.lower().replace(" ", "_"))

    with _counted(small, server_url) as seen:
        drop_files()
        assert {str(file.state) for file in ingest_paths(small.store).files} == {"ingested"}
        assert statistics(small.store).total_patients == len(names)
        drop_files(at="2025-01-01T00:00:00")
        with ThreadPoolExecutor(max_workers=2) as threads:
            found = [threads.submit(statistics, small.store, slug) for slug in _slugs(small.store)]
            assert not ingest_paths(small.store).problems
            assert all(one.result().total_patients == 1 for one in found)
        assert statistics(small.store).total_sessions == 2 * len(names)
    assert max(seen) == MOST


def _slugs(store: Store) -> list[str]:
    return [provider.slug for provider in store.providers()]


def test_more_threads_than_connections_take_turns(small: Clinic) -> None:
    registered = [register(small.store, f"Provider {letter}").provider for letter in "abc"]

    def read(number: int) -> int:
        with small.store.provider_database(registered[number % 3]).database.session() as session:
            time.sleep(0.02)
            return int(session.execute(text("SELECT COUNT(*) FROM patients")).scalar_one())

    with ThreadPoolExecutor(max_workers=3 * MOST) as threads:
        assert list(threads.map(read, range(24))) == [0] * 24


def test_when_all_connections_stay_in_use_the_error_names_the_setting(
    small: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    take = Connections.take

    def waited(connections: Connections, pool: Pool) -> ConnectionPoolEntry | None:
        waits.append(pool)
        return take(connections, pool)

    with Store.open(small.settings.model_copy(update={"connect_timeout": 1})) as impatient, ExitStack() as all_in_use:
        for _ in range(MOST - 1):
            all_in_use.enter_context(impatient.system.reading()).session.execute(text("SELECT 1"))
        with impatient.system.reading() as last:
            last.session.execute(text("SELECT 1"))
            monkeypatch.setattr(Connections, "take", waited)
            began = time.monotonic()
            with pytest.raises(NoFreeConnection, match="WEBAUTODASH_MAX_CONNECTIONS"):
                impatient.providers()
            assert time.monotonic() - began >= 1
            # The wait itself is not repeated.
            assert len(waits) == 1
        assert impatient.providers() == []


def test_a_connection_that_could_not_be_opened_does_not_count(small: Clinic) -> None:
    for number in range(2 * MOST):
        with pytest.raises(DatabaseMissing), small.database(f"no_such_{number}").reading() as work:
            work.session.execute(text("SELECT 1"))
    assert small.store.providers() == []


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_connections_that_the_server_ended_do_not_count(small: Clinic, server_url: str) -> None:
    register(small.store, "Gary Wang")
    for _ in range(2 * MOST):
        with connect(server_url) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW PROCESSLIST")
            for row in cursor.fetchall():
                if str(row[3] or "").startswith(small.settings.database_prefix):
                    cursor.execute(f"KILL {row[0]}")
        assert statistics(small.store).total_providers == 1


def test_a_database_in_use_stays_open_when_others_are_opened(small: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_KEPT_DATABASES", 1)
    first, *others = [register(small.store, f"Provider {letter}").provider for letter in "abcd"]
    database = small.store.provider_database(first)
    with database.unit_of_work() as work:
        session = work.session
        session.execute(text("UPDATE database_identity SET folder = 'kept'"))
        for other in others:
            with small.store.provider_database(other).database.session() as reading:
                reading.execute(text("SELECT 1"))
        session.commit()
    assert small.rows("database_identity", "provider_a")[0]["folder"] == "kept"
    with database.reading() as work:
        assert work.session.execute(text("SELECT folder FROM database_identity")).scalar_one() == "kept"


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_workers_share_the_connections(open_clinic: Callable[..., Clinic], server_url: str) -> None:
    clinic = open_clinic(max_connections=6)
    write_demo_data(clinic.results, DemoPlan(patients=400, providers=20))
    with _counted(clinic, server_url) as seen:
        assert not ingest_paths(clinic.store, workers=2).problems
        with pytest.raises(ConfigurationError):
            ingest_paths(clinic.store, workers=3, rehash=True)
    assert 4 < max(seen) <= 6
