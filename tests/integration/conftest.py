"""A store on each backend, built by the migrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import Clinic


@pytest.fixture
def clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Clinic]:
    """An empty store and Results folder; once for each backend."""
    clinic = Clinic(server_url, database_prefix, tmp_path)
    yield clinic
    clinic.store.close()
