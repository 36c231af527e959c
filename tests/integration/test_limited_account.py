"""Accounts with limited rights, and a database without an identity."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import make_url

from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.store import Store


@pytest.fixture
def rows_only(clinic: Clinic) -> Iterator[str]:
    """The URL of an account that may read and write rows below the clinic's prefix, and make nothing."""
    url = make_url(clinic.settings.database_url.get_secret_value())  # type: ignore[union-attr]  # the fixture sets it
    name = f"rows_{secrets.token_hex(4)}"
    pattern = clinic.settings.database_prefix.replace("_", r"\_") + "%"
    root = clinic.store.system.engine
    with root.connect() as connection:
        raw = connection.connection.cursor()
        raw.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'a long password'")
        raw.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{pattern}`.* TO '{name}'@'%'")
    yield url.set(username=name, password="a long password").render_as_string(hide_password=False)
    with root.connect() as connection:
        connection.connection.cursor().execute(f"DROP USER '{name}'@'%'")


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_an_account_for_rows_alone_ingests_into_what_is_there(clinic: Clinic, rows_only: str) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.drop(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"))
    clinic.drop(a_file(a_patient("N1"), provider="New Here"), folder="new_here")
    settings = clinic.settings.load(
        database_url=rows_only,
        database_prefix=clinic.settings.database_prefix,
        results_dir=clinic.results,
        _env_file=None,
    )
    with Store.prepare(settings) as store:
        states = {outcome.path: outcome for outcome in ingest_paths(store).files}
    assert states["gary_wang/file_002.json"].state == "ingested"
    # What would need a new database waits, says which right is missing, and stops no other.
    assert states["new_here/file_003.json"].state == "failed"
    assert "right" in str(states["new_here/file_003.json"].reason)
    assert clinic.count("patients") == 2
