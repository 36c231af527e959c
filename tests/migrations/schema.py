"""What a database's schema is, as the server tells it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect

from webautodash.database import Database

VERSION_TABLE = "alembic_version"


def schema_of(database: Database) -> dict[str, dict[str, Any]]:
    """Every table's columns, keys and checks, in an order of their own; Alembic's own table left out."""
    looked = inspect(database.engine)
    return {
        table: {
            "columns": [
                (column["name"], repr(column["type"]), column["nullable"], column["default"])
                for column in looked.get_columns(table)
            ],
            "primary key": looked.get_pk_constraint(table)["constrained_columns"],
            "unique": _by_name(looked.get_unique_constraints(table), "column_names"),
            "indexes": _by_name(looked.get_indexes(table), "column_names"),
            "foreign keys": _by_name(looked.get_foreign_keys(table), "constrained_columns", "referred_table"),
            "checks": _by_name(looked.get_check_constraints(table), "sqltext"),
        }
        for table in looked.get_table_names()
        if table != VERSION_TABLE
    }


def names_of(database: Database, table: str) -> dict[str, set[str]]:
    """The names of a table's indexes and constraints, by their kind."""
    looked = inspect(database.engine)
    unique = {str(each["name"]) for each in looked.get_unique_constraints(table)}
    return {
        "uq": unique,
        # The servers list a unique constraint as an index too.
        "ix": {str(each["name"]) for each in looked.get_indexes(table)} - unique,
        "fk": {str(each["name"]) for each in looked.get_foreign_keys(table)},
        "ck": {str(each["name"]) for each in looked.get_check_constraints(table)},
    }


def _by_name(found: Any, *keys: str) -> dict[str, Any]:
    return {str(each["name"]): [each[key] for key in keys] for each in found}
