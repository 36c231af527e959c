"""An account that may read and write rows, and nothing else."""

from collections.abc import Iterator

import pytest
from builders import Clinic, a_file, a_patient
from server_accounts import Accounts

from webautodash.config import Settings
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.store import Store


@pytest.fixture
def rows_only(clinic: Clinic, server_url: str) -> Iterator[Settings]:
    """The settings of an account that may read and write rows below the clinic's prefix, and create nothing."""
    accounts = Accounts(server_url)
    pattern = clinic.settings.database_prefix.replace("_", r"\_") + "%"
    name = accounts.account(f"SELECT, INSERT, UPDATE, DELETE ON `{pattern}`.*")
    yield accounts.settings(name, clinic.settings)
    accounts.remove()


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_an_account_for_rows_only_ingests_into_existing_databases(clinic: Clinic, rows_only: Settings) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.drop(a_file(a_patient("GW2"), at="2025-01-01T00:00:00"))
    clinic.drop(a_file(a_patient("N1"), provider="New Here"), folder="new_here")
    with Store.prepare(rows_only) as store:
        states = {outcome.path: outcome for outcome in ingest_paths(store).files}
    assert states["gary_wang/file_002.json"].state == "ingested"
    # A file that needs a new database waits, and stops no other.
    assert states["new_here/file_003.json"].state == "failed"
    assert "right" in str(states["new_here/file_003.json"].reason)
    assert clinic.count("patients") == 2
