"""A store or its accounts that are not set up yet: one problem, with its fix."""

from pathlib import Path
from typing import Any

import pytest
from builders import NewSettings
from sqlalchemy import make_url

from webautodash.cli.advice import advice_on
from webautodash.config import Settings
from webautodash.database import Server
from webautodash.services.doctor import Finding, examine_isolation


@pytest.fixture
def empty(server_url: str, database_prefix: str, tmp_path: Path) -> NewSettings:
    """The settings of a store that was never set up."""

    def settings(**values: Any) -> Settings:
        common = {"database_url": server_url, "database_prefix": database_prefix, "results_dir": tmp_path}
        return Settings.load(**{"_env_file": None, **common, **values})

    return settings


def problems(findings: tuple[Finding, ...]) -> list[tuple[str, str | None]]:
    return [(one.code, advice_on(one)) for one in findings if one.is_problem]


def test_a_store_that_was_never_set_up_is_one_problem(empty: NewSettings) -> None:
    assert problems(examine_isolation(empty()).findings) == [("store.missing", "webautodash setup")]


def test_a_system_database_without_its_tables_is_one_problem(empty: NewSettings) -> None:
    settings = empty()
    with Server(settings) as server:
        server.create(settings.system_database_name)
    assert problems(examine_isolation(settings).findings) == [("database.empty", "webautodash setup")]


@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_missing_accounts_are_one_problem(empty: NewSettings, server_url: str, tmp_path: Path) -> None:
    url = make_url(server_url)
    own = {"database_url": None, "db_host": url.host, "db_port": url.port, "accounts_dir": tmp_path / "accounts"}
    found = problems(examine_isolation(empty(**own)).findings)
    assert found[0] == ("secret.missing", "webautodash provider grant --all")
    assert len(found) == 2, found
