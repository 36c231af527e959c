"""Looks at a live schema. MySQL and MariaDB commit each DDL statement, so a revision must bear to be run again."""

from sqlalchemy import Connection, inspect


def lacks_index(connection: Connection, table: str, name: str) -> bool:
    """Whether the table has no index of this name yet."""
    return all(index["name"] != name for index in inspect(connection).get_indexes(table))


def lacks_column(connection: Connection, table: str, name: str) -> bool:
    """Whether the table has no column of this name yet."""
    return all(column["name"] != name for column in inspect(connection).get_columns(table))
