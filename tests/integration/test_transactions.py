"""What a session sees of what others commit meanwhile."""

from __future__ import annotations

import pytest
from builders import Clinic
from sqlalchemy import text
from sqlalchemy.orm import Session

from webautodash.domain.vocabulary import Level
from webautodash.repositories import LogRepository


def _count(session: Session) -> int:
    return int(session.execute(text("SELECT COUNT(*) FROM system_logs")).scalar_one())


def _log(clinic: Clinic) -> None:
    clinic.store.system.run(lambda session: LogRepository(session).record(Level.INFO, "test", "test", "test"))


def test_a_reader_sees_one_moment(clinic: Clinic) -> None:
    for before in (0, 1):
        with clinic.store.system.reading() as reader:
            assert _count(reader) == before
            _log(clinic)
            assert _count(reader) == before
    with clinic.store.system.reading() as reader:
        assert _count(reader) == 2


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_writer_sees_what_was_committed_while_it_waited_whoever_had_its_connection_before(clinic: Clinic) -> None:
    with clinic.store.system.reading() as reader:
        assert _count(reader) == 0
    with clinic.store.system.session() as writer:
        assert _count(writer) == 0
        _log(clinic)
        assert _count(writer) == 1
