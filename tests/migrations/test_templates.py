"""The databases that other tests get from a template are what the revisions make."""

from pathlib import Path

import pytest
from builders import new_database
from schema import schema_of
from templates import Templates, ddl

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory


def test_a_database_from_a_template_equals_a_migrated_one(
    database: Database, history: SchemaHistory, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Templates(tmp_path).install(monkeypatch)
    assert revisions.upgrade(database, history)
    assert len(list(tmp_path.glob("template-*"))) == 1
    with Server(settings) as server:
        replayed = new_database(server, f"{settings.database_prefix}replayed")
        monkeypatch.setattr("templates.migrate_for_real", lambda *_: pytest.fail("migrated"))
        assert revisions.upgrade(replayed, history)
        assert schema_of(replayed) == schema_of(database)
        assert ddl(replayed) == ddl(database)
        assert revisions.current(replayed) == revisions.head(history)
