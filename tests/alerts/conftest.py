"""A store that raises alerts, and servers that receive them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certificates
import pytest
from alert_receivers import Webhook
from builders import Clinic, NewClinic
from certificates import Certificates


def _clinics(server_url: str, database_prefix: str, folder: Path) -> Iterator[NewClinic]:
    made: list[Clinic] = []

    def clinic(**settings: Any) -> Clinic:
        made.append(Clinic(server_url, database_prefix, folder, **{"alert_interval": 0, **settings}))
        return made[-1]

    yield clinic
    for each in made:
        each.store.close()


@pytest.fixture
def a_clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[NewClinic]:
    """Make a store with settings of the alerts; once for each backend."""
    yield from _clinics(server_url, database_prefix, tmp_path)


@pytest.fixture
def on_sqlite(database_prefix: str, tmp_path: Path) -> Iterator[NewClinic]:
    """The same on SQLite alone, where the backend makes no difference."""
    yield from _clinics(f"sqlite:///{tmp_path}/databases", database_prefix, tmp_path)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """An HTTP server."""
    hook = Webhook()
    yield hook
    hook.down()


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificates of the servers, trusted by the settings."""
    return certificates.make(tmp_path_factory.mktemp("tls") / "trusted")


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of another authority, not trusted."""
    return certificates.make(tmp_path_factory.mktemp("tls") / "other")
