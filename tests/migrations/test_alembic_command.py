"""The command `alembic`, run in a checkout."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import new_database
from schema import drift_from_models

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import revisions
from webautodash.services.registry import register
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

Typed = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def alembic(settings: Settings, server_url: str) -> Typed:
    """Type `alembic` and what follows, in the checkout, with the settings in the environment."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WEBAUTODASH_DATABASE_URL": server_url,
        "WEBAUTODASH_DATABASE_PREFIX": settings.database_prefix,
    }

    def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "alembic", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    return typed


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_alembic_upgrades_the_system_database(alembic: Typed, settings: Settings) -> None:
    with Server(settings) as server:
        system = new_database(server, settings.system_database_name)
        done = alembic("-n", "system", "upgrade", "head")
        assert done.returncode == 0, done.stderr
        assert revisions.current(system) == revisions.head(SchemaHistory.SYSTEM)
        assert drift_from_models(system, SchemaHistory.SYSTEM) == []


def test_alembic_downgrades_and_upgrades_one_provider(alembic: Typed, settings: Settings) -> None:
    head = revisions.head(SchemaHistory.PROVIDER)
    with Store.prepare(settings) as store:
        register(store, "Gary Wang")
        database = store.server.database(f"{settings.database_prefix}gary_wang", UnitOfWork)
        for arguments, output, revision in (
            (("current",), f"{head} (head)", head),
            (("downgrade", "base"), "", None),
            (("upgrade", "head"), "", head),
        ):
            done = alembic("-n", "provider", "-x", "provider=gary_wang", *arguments)
            assert done.returncode == 0, done.stderr
            assert done.stdout.strip() == output
            assert revisions.current(database) == revision
        assert revisions.current(store.system) == revisions.head(SchemaHistory.SYSTEM)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("upgrade", "head"), ["alembic -n system upgrade head", "alembic -n provider -x provider=SLUG upgrade head"]),
        (("current",), ["alembic -n system", "webautodash migrate up"]),
        (("-n", "provider", "upgrade", "head"), ["-x provider=SLUG"]),
        (("-n", "provider", "-x", "provider=unknown", "upgrade", "head"), ["there is no database", "unknown"]),
        (("-n", "system", "upgrade", "head"), ["there is no database", "system"]),
    ],
)
def test_an_incomplete_command_changes_nothing_and_is_answered_with_what_to_type(
    alembic: Typed, settings: Settings, arguments: tuple[str, ...], words: list[str]
) -> None:
    done = alembic(*arguments)
    assert done.returncode != 0
    assert all(each in done.stdout + done.stderr for each in words)
    assert "Traceback" not in done.stdout + done.stderr
    with Server(settings) as server:
        assert server.names(settings.database_prefix) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("history", [["-n", "system"], ["-n", "provider", "-x", "provider=gary_wang"]])
def test_the_sql_of_a_history_can_be_read_without_a_database(alembic: Typed, history: list[str]) -> None:
    done = alembic(*history, "upgrade", "head", "--sql")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("CREATE TABLE") > 3
    assert "ENGINE=InnoDB" in done.stdout
