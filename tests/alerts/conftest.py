"""A store that has something to tell, and servers to tell it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certificates
import pytest
from alert_receivers import Webhook
from builders import Clinic
from certificates import Certificates


@pytest.fixture
def a_clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Callable[..., Clinic]]:
    """Make a store with settings of the alerts; once for each backend."""
    made: list[Clinic] = []

    def clinic(**settings: Any) -> Clinic:
        made.append(Clinic(server_url, database_prefix, tmp_path, **{"alert_interval": 0, **settings}))
        return made[-1]

    yield clinic
    for each in made:
        each.store.close()


@pytest.fixture
def on_sqlite(database_prefix: str, tmp_path: Path) -> Iterator[Callable[..., Clinic]]:
    """The same on SQLite alone, where the backend makes no difference."""
    made: list[Clinic] = []

    def clinic(**settings: Any) -> Clinic:
        url = f"sqlite:///{tmp_path}/databases"
        made.append(Clinic(url, database_prefix, tmp_path, **{"alert_interval": 0, **settings}))
        return made[-1]

    yield clinic
    for each in made:
        each.store.close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """An HTTP server."""
    hook = Webhook()
    yield hook
    hook.down()


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificates of the servers."""
    return certificates.make(tmp_path_factory.mktemp("tls") / "trusted")


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Those of somebody else."""
    return certificates.make(tmp_path_factory.mktemp("tls") / "other")
