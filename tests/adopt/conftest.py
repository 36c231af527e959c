"""A store beside databases of the earlier scripts, on both servers that they knew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import Clinic
from legacy_database import LegacyDatabase

from webautodash.services.verify import verify


@pytest.fixture(params=["mariadb", "mysql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The products on which the earlier scripts ran."""
    name: str = request.param
    return name


@pytest.fixture
def clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Clinic]:
    """An empty store and Results folder."""
    clinic = Clinic(server_url, database_prefix, tmp_path)
    yield clinic
    # Whatever was taken over and whatever came after it.
    assert [one.wrong for one in verify(clinic.store).providers if one.wrong] == []
    clinic.store.close()


@pytest.fixture
def legacy(server_url: str, database_prefix: str) -> Callable[[str], LegacyDatabase]:
    """Makes an empty database of the earlier scripts; its name without the prefix."""
    return lambda name: LegacyDatabase(server_url, database_prefix + name)
