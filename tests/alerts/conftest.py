"""A store that raises alerts, and servers that receive them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import certificates
import pytest
from alert_receivers import Webhook
from builders import NewClinic, clinics
from certificates import Certificates


@pytest.fixture
def a_clinic(open_clinic: NewClinic) -> NewClinic:
    """Make a store that sends alerts at once; once for each backend."""
    return partial(open_clinic, alert_interval=0)


@pytest.fixture
def on_sqlite(database_prefix: str, tmp_path: Path) -> Iterator[NewClinic]:
    """The same on SQLite alone, where the backend makes no difference."""
    with clinics(f"sqlite:///{tmp_path}/databases", database_prefix, tmp_path) as opened:
        yield partial(opened, alert_interval=0)


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
