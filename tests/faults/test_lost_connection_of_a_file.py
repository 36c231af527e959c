"""A file that repeatedly loses the connection to a running server is held; the others are ingested."""

from contextlib import suppress
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from pymysql.err import MySQLError

from webautodash.services.ingest import StoringSession, ingest_paths, store_file


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_file_that_loses_its_connection_is_held(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.store.settings = clinic.settings.model_copy(update={"retry_attempts": 2})
    store_batch = store_file.store_batch

    def losing(current: StoringSession, batch: Any) -> None:
        if any(entry.record.prn == "BAD" for entry in batch):
            driver: Any = current.work.session.connection().connection.driver_connection
            # There may be no answer.
            with suppress(MySQLError):
                driver.query("KILL CONNECTION_ID()")
        store_batch(current, batch)

    monkeypatch.setattr(store_file, "store_batch", losing)
    clinic.drop(a_file(a_patient("BAD")), name="a.json")
    clinic.drop(a_file(a_patient("GOOD")), name="b.json")
    found = []
    for _ in range(3):
        outcomes = {outcome.path: outcome for outcome in ingest_paths(clinic.store).files}
        bad = outcomes["gary_wang/a.json"]
        found.append((str(bad.state), bad.kind, bad.unfinished))
        assert not outcomes["gary_wang/b.json"].is_problem
    assert found == [("failed", "connection_lost", 1), *[("held", "connection_lost", 2)] * 2]
    assert [row["kind"] for row in clinic.system_rows("alerts")] == ["held"]
    assert [row["prn"] for row in clinic.rows("patients")] == ["GOOD"]
