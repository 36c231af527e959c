"""Statements whose wording differs between products."""

from collections.abc import Sequence

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import mysql, sqlite


def insert_missing(connection: Connection, table: Table, key: str) -> Insert:
    """An INSERT that leaves a row alone whose ``key`` is there already, and locks it until the transaction ends."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=[key])
    statement = mysql.insert(table)
    return statement.on_duplicate_key_update({key: table.c[key]})


def upsert(connection: Connection, table: Table, key: str, columns: Sequence[str]) -> Insert:
    """An INSERT that sets ``columns`` of the row whose ``key`` is there already; one statement for many rows."""
    if connection.dialect.name == "sqlite":
        new = sqlite.insert(table)
        return new.on_conflict_do_update(index_elements=[key], set_={name: new.excluded[name] for name in columns})
    statement = mysql.insert(table)
    return statement.on_duplicate_key_update({name: statement.inserted[name] for name in columns})
