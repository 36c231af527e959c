"""The schema of a database, as the server reports it and as the models define it."""

import re

from alembic import autogenerate
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from webautodash.database import Database
from webautodash.database.schema import Schema, compare_type, schema_of as schema_of_connection
from webautodash.models import ProviderBase, SystemBase
from webautodash.services.revisions import SchemaHistory

VERSION_TABLE = "alembic_version"


def schema_of(database: Database) -> Schema:
    """The columns, keys and checks of every table, without Alembic's own table."""
    with database.session() as session:
        found = schema_of_connection(session.connection())
    return {table: facts for table, facts in found.items() if table != VERSION_TABLE}


def drift_from_models(database: Database, history: SchemaHistory) -> list[str]:
    """One line for each difference that Alembic finds between a database and the models."""
    metadata = SystemBase.metadata if history is SchemaHistory.SYSTEM else ProviderBase.metadata
    options = {"compare_type": compare_type, "compare_server_default": True}
    with database.session() as session:
        context = MigrationContext.configure(session.connection(), opts=options)
        return [str(difference) for difference in autogenerate.compare_metadata(context, metadata)]


def names_of(database: Database, table: str) -> dict[str, set[str]]:
    """The names of a table's indexes and constraints, by their kind."""
    inspector = inspect(database.engine)
    indexes = inspector.get_indexes(table)
    # Servers do not distinguish unique constraints and unique indexes.
    unique = {str(each["name"]) for each in inspector.get_unique_constraints(table)}
    unique |= {str(index["name"]) for index in indexes if index["unique"]}
    return {
        "uq": unique,
        "ix": {str(index["name"]) for index in indexes} - unique,
        "fk": _foreign_keys(database, table),
        "ck": {str(each["name"]) for each in inspector.get_check_constraints(table)},
    }


def _foreign_keys(database: Database, table: str) -> set[str]:
    if database.engine.dialect.name != "sqlite":
        return {str(each["name"]) for each in inspect(database.engine).get_foreign_keys(table)}
    # SQLAlchemy does not read the name of a foreign key that is defined with its column.
    with database.engine.connect() as connection:
        text = str(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one())
    return set(re.findall(r'CONSTRAINT "?(fk_\w+)', text))
