"""Operations of a revision that bear to be run again: each looks at the live schema first.

MySQL and MariaDB commit each DDL statement, so a revision that was killed begins anew with some of it done. ``op`` is
Alembic's module of that name; where it only writes SQL there is no schema to look at, and every statement is written.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Table, inspect

from webautodash.database.products import types

TABLE_OPTIONS = MappingProxyType({"if_not_exists": True, **types.TABLE_OPTIONS})
"""For ``op.create_table``: made where it is missing."""


def add_column(op: Any, table: str, column: Column[Any]) -> None:
    """Add the column where it is missing."""
    if op.get_context().as_sql or lacks_column(op.get_bind(), table, str(column.name)):
        op.add_column(table, column)


def drop_column(op: Any, table: str, name: str) -> None:
    """Drop the column where it is there."""
    if op.get_context().as_sql or not lacks_column(op.get_bind(), table, name):
        op.drop_column(table, name)


def add_reference(op: Any, table: str, name: str, target: str) -> None:
    """Add a column that refers to rows of ``target``, and its index, where it is missing.

    One statement on servers, which commit each.
    """
    if not op.get_context().as_sql and not lacks_column(op.get_bind(), table, name):
        return
    index, key = f"ix_{table}_{name}", f"fk_{table}_{name}"
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} INTEGER CONSTRAINT {key} REFERENCES {target} (id)")
        op.create_index(index, table, [name])
    else:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {name} BIGINT, ADD INDEX {index} ({name}), "
            f"ADD CONSTRAINT {key} FOREIGN KEY ({name}) REFERENCES {target} (id)"
        )


def drop_reference(op: Any, table: str, name: str) -> None:
    """Drop a column that ``add_reference`` added, where it is there."""
    index, key = f"ix_{table}_{name}", f"fk_{table}_{name}"
    if op.get_context().dialect.name == "sqlite":
        drop_index(op, index, table)
    elif op.get_context().as_sql or not lacks_index(op.get_bind(), table, index):
        op.execute(f"ALTER TABLE {table} DROP FOREIGN KEY {key}, DROP INDEX {index}")
    drop_column(op, table, name)


def create_index(op: Any, name: str, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
    """Create the index where it is missing."""
    if op.get_context().as_sql or lacks_index(op.get_bind(), table, name):
        op.create_index(name, table, list(columns), unique=unique)


def drop_index(op: Any, name: str, table: str) -> None:
    """Drop the index where it is there."""
    if op.get_context().as_sql or not lacks_index(op.get_bind(), table, name):
        op.drop_index(name, table)


def replace_check(op: Any, table: Table, name: str, condition: str) -> None:
    """Have a CHECK say something else, which bears to be repeated; ``table`` is all that is there but the CHECK."""
    if op.get_context().dialect.name == "sqlite":
        table.append_constraint(CheckConstraint(condition, name=op.f(name)))
        # The table is written anew; the whole revision is one transaction there.
        with op.batch_alter_table(table.name, recreate="always", copy_from=table):
            pass
    else:
        quote = op.get_context().dialect.identifier_preparer.quote
        check = quote(name)
        op.execute(
            f"ALTER TABLE {quote(table.name)} DROP CONSTRAINT {check}, ADD CONSTRAINT {check} CHECK ({condition})"
        )


def lacks_index(connection: Connection, table: str, name: str) -> bool:
    """Whether the table has no index of this name yet."""
    return all(index["name"] != name for index in inspect(connection).get_indexes(table))


def lacks_column(connection: Connection, table: str, name: str) -> bool:
    """Whether the table has no column of this name yet."""
    return all(column["name"] != name for column in inspect(connection).get_columns(table))
