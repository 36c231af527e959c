"""What a session sees of what others commit meanwhile, and what is tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast

import pytest
from builders import Clinic
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webautodash.database import Server
from webautodash.database.products import TRIES, Dialect, Trouble
from webautodash.database.products.mysql import dialect
from webautodash.database.session import retrying, translated
from webautodash.domain.vocabulary import Level
from webautodash.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseMissing,
    DatabaseUnreachable,
    DuplicateKey,
    NoFreeConnection,
    WebAutoDashError,
)
from webautodash.services.store import Store


def _count(session: Session) -> int:
    return int(session.execute(text("SELECT COUNT(*) FROM system_logs")).scalar_one())


def _log(clinic: Clinic) -> None:
    clinic.store.system.run(lambda work: work.system_log.record(Level.INFO, "test", "test", "test"))


def test_a_reader_sees_one_moment(clinic: Clinic) -> None:
    for before in (0, 1):
        with clinic.store.system.reading() as reader:
            assert _count(reader.session) == before
            _log(clinic)
            assert _count(reader.session) == before
    with clinic.store.system.reading() as reader:
        assert _count(reader.session) == 2


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_writer_sees_what_was_committed_while_it_waited_whoever_had_its_connection_before(clinic: Clinic) -> None:
    with clinic.store.system.reading() as reader:
        assert _count(reader.session) == 0
    with clinic.store.system.session() as writer:
        assert _count(writer) == 0
        _log(clinic)
        assert _count(writer) == 1


@contextmanager
def _undone() -> Iterator[None]:
    with pytest.raises(DatabaseBusy):
        yield


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_the_server_undoes_what_an_unattended_process_left_open_and_a_person_may_think(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "_SHORTEST_SILENCE_SECONDS", 1)
    settings = clinic.settings.model_copy(update={"lease_seconds": 3})
    lock = text("SELECT id FROM system_logs FOR UPDATE")
    _log(clinic)
    with Store.open(settings, unattended=True) as frozen, Store.open(settings) as attended:
        with _undone(), frozen.system.session() as left_open:
            left_open.execute(lock)
            time.sleep(3)
            clinic.store.system.run(lambda work: work.session.execute(lock))
            left_open.execute(lock)
        with attended.system.session() as session:
            session.execute(lock)
            time.sleep(3)
            session.execute(lock)
            session.commit()


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_rows_that_are_locked_are_waited_for_as_long_as_the_settings_say(clinic: Clinic) -> None:
    lock = text("SELECT id FROM system_logs FOR UPDATE")
    _log(clinic)
    with Server(clinic.settings.model_copy(update={"lock_seconds": 6})) as server:
        waiting = server.database(clinic.store.system.name)
        with clinic.store.system.session() as holder:
            holder.execute(lock)
            begin = time.monotonic()
            with pytest.raises(DatabaseBusy, match="1205"):
                waiting.run(lambda work: work.session.execute(lock))
        assert time.monotonic() - begin >= 6
        waiting.run(lambda work: work.session.execute(lock))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long is waited between tries, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def test_what_was_interrupted_is_done_again_after_longer_and_longer_pauses_but_not_for_ever(
    pauses: list[float],
) -> None:
    tries: list[int] = []

    def work() -> int:
        tries.append(len(tries))
        if len(tries) < successful:
            raise DatabaseBusy("a database", "1205")
        return len(tries)

    successful = TRIES
    assert retrying(work) == len(tries) == TRIES
    assert len(pauses) == TRIES - 1
    for number, pause in enumerate(pauses):
        assert 0.05 * 2**number <= pause <= 0.15 * 2**number
    tries.clear()
    successful = TRIES + 1
    with pytest.raises(DatabaseBusy):
        retrying(work)
    assert len(tries) == TRIES


@pytest.mark.parametrize(
    "error",
    [
        DatabaseUnreachable("a server", "2003", "check it"),
        NoFreeConnection(4),
        DatabaseError("a database", "1146", "a table is missing"),
    ],
    ids=lambda error: error.kind,
)
def test_what_another_try_does_not_help_is_tried_once(pauses: list[float], error: WebAutoDashError) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        retrying(work)
    assert (len(tries), pauses) == (1, [])


class _Troubled(NamedTuple):
    """What a dialect says of every error."""

    says: tuple[Trouble, str]
    where: str = "a server"

    def trouble(self, _error: DBAPIError) -> tuple[Trouble, str]:
        return self.says


LISTENS = "no server listens there"


@pytest.mark.parametrize(
    ("trouble", "code", "kind", "said"),
    [
        (Trouble.TRANSIENT, "1205", DatabaseBusy, "database gary: busy or connection lost (error 1205)"),
        (Trouble.UNREACHABLE, "2003", DatabaseUnreachable, f"at a server (error 2003): {LISTENS}"),
        (Trouble.UNREACHABLE, "9", DatabaseUnreachable, "a server (error 9): check the host, port and account"),
        (Trouble.NO_DATABASE, "1049", DatabaseMissing, "database gary"),
        (Trouble.DUPLICATE_KEY, "1062", DuplicateKey, "error 1062; a unique key holds this row already"),
        (Trouble.REFUSED, "1153", DatabaseError, "error 1153; a row is larger than"),
        (
            Trouble.REFUSED,
            "SQLITE_READONLY_DIRECTORY",
            DatabaseError,
            "SQLITE_READONLY_DIRECTORY; the SQLite folder is read-only",
        ),
        (Trouble.REFUSED, "SQLITE_IOERR_SHMSIZE", DatabaseError, "; the disk is full; make room"),
        (Trouble.REFUSED, "SQLITE_IOERR_WRITE", DatabaseError, "; the disk does not take or give what it should"),
        (Trouble.REFUSED, "SQLITE_ERROR", DatabaseError, "error SQLITE_ERROR; the statement was undone"),
    ],
)
def test_a_drivers_error_becomes_one_that_says_where_and_what_to_do(
    trouble: Trouble, code: str, kind: type[WebAutoDashError], said: str
) -> None:
    with pytest.raises(WebAutoDashError) as found, translated(cast(Dialect, _Troubled((trouble, code))), "gary"):
        raise DBAPIError("SELECT 'Zyxwvut'", None, Exception("Zyxwvut"))
    error = found.value
    assert type(error) is kind
    assert said in str(error)
    assert "Zyxwvut" not in str(error)
    assert isinstance(error, DatabaseUnreachable) or "gary" in str(error)
