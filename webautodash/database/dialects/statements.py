"""Statements whose wording differs between products."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Insert, Table, func, literal
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import InstrumentedAttribute


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


def holds(connection: Connection, column: InstrumentedAttribute[str | None], text: str) -> ColumnElement[bool]:
    """Whether ``text`` stands somewhere in a column, whatever the case of its letters; accents count."""
    wanted: ColumnElement[str] = literal(text)
    if connection.dialect.name == "sqlite":
        return func.instr(func.lower(column), func.lower(wanted)) > 0
    # A default collation would hold Jose for José. Both sides are lowered by the server: it knows fewer letters.
    return func.instr(func.lower(column.collate("utf8mb4_bin")), func.lower(wanted.collate("utf8mb4_bin"))) > 0
