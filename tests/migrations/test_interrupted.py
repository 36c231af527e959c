"""An upgrade that is killed between two statements is finished by the next one; concurrent upgrades wait."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from builders import new_database, plain_database
from jobs import upgrade
from processes import kill_at, moments, together, writes
from schema import drift_from_models, schema_of

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory

BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)


@pytest.mark.ci
@BACKENDS
def test_an_upgrade_killed_between_any_two_statements_is_finished_by_the_next(
    settings: Settings, history: SchemaHistory, tmp_path: Path, steps: Callable[[Sequence[int]], Sequence[int]]
) -> None:
    prefix = settings.database_prefix
    with Server(settings) as server:
        all_moments = moments(upgrade, settings, f"{prefix}whole", history, folder=tmp_path)
        whole = schema_of(plain_database(server, f"{prefix}whole"))
        assert drift_from_models(plain_database(server, f"{prefix}whole"), history) == []
        # Alembic's own table too; SQLite rebuilds a table if a constraint changes.
        made = [moment for moment in all_moments if ": CREATE TABLE" in moment and "_alembic_tmp_" not in moment]
        assert len(made) == len(whole) + 1
        # Killed before a statement that only reads, it leaves the same as before the next one that writes.
        for number in steps([n for n, moment in enumerate(all_moments) if writes(moment)]):
            moment = all_moments[number]
            name = f"{prefix}at_{number}"
            assert kill_at(number, upgrade, settings, name, history, folder=tmp_path), moment
            database = new_database(server, name)
            revisions.upgrade(database, history)
            assert revisions.current(database) == revisions.head(history)
            assert schema_of(database) == whole, moment
            server.drop(name)


@pytest.mark.slow
@BACKENDS
def test_an_upgrade_that_is_killed_repeatedly_is_finished(
    settings: Settings, history: SchemaHistory, tmp_path: Path
) -> None:
    name, killed = f"{settings.database_prefix}again", 0
    while kill_at(10 + 12 * killed, upgrade, settings, name, history, folder=tmp_path):
        killed += 1
    assert killed > 2
    with Server(settings) as server:
        assert drift_from_models(plain_database(server, name), history) == []


def test_several_processes_upgrading_the_same_new_database_all_succeed(
    database: Database, settings: Settings, history: SchemaHistory, tmp_path: Path
) -> None:
    together(upgrade, *[(settings, database.name, history)] * 4, folder=tmp_path)
    assert revisions.current(database) == revisions.head(history)
    assert drift_from_models(database, history) == []
