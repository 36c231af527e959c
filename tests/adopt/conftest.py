"""Fixtures: a store, and databases of the earlier scripts on both servers that those supported."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from builders import Clinic, NewClinic
from legacy_database import Legacy, LegacyDatabase

from webautodash.services.verify import verify


@pytest.fixture(params=["mariadb", "mysql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The products that the earlier scripts supported."""
    name: str = request.param
    return name


@pytest.fixture
def clinic(open_clinic: NewClinic) -> Iterator[Clinic]:
    """An empty store and Results folder; all rows are verified at the end of the test."""
    clinic = open_clinic()
    yield clinic
    assert [one.wrong for one in verify(clinic.store).providers if one.wrong] == []


@pytest.fixture
def legacy(server_url: str, database_prefix: str) -> Iterator[Legacy]:
    """Create an empty database of the earlier scripts, by its name without the prefix."""
    with ExitStack() as opened:

        def create(name: str, *, is_made: bool = True) -> LegacyDatabase:
            database = LegacyDatabase(server_url, database_prefix + name, is_made=is_made)
            opened.callback(database.close)
            return database

        yield create
