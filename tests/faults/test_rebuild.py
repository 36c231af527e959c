"""The system database is a view: lost, it comes back from the providers' own databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contents import contents, differences, identities

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.services.ingest import ingest_paths
from webautodash.services.store import Store


def _lose_the_system_database(settings: Settings) -> None:
    with Server(settings) as server:
        server.drop(settings.system_database_name)


def test_a_lost_system_database_is_rebuilt_by_the_next_ingest(
    fresh: Callable[[str], Settings], clean: dict[str, Any]
) -> None:
    settings = fresh("c")
    before = identities(settings)
    _lose_the_system_database(settings)
    with Store.prepare(settings) as store:
        report = ingest_paths(store)
    assert {str(file.state) for file in report.files} == {"already_ingested"}
    assert differences(contents(settings), clean) == []
    assert identities(settings) == before
