"""A connection of the driver for programs that know no SQLAlchemy."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.client import WebAutoDash
from webautodash.errors import DatabaseMissing, NoFreeConnection


def _all(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(statement)
    return [tuple(row) for row in cursor.fetchall()]


def test_a_program_reads_with_the_drivers_own_connection(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("P1"), a_patient("P2")))
    with (
        WebAutoDash(clinic.settings) as webautodash,
        webautodash.provider("gary_wang").dbapi_connection() as connection,
    ):
        driver = "sqlite3" if webautodash.settings.database_url.get_secret_value().startswith("sqlite") else "pymysql"
        assert type(connection).__module__.startswith(driver)
        assert _all(connection, "SELECT prn FROM patients ORDER BY prn") == [("P1",), ("P2",)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE patients SET gender = 'x'",
        "DELETE FROM medications",
        "INSERT INTO patients SELECT * FROM patients",
        "CREATE TABLE other (id INT)",
        "DROP TABLE conflict_reviews",
    ],
)
def test_it_refuses_to_write_also_after_a_commit(clinic: Clinic, statement: str) -> None:
    clinic.ingest(a_file(a_patient("P1", medications=["Aspirin"])))
    with (
        WebAutoDash(clinic.settings) as webautodash,
        webautodash.provider("gary_wang").dbapi_connection() as connection,
    ):
        for _ in range(2):
            with pytest.raises(Exception, match=r"readonly|READ ONLY|read.only"):
                connection.cursor().execute(statement)  # type: ignore[attr-defined]
            connection.commit()
    assert (clinic.count("medications"), clinic.rows("patients")[0]["gender"]) == (1, "Female")
    # The next user of the pool may write.
    assert clinic.ingest(a_file(a_patient("P2"), at="2025-01-01T00:00:00")).state == "ingested"


def test_what_a_program_sets_does_not_reach_the_next_user(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    with WebAutoDash(clinic.settings) as webautodash:
        provider = webautodash.provider("gary_wang")
        for _ in range(3):
            with provider.dbapi_connection() as connection:
                _all(connection, "SELECT 1")
        with provider.unit_of_work() as work:
            work.set_aside.set_reason(1, "x", "", "P1")
            work.commit()
        with pytest.raises(ZeroDivisionError), provider.dbapi_connection() as connection:
            raise ZeroDivisionError
        with pytest.raises(Exception):  # noqa: B017, PT011  # a closed connection: each driver has its own error
            _all(connection, "SELECT 1")


def test_a_program_may_close_it_itself(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    with WebAutoDash(clinic.settings) as webautodash, caplog.at_level(logging.DEBUG):
        with webautodash.provider("gary_wang").dbapi_connection() as connection:
            connection.close()
        assert len(webautodash.patients.search("gary_wang").items) == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_it_counts_as_one_of_the_connections_until_it_is_closed(open_clinic: Any) -> None:
    clinic = open_clinic(max_connections=2, connect_timeout=1)
    clinic.ingest(a_file(a_patient("P1")))
    clinic.close()
    with WebAutoDash(clinic.settings) as webautodash:
        provider = webautodash.provider("gary_wang")
        with provider.dbapi_connection(), provider.dbapi_connection(), pytest.raises(NoFreeConnection):
            provider.dbapi_connection().__enter__()
        for _ in range(3):
            with provider.dbapi_connection(), provider.dbapi_connection():
                pass


def test_a_missing_database_is_an_error_of_this_program(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    with WebAutoDash(clinic.settings) as webautodash:
        provider = webautodash.provider("gary_wang")
        webautodash._installation.opened().server.drop(clinic.database_name())
        with pytest.raises(DatabaseMissing), provider.dbapi_connection():
            pass
