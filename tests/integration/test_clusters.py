"""A transaction that is too large for a cluster is distinguished from a conflict and not repeated."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from pymysql.connections import Connection as Driver
from pymysql.err import OperationalError

from webautodash.database.products.mysql import limits
from webautodash.database.products.mysql.limits import TransactionLimit, transaction_limit

GALERA, GROUP = "wsrep_max_ws_size", "group_replication_transaction_size_limit"


class Refusal:
    """Counts failures: while ``number`` is set, COMMIT fails in one database, or for 1105 the first INSERT of rows."""

    def __init__(self) -> None:
        self.number, self.refused = 0, 0


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusal]:
    refusal, commit, query = Refusal(), Driver.commit, Driver.query

    def refuse(driver: Any) -> None:
        if refusal.number and str(driver.db.decode()).endswith("gary_wang"):
            refusal.refused += 1
            driver.rollback()
            raise OperationalError(refusal.number, "Mark-of-a-value")

    def committed(driver: Any) -> None:
        if refusal.number != 1105:
            refuse(driver)
        commit(driver)

    def sent(driver: Any, sql: Any, *more: Any) -> Any:
        if refusal.number == 1105 and isinstance(sql, bytes) and sql.startswith(b"INSERT INTO patient_extractions"):
            refuse(driver)
        return query(driver, sql, *more)

    monkeypatch.setattr(Driver, "commit", committed)
    monkeypatch.setattr(Driver, "query", sent)
    monkeypatch.setattr("webautodash.database.session._FIRST_PAUSE_SECONDS", 0.001)
    return refusal


@pytest.mark.parametrize(
    ("backend", "number", "limit", "kind", "tries"),
    [
        ("mariadb", 1105, TransactionLimit(GALERA, 1_000), "transaction_too_large", 1),
        ("mariadb", 1105, TransactionLimit(GALERA, 2 << 30), "database_error", 1),
        ("mariadb", 1180, TransactionLimit(GALERA, 1_000), "transaction_too_large", 1),
        ("mariadb", 1180, TransactionLimit(GALERA, 2 << 30), "database_busy", 6),
        # Group replication reports a conflict with the same number.
        ("mysql", 1180, TransactionLimit(GROUP, 1_000), "database_busy", 6),
        ("mysql", 3100, TransactionLimit(GROUP, 1_000), "transaction_too_large", 1),
        ("mysql", 3100, TransactionLimit(GROUP, 150_000_000), "database_error", 1),
    ],
    indirect=["backend"],
)
def test_a_transaction_over_the_limit_of_a_cluster_is_not_repeated(
    clinic: Clinic,
    refusal: Refusal,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    limit: TransactionLimit,
    kind: str,
    tries: int,
) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.store.close()
    monkeypatch.setattr(limits, "transaction_limit", lambda _: limit)
    # A Galera node gets rows as INSERT statements.
    monkeypatch.setattr(limits, "loading_of", lambda _: SimpleNamespace(allowed=False))
    refusal.number = number
    outcome = clinic.ingest(a_file(*(a_patient(f"GW{n}", medications=["X 1 mg"]) for n in range(20))))
    assert (outcome.state, outcome.kind, refusal.refused) == ("failed", kind, tries)
    assert (limit.setting in str(outcome.reason)) == (kind == "transaction_too_large")
    assert "Mark-of-a-value" not in str(outcome)
    refusal.number = 0
    assert clinic.count("patients") == 1
    # The same connection counts each transaction from its beginning.
    assert clinic.ingest(a_file(a_patient("GW2"), at="2025-01-01T00:00:00")).state == "ingested"


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_server_outside_of_a_cluster_has_no_such_limit(clinic: Clinic) -> None:
    with clinic.store.system.engine.connect() as connection:
        assert limits.limits_of(connection).transaction is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"wsrep_on": "ON", GALERA: "2147483647"}, TransactionLimit(GALERA, 2147483647)),
        ({"wsrep_on": "OFF", GALERA: "2147483647"}, None),
        ({GROUP: "150000000"}, TransactionLimit(GROUP, 150_000_000)),
        ({GROUP: "0"}, None),
        ({}, None),
    ],
)
def test_the_limit_is_read_from_the_variables_of_the_server(
    variables: dict[str, str], expected: TransactionLimit | None
) -> None:
    assert transaction_limit(variables) == expected
