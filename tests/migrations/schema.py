"""What a database's schema is, as the server tells it, and as the models say it should be."""

from __future__ import annotations

import re

from alembic import autogenerate
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from webautodash.database import Database
from webautodash.database.schema import Schema, compare_type
from webautodash.database.schema import schema_of as schema_of_connection
from webautodash.models import ProviderBase, SystemBase
from webautodash.services.revisions import SchemaHistory

VERSION_TABLE = "alembic_version"


def schema_of(database: Database) -> Schema:
    """Every table's columns, keys and checks; Alembic's own table left out."""
    with database.session() as session:
        found = schema_of_connection(session.connection())
    return {table: facts for table, facts in found.items() if table != VERSION_TABLE}


def drift_from_models(database: Database, history: SchemaHistory) -> list[str]:
    """What Alembic finds different between a database and the models, a line a difference."""
    metadata = SystemBase.metadata if history is SchemaHistory.SYSTEM else ProviderBase.metadata
    options = {"compare_type": compare_type, "compare_server_default": True}
    with database.session() as session:
        context = MigrationContext.configure(session.connection(), opts=options)
        return [str(difference) for difference in autogenerate.compare_metadata(context, metadata)]


def names_of(database: Database, table: str) -> dict[str, set[str]]:
    """The names of a table's indexes and constraints, by their kind."""
    looked = inspect(database.engine)
    indexes = looked.get_indexes(table)
    # The servers make no difference between a unique constraint and a unique index.
    unique = {str(each["name"]) for each in looked.get_unique_constraints(table)}
    unique |= {str(index["name"]) for index in indexes if index["unique"]}
    return {
        "uq": unique,
        "ix": {str(index["name"]) for index in indexes} - unique,
        "fk": _foreign_keys(database, table),
        "ck": {str(each["name"]) for each in looked.get_check_constraints(table)},
    }


def _foreign_keys(database: Database, table: str) -> set[str]:
    if database.engine.dialect.name != "sqlite":
        return {str(each["name"]) for each in inspect(database.engine).get_foreign_keys(table)}
    # SQLAlchemy reads no name of a foreign key that stands with its column.
    with database.engine.connect() as connection:
        text = str(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one())
    return set(re.findall(r'CONSTRAINT "?(fk_\w+)', text))
