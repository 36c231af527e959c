"""Databases for tests without the wait: a run migrates each history once per product and replays the result.

The first database of a run that is migrated from nothing to head is migrated for real, and its DDL is saved in the
folder of the run. Every later one is made by that DDL. `tests/migrations` asserts that both are equal, and tests that
are about migrations ask for `real_migrations`.
"""

import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from webautodash.database import Database
from webautodash.repositories.schema import VERSION_COLUMN, VERSION_TABLE
from webautodash.services import revisions
from webautodash.services.revisions import RevisionListener, SchemaHistory

migrate_for_real = revisions.upgrade


class Templates:
    """The saved DDL of one run, shared by its workers and the commands that they start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Have this process make databases from templates."""
        patch.setattr(revisions, "upgrade", self.upgrade)

    @staticmethod
    def installed() -> "Templates | None":
        """Those that this process makes databases from, None where it migrates for real."""
        owner = getattr(revisions.upgrade, "__self__", None)
        return owner if isinstance(owner, Templates) else None

    def upgrade(
        self,
        database: Database,
        history: SchemaHistory,
        target: str | None = None,
        listener: RevisionListener | None = None,
    ) -> bool:
        """`revisions.upgrade`, by replaying DDL where the database is empty and the target is head."""
        if listener is not None:
            return migrate_for_real(database, history, target, listener)
        product = _product_if_empty(database) if target is None else None
        if product is None:
            return migrate_for_real(database, history, target)
        saved = self.folder / f"template-{product}-{history}.json"
        if saved.exists() and _replay(database, json.loads(saved.read_text())):
            return True
        migrated = migrate_for_real(database, history)
        draft = saved.with_suffix(f".{secrets.token_hex(4)}")
        draft.write_text(json.dumps(ddl(database)))
        draft.rename(saved)
        return migrated


def _product_if_empty(database: Database) -> str | None:
    with database.session() as session:
        connection = session.connection()
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
        return None if _tables(connection) else f"{connection.dialect.name}-{version}"


def _replay(database: Database, statements: Sequence[str]) -> bool:
    with database.migrating() as work:
        connection = work.session.connection()
        if _tables(connection):
            # Another process made it meanwhile.
            return False
        on_server = connection.dialect.name != "sqlite"
        if on_server:
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%") if on_server else statement)
        if on_server:
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
    return True


def _tables(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    else:
        found = connection.exec_driver_sql("SHOW TABLES")
    return [str(name) for (name,) in found]


def ddl(database: Database) -> list[str]:
    """The statements that make a database as this one is, without its rows."""
    with database.session() as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            made = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid"
            )
            statements = [str(sql) for (sql,) in made]
        else:
            statements = [
                _without_default_collation(str(connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()[1]))
                for table in _tables(connection)
            ]
        rows = {
            table: connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar() for table in _tables(connection)
        }
        filled = [table for table, number in rows.items() if number and table != VERSION_TABLE]
        assert not filled, f"a template is its tables alone; revisions put rows into {filled}"
        version = connection.exec_driver_sql(f"SELECT {VERSION_COLUMN} FROM {VERSION_TABLE}").scalar()
        return [*statements, f"INSERT INTO {VERSION_TABLE} ({VERSION_COLUMN}) VALUES ('{version}')"]


def _without_default_collation(statement: str) -> str:
    # MySQL would spell the character set of a column whose collation is named, and that is a drift from the models.
    match = re.search(r" COLLATE=(\w+)", statement)
    return re.sub(rf"(?<!CHARACTER SET utf8mb4) COLLATE {match[1]}\b", "", statement) if match else statement
