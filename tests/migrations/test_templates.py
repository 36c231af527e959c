"""The databases that other tests get from a template are what the revisions make."""

from __future__ import annotations

from pathlib import Path

import pytest
from templates import Templates, ddl

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.services import revisions
from webautodash.services.revisions import History


def test_a_database_from_a_template_equals_a_migrated_one(
    database: Database, history: History, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Templates(tmp_path).install(monkeypatch)
    assert revisions.upgrade(database, history)
    assert len(list(tmp_path.glob("template-*"))) == 1
    with Server(settings) as server:
        replayed = server.create(f"{settings.database_prefix}replayed")
        monkeypatch.setattr("templates.migrate_for_real", lambda *_: pytest.fail("migrated"))
        assert revisions.upgrade(replayed, history)
        assert _plain(ddl(replayed)) == _plain(ddl(database))
        assert revisions.current(replayed) == revisions.head(history)


def _plain(statements: list[str]) -> list[str]:
    # MySQL names a column's character set where the statement that made the column named it.
    return [statement.replace(" CHARACTER SET utf8mb4 ", " ") for statement in statements]
