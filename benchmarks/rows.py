"""The rows that an ingest stored, table by table, for those who write the same rows in another way."""

import sqlite3
from contextlib import closing
from typing import Any

import pymysql

from webautodash.models import DatabaseIdentity, ProviderBase

Cursor = sqlite3.Cursor | pymysql.cursors.Cursor

# Parents before children. The identity row comes from the registration, not out of a file.
TABLES = [table.name for table in ProviderBase.metadata.sorted_tables if table.name != DatabaseIdentity.__tablename__]


def stored_rows(connection: Any, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and all rows of a table, in the order of its key."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        rows = list(cursor.fetchall())
        return [column[0] for column in cursor.description], rows


def count(connection: Any, table: str) -> int:
    """How many rows a table has."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        return int(cursor.fetchone()[0])
