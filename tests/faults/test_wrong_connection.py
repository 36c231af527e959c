"""A connection to another database than it was opened for is discarded before a row is read or written."""

from typing import Any

import pytest
from builders import Clinic, a_file, a_patient, plain_database
from sqlalchemy import event
from sqlalchemy.engine import Engine

from webautodash.errors import WrongConnection, WrongDatabase
from webautodash.services.callbacks import ignore
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store

SERVERS = pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)


@pytest.fixture
def two(clinic: Clinic) -> Clinic:
    """Two providers, a patient each."""
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(a_file(a_patient("AK1"), provider="Anna Keller"), "anna_keller")
    return clinic


def _patients(clinic: Clinic) -> dict[str, list[str]]:
    return {slug: [row["prn"] for row in clinic.rows("patients", slug)] for slug in ("gary_wang", "anna_keller")}


@SERVERS
def test_a_pooled_connection_to_another_database_is_discarded(two: Clinic) -> None:
    engine = two.database().engine
    with engine.connect() as connection:
        number = connection.connection.driver_connection.thread_id()  # type: ignore[union-attr]  # PyMySQL's
        connection.exec_driver_sql(f"USE {two.settings.database_prefix}anna_keller")
    with engine.pool.connect() as pooled:
        # The connection is in the pool, and is the next one to be used.
        assert pooled.driver_connection.thread_id() == number  # type: ignore[union-attr]
    outcome = two.ingest(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"))
    assert (str(outcome.state), outcome.stored) == ("ingested", 1)
    assert _patients(two) == {"gary_wang": ["GW1", "GW2"], "anna_keller": ["AK1"]}


@SERVERS
@pytest.mark.parametrize("elsewhere", ["anna_keller", "system"])
def test_nothing_is_stored_if_every_connection_is_to_another_database(two: Clinic, elsewhere: str) -> None:
    wang = f"{two.settings.database_prefix}gary_wang"

    def astray(connection: Any, _record: object) -> None:
        if connection.db == wang.encode():
            connection.select_db(f"{two.settings.database_prefix}{elsewhere}")

    two.drop(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"))
    event.listen(Engine, "connect", astray)
    try:
        with Store.open(two.settings) as store:
            provider = resolve_provider(store, "gary_wang")
            with pytest.raises(WrongConnection, match=wang):
                store.provider_database(provider)
            with pytest.raises(WrongConnection), plain_database(store.server, wang).session() as session:
                session.connection()
    finally:
        event.remove(Engine, "connect", astray)
    assert _patients(two) == {"gary_wang": ["GW1"], "anna_keller": ["AK1"]}
    assert two.count("extraction_sessions", "anna_keller") == 1


def test_a_database_that_becomes_another_providers_while_open_stores_nothing(two: Clinic) -> None:
    two.execute("UPDATE database_identity SET identity = 'another', slug = 'another'")
    outcome = two.ingest(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"))
    assert (str(outcome.state), outcome.kind) == ("failed", "wrong_database")
    assert _patients(two) == {"gary_wang": ["GW1"], "anna_keller": ["AK1"]}
    with pytest.raises(WrongDatabase):
        two.store.provider_database(resolve_provider(two.store, "gary_wang")).run(ignore)
