"""Alembic operations that can be repeated: each one checks the live schema first.

Some servers commit every DDL statement. A revision that was interrupted is therefore run again from its beginning, with
some of its statements already done. In offline mode there is no schema to check: every statement is written.

``env.py`` loads this module, and the revisions call ``op.create_table_if_missing`` and so on.
"""

from collections.abc import Callable, Sequence
from typing import Any

from alembic.operations import MigrateOperation, Operations
from sqlalchemy import CheckConstraint, Column, Table, inspect
from sqlalchemy.schema import SchemaItem

Names = Callable[[Operations, str], set[str]]

_TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


@Operations.register_operation("create_table_if_missing")
@Operations.register_operation("add_column_if_missing")
@Operations.register_operation("drop_column_if_exists")
@Operations.register_operation("create_index_if_missing")
@Operations.register_operation("drop_index_if_exists")
@Operations.register_operation("add_reference_if_missing")
@Operations.register_operation("drop_reference_if_exists")
@Operations.register_operation("replace_check")
class RepeatableOperations(MigrateOperation):
    """The operations; each is a class method, as Alembic registers them."""

    @classmethod
    def create_table_if_missing(cls, operations: Operations, name: str, *items: SchemaItem) -> None:
        """Create a table with the options that are not left to a server's defaults."""
        operations.create_table(name, *items, if_not_exists=True, **_TABLE_OPTIONS)

    @classmethod
    def add_column_if_missing(cls, operations: Operations, table: str, column: Column[Any]) -> None:
        if _must_add(operations, _columns, table, str(column.name)):
            operations.add_column(table, column)

    @classmethod
    def drop_column_if_exists(cls, operations: Operations, table: str, name: str) -> None:
        if _must_drop(operations, _columns, table, name):
            operations.drop_column(table, name)

    @classmethod
    def create_index_if_missing(
        cls, operations: Operations, name: str, table: str, columns: Sequence[str], *, unique: bool = False
    ) -> None:
        if _must_add(operations, _indexes, table, name):
            operations.create_index(name, table, list(columns), unique=unique)

    @classmethod
    def drop_index_if_exists(cls, operations: Operations, name: str, table: str) -> None:
        if _must_drop(operations, _indexes, table, name):
            operations.drop_index(name, table)

    @classmethod
    def add_reference_if_missing(cls, operations: Operations, table: str, name: str, target: str) -> None:
        """Add a column that refers to the rows of ``target``, with its index and foreign key.

        A single statement on servers, which commit each statement.
        """
        if not _must_add(operations, _columns, table, name):
            return
        index, key = f"ix_{table}_{name}", f"fk_{table}_{name}"
        if _is_sqlite(operations):
            operations.execute(
                f"ALTER TABLE {table} ADD COLUMN {name} INTEGER CONSTRAINT {key} REFERENCES {target} (id)"
            )
            operations.create_index(index, table, [name])
        else:
            operations.execute(
                f"ALTER TABLE {table} ADD COLUMN {name} BIGINT, ADD INDEX {index} ({name}), "
                f"ADD CONSTRAINT {key} FOREIGN KEY ({name}) REFERENCES {target} (id)"
            )

    @classmethod
    def drop_reference_if_exists(cls, operations: Operations, table: str, name: str) -> None:
        """Drop a column that ``add_reference_if_missing`` added."""
        index, key = f"ix_{table}_{name}", f"fk_{table}_{name}"
        if _must_drop(operations, _indexes, table, index):
            if _is_sqlite(operations):
                operations.drop_index(index, table)
            else:
                operations.execute(f"ALTER TABLE {table} DROP FOREIGN KEY {key}, DROP INDEX {index}")
        cls.drop_column_if_exists(operations, table, name)

    @classmethod
    def replace_check(cls, operations: Operations, table: Table, name: str, condition: str) -> None:
        """Change the condition of a CHECK constraint; ``table`` is the whole table without this constraint."""
        if _is_sqlite(operations):
            table.append_constraint(CheckConstraint(condition, name=operations.f(name)))
            # SQLite has no ALTER for this: the table is rebuilt. The whole revision is one transaction there.
            with operations.batch_alter_table(table.name, recreate="always", copy_from=table):
                pass
        else:
            quote = operations.get_context().dialect.identifier_preparer.quote
            check = quote(name)
            operations.execute(
                f"ALTER TABLE {quote(table.name)} DROP CONSTRAINT {check}, ADD CONSTRAINT {check} CHECK ({condition})"
            )


def _is_sqlite(operations: Operations) -> bool:
    return operations.get_context().dialect.name == "sqlite"


def _columns(operations: Operations, table: str) -> set[str]:
    return {str(column["name"]) for column in inspect(operations.get_bind()).get_columns(table)}


def _indexes(operations: Operations, table: str) -> set[str]:
    return {str(index["name"]) for index in inspect(operations.get_bind()).get_indexes(table)}


def _must_add(operations: Operations, names: Names, table: str, name: str) -> bool:
    return bool(operations.get_context().as_sql or name not in names(operations, table))


def _must_drop(operations: Operations, names: Names, table: str, name: str) -> bool:
    return bool(operations.get_context().as_sql or name in names(operations, table))
