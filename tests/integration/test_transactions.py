"""What a session sees of concurrent commits, and which work is repeated."""

import time
from types import SimpleNamespace
from typing import NamedTuple, cast

import pytest
from builders import Clinic, a_file, a_patient, plain_database
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webautodash.database import Server
from webautodash.database.error_translation import translated
from webautodash.database.products import TRIES, Failure, ProductServer, Trouble
from webautodash.database.products.mysql import connect_args
from webautodash.database.products.mysql.failures import failure_of as mysql_failure
from webautodash.database.products.sqlite import server as sqlite_server
from webautodash.database.products.sqlite.failures import failure_of as sqlite_failure
from webautodash.database.session import retrying
from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import Level
from webautodash.errors import (
    ConnectionLost,
    DatabaseBusy,
    DatabaseError,
    DatabaseMissing,
    DatabaseUnreachable,
    DuplicateKey,
    NoFreeConnection,
    WebAutoDashError,
)
from webautodash.repositories.system_log import LogRecord
from webautodash.services.ingest import ingest_paths
from webautodash.services.store import Store


def _count(session: Session) -> int:
    return int(session.execute(text("SELECT COUNT(*) FROM system_logs")).scalar_one())


def _log(clinic: Clinic) -> None:
    entry = LogRecord(utc_now(), Level.INFO, "test", "test", "test")
    clinic.store.system.run(lambda work: work.system_log.add([entry]))


def test_a_reader_sees_one_moment(clinic: Clinic) -> None:
    for before in (0, 1):
        with clinic.store.system.reading() as reader:
            assert _count(reader.session) == before
            _log(clinic)
            assert _count(reader.session) == before
    with clinic.store.system.reading() as reader:
        assert _count(reader.session) == 2


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_reader_whose_table_is_rebuilt_by_another_connection_may_try_again(clinic: Clinic) -> None:
    with pytest.raises(DatabaseBusy), clinic.store.system.reading() as reader:  # noqa: PT012  # raised at the end
        _count(reader.session)
        with clinic.store.system.session() as other:
            other.execute(text("ALTER TABLE monitors FORCE"))
        reader.session.execute(text("SELECT COUNT(*) FROM monitors"))


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_writer_sees_what_was_committed_while_it_waited_also_on_a_used_connection(clinic: Clinic) -> None:
    with clinic.store.system.reading() as reader:
        assert _count(reader.session) == 0
    with clinic.store.system.session() as writer:
        assert _count(writer) == 0
        _log(clinic)
        assert _count(writer) == 1


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_the_server_rolls_back_idle_transactions_of_unattended_processes_only(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect_args, "_SHORTEST_SILENCE_SECONDS", 1)
    settings = clinic.settings.model_copy(update={"lease_seconds": 1})
    lock = text("SELECT id FROM system_logs FOR UPDATE")
    _log(clinic)
    with Store.open(settings, unattended=True) as frozen, Store.open(settings) as attended:
        # The error of a session appears where its block ends.
        with pytest.raises(DatabaseBusy), frozen.system.session() as left_open:  # noqa: PT012
            left_open.execute(lock)
            time.sleep(1.5)
            clinic.store.system.run(lambda work: work.execute(lock))
            left_open.execute(lock)
        with attended.system.session() as session:
            session.execute(lock)
            time.sleep(1.5)
            session.execute(lock)
            session.commit()


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_locked_rows_are_waited_for_as_long_as_the_setting_allows(clinic: Clinic) -> None:
    lock = text("SELECT id FROM system_logs FOR UPDATE")
    _log(clinic)
    with Server(clinic.settings.model_copy(update={"lock_seconds": 1})) as server:
        waiting = plain_database(server, clinic.store.system.name)
        with clinic.store.system.session() as holder:
            holder.execute(lock)
            begin = time.monotonic()
            with pytest.raises(DatabaseBusy, match="1205"), waiting.session() as session:
                session.execute(lock)
        assert time.monotonic() - begin >= 1
        waiting.run(lambda work: work.execute(lock))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which take no time."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def test_interrupted_work_is_repeated_after_growing_pauses_a_limited_number_of_times(
    pauses: list[float],
) -> None:
    tries: list[int] = []

    def work() -> int:
        tries.append(len(tries))
        if len(tries) < successful:
            raise DatabaseBusy("a database", "1205")
        return len(tries)

    successful = TRIES
    assert retrying(work, 300) == len(tries) == TRIES
    assert len(pauses) == TRIES - 1
    for number, pause in enumerate(pauses):
        assert 0.05 * 2**number <= pause <= 0.15 * 2**number
    tries.clear()
    successful = TRIES + 1
    with pytest.raises(DatabaseBusy):
        retrying(work, 300)
    assert len(tries) == TRIES


@pytest.mark.parametrize(("seconds", "number"), [(1, 2), (3, 4), (300, TRIES)])
def test_work_is_not_repeated_once_the_time_for_locks_is_over(
    monkeypatch: pytest.MonkeyPatch, seconds: int, number: int
) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise DatabaseBusy("a database", "1205")

    # Each try takes a second, the pauses between them no time.
    clock = SimpleNamespace(monotonic=lambda: 100.0 + len(tries), sleep=lambda _: None)
    monkeypatch.setattr("webautodash.database.session.time", clock)
    with pytest.raises(DatabaseBusy):
        retrying(work, seconds)
    assert len(tries) == number


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_each_try_waits_once_for_a_locked_database(
    clinic: Clinic, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clinic.ingest(a_file(a_patient("A1"))).state == "ingested"
    path = clinic.drop(a_file(a_patient("A2")), name="second.json")
    writers: list[Connection] = []

    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("reading"):
            writers.append(connection)
        on_begin(connection)

    on_begin = sqlite_server._on_begin
    monkeypatch.setattr(sqlite_server, "_on_begin", begin)
    with Store.open(clinic.settings.model_copy(update={"lock_seconds": 1})) as store:
        [owner] = store.providers()
        with clinic.store.provider_database(owner).unit_of_work() as work:
            # The transaction begins, and holds the lock of a writer.
            work.session.connection()
            [busy] = ingest_paths(store, [path]).files
        assert busy.kind == "database_busy"
        engine = store.provider_database(owner).database.engine
        assert sum(one.engine is engine for one in writers) == len(pauses) + 1


@pytest.mark.parametrize(
    "error",
    [
        DatabaseUnreachable("a server", "2003", "check it"),
        NoFreeConnection(4),
        DatabaseError("a database", "1146", "a table is missing"),
    ],
    ids=lambda error: error.kind,
)
def test_an_error_that_a_retry_does_not_help_is_raised_at_once(pauses: list[float], error: WebAutoDashError) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        retrying(work, 300)
    assert (len(tries), pauses) == (1, [])


class _FailingServer(NamedTuple):
    """A server for which every error means the same."""

    meaning: Failure
    where: str = "a server"

    def failure(self, _error: DBAPIError) -> Failure:
        return self.meaning


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble.TRANSIENT, DatabaseBusy),
        (Trouble.LOST, ConnectionLost),
        (Trouble.UNREACHABLE, DatabaseUnreachable),
        (Trouble.NO_DATABASE, DatabaseMissing),
        (Trouble.DUPLICATE_KEY, DuplicateKey),
        (Trouble.REFUSED, DatabaseError),
    ],
)
@pytest.mark.parametrize("advice", [None, "make room"])
def test_an_error_of_a_driver_is_translated_without_its_values(
    trouble: Trouble, kind: type[WebAutoDashError], advice: str | None
) -> None:
    server = cast(ProductServer, _FailingServer(Failure(trouble, "17", advice)))
    with pytest.raises(WebAutoDashError) as found, translated(server, "gary"):
        raise DBAPIError("SELECT 'Zyxwvut'", None, Exception("Zyxwvut"))
    error = found.value
    assert type(error) is kind
    assert "Zyxwvut" not in str(error)
    assert "gary" in str(error) or isinstance(error, DatabaseUnreachable)
    if trouble in {Trouble.UNREACHABLE, Trouble.REFUSED}:
        assert advice is None or advice in str(error)


class _SQLiteError(Exception):
    sqlite_errorcode = 0

    def __init__(self, name: str) -> None:
        self.sqlite_errorname = name


@pytest.mark.parametrize(
    ("code", "general"),
    [
        ("SQLITE_READONLY_DIRECTORY", "SQLITE_READONLY"),
        ("SQLITE_IOERR_WRITE", "SQLITE_IOERR"),
        ("SQLITE_IOERR_SHMSIZE", "SQLITE_FULL"),
        ("SQLITE_CANTOPEN_ISDIR", "SQLITE_CANTOPEN"),
    ],
)
def test_a_special_error_has_the_advice_of_its_general_kind(code: str, general: str) -> None:
    special, usual = (sqlite_failure(DBAPIError("", None, _SQLiteError(name))) for name in (code, general))
    assert special.advice is not None
    assert (special.code, special.advice) == (code, usual.advice)


@pytest.mark.parametrize("number", [2003, 1153, 1142, 1146, 1021])
def test_a_servers_error_has_advice(number: int) -> None:
    assert mysql_failure(DBAPIError("", None, Exception(number, "text"))).advice
