"""Both histories, each with an empty database on each backend."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from builders import new_database

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(server_url: str, database_prefix: str, tmp_path: Path) -> Settings:
    """The settings of a store that does not exist yet."""
    return Settings.load(database_url=server_url, database_prefix=database_prefix, results_dir=tmp_path, _env_file=None)


@pytest.fixture(params=SchemaHistory)
def history(request: pytest.FixtureRequest) -> SchemaHistory:
    """The history of the system database, and that of the providers."""
    found: SchemaHistory = request.param
    return found


@pytest.fixture
def database(history: SchemaHistory, settings: Settings) -> Iterator[Database]:
    """An empty database for the history."""
    name = settings.system_database_name if history is SchemaHistory.SYSTEM else f"{settings.database_prefix}gary_wang"
    with Server(settings) as server:
        yield new_database(server, name)


@pytest.fixture
def go(history: SchemaHistory, database: Database) -> Callable[[str], None]:
    """Migrate the database to a revision, up or down, like `alembic upgrade` and `alembic downgrade`."""

    def move(revision: str) -> None:
        config = Config(str(ROOT / "alembic.ini"), ini_section=history.value)
        with database.migrating() as work:
            config.attributes["connection"] = work.session.connection()
            down = revision == "base" or revision.startswith("-") or _lies_behind(database, history, revision)
            (command.downgrade if down else command.upgrade)(config, revision)

    return move


def _lies_behind(database: Database, history: SchemaHistory, revision: str) -> bool:
    known = revisions.all_revisions(history)
    found = revisions.current(database)
    return revision in known and found is not None and known.index(revision) < known.index(found)
