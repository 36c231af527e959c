"""Fixtures: a store, and databases of the earlier scripts on both servers that those supported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import Clinic
from legacy_database import LegacyDatabase

from webautodash.services.verify import verify


@pytest.fixture(params=["mariadb", "mysql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The products that the earlier scripts supported."""
    name: str = request.param
    return name


@pytest.fixture
def clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Clinic]:
    """An empty store and Results folder."""
    clinic = Clinic(server_url, database_prefix, tmp_path)
    yield clinic
    # Every test ends with a verification of all rows.
    assert [one.wrong for one in verify(clinic.store).providers if one.wrong] == []
    clinic.store.close()


@pytest.fixture
def legacy(server_url: str, database_prefix: str) -> Callable[[str], LegacyDatabase]:
    """Create an empty database of the earlier scripts, by its name without the prefix."""
    return lambda name: LegacyDatabase(server_url, database_prefix + name)
