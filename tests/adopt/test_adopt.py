"""An adopted database has every row, and works like one that this program created."""

import copy

import pytest
from builders import Clinic
from legacy_database import TABLES, Legacy, LegacyDatabase
from legacy_files import two_sweeps

from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.adopt import adopt
from webautodash.services.revisions import SchemaHistory, current, head

COPIED = tuple(table for table in TABLES if table != "comprehensive_patient_records")


@pytest.fixture
def taken(clinic: Clinic, legacy: Legacy) -> LegacyDatabase:
    """Gary Wang's database with two ingested files."""
    database = legacy("gary_wang")
    for file in two_sweeps():
        database.take(file)
    return database


def test_every_row_is_there_with_its_number_and_kept_aside(clinic: Clinic, taken: LegacyDatabase) -> None:
    before = {table: taken.rows(table) for table in TABLES}
    done = adopt(clinic.store, taken.name)
    assert (done.provider, done.name, done.flagged, done.already) == ("gary_wang", "Gary Wang", {}, False)
    assert {each.table: (each.before, each.after) for each in done.tables} == {
        table: (len(before[table]), len(before[table]) if table in COPIED else None) for table in TABLES
    }
    for table in TABLES:
        assert taken.rows(f"legacy_{table}") == before[table], table
    for table in COPIED:
        assert [row["id"] for row in taken.rows(table)] == [row["id"] for row in before[table]], table
    assert current(clinic.store.server.database(taken.name, UnitOfWork)) == head(SchemaHistory.PROVIDER)
    assert [each.status for each in clinic.store.providers()] == ["active"]


def test_the_next_extraction_of_the_same_content_is_a_duplicate(clinic: Clinic, taken: LegacyDatabase) -> None:
    adopt(clinic.store, taken.name)
    for file in two_sweeps():
        again = copy.deepcopy(file)
        again["extraction_metadata"] |= {"extracted_at": "2025-01-01T00:00:00", "job_id": 99}
        outcome = clinic.ingest(again)
        assert (outcome.state, outcome.duplicates, outcome.changed, outcome.stored) == ("ingested", 4, 0, 0)
    assert {row["conflict_type"] for row in clinic.rows("data_conflicts")} == {"extraction_duplicate"}
