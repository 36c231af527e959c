"""Alembic operations that can be repeated, and the parts of the tables that they create.

Each operation checks the live schema first: some servers commit every DDL statement, and a revision that was
interrupted is run again from its beginning, with some of its statements already done. In offline mode there is no
schema to check: every statement is written.

``env.py`` loads this module, and the revisions call ``op.create_table_if_missing`` and so on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, Operations
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

Names = Callable[[Operations, str], set[str]]
Columns = Iterable[sa.Column[Any]]

_TABLE_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


def _registered(operations: type[MigrateOperation]) -> type[MigrateOperation]:
    """Make an operation of each class method, as ``op.`` and its name."""
    for name, value in vars(operations).items():
        if isinstance(value, classmethod):
            Operations.register_operation(name)(operations)
    return operations


@_registered
class ColumnTypes(MigrateOperation):
    """Types that differ between products. Every revision uses them: a change needs a new type, beside the old one."""

    @classmethod
    def big_id(cls, operations: Operations) -> TypeEngine[Any]:
        return sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    @classmethod
    def long_text(cls, operations: Operations) -> TypeEngine[Any]:
        return sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

    @classmethod
    def instant(cls, operations: Operations) -> TypeEngine[Any]:
        return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")

    @classmethod
    def sha256(cls, operations: Operations) -> TypeEngine[Any]:
        hexadecimal = mysql.CHAR(64, charset="ascii", collation="ascii_bin")
        return sa.String(64).with_variant(hexadecimal, "mysql", "mariadb")

    @classmethod
    def bytewise(cls, operations: Operations, length: int) -> TypeEngine[Any]:
        """Text that is compared byte by byte."""
        return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


@_registered
class TableParts(MigrateOperation):
    """Columns and constraints with the names that the models expect."""

    @classmethod
    def required(cls, operations: Operations, kind: TypeEngine[Any], *names: str) -> Columns:
        """Columns of one type that are NOT NULL."""
        return [sa.Column(name, kind, nullable=False) for name in names]

    @classmethod
    def optional(cls, operations: Operations, kind: TypeEngine[Any], *names: str) -> Columns:
        """Columns of one type that may be NULL."""
        return [sa.Column(name, kind) for name in names]

    @classmethod
    def table(cls, operations: Operations, name: str, *columns: Columns, **constraints: Any) -> sa.Table:
        """A table, for ``replace_check``; ``constraints`` as ``create_table_if_missing`` takes them."""
        metadata = sa.MetaData()
        for target in constraints.get("references", {}).values():
            sa.Table(target, metadata, sa.Column("id", ColumnTypes.big_id(operations), primary_key=True))
        return sa.Table(name, metadata, *chain(*columns), *_constraints(operations, name, **constraints))


@_registered
class RepeatableOperations(MigrateOperation):
    """Operations that change the schema."""

    @classmethod
    def create_table_if_missing(cls, operations: Operations, name: str, *columns: Columns, **constraints: Any) -> None:
        """Create a table with the options that are not left to a server's defaults.

        ``key`` is its primary key, by default ``id``; ``one_of`` maps columns with a CHECK to their values,
        ``references`` columns to the tables of their foreign keys; ``unique`` lists the columns of each unique key.
        """
        items = (*chain(*columns), *_constraints(operations, name, **constraints))
        operations.create_table(name, *items, if_not_exists=True, **_TABLE_OPTIONS)

    @classmethod
    def add_column_if_missing(cls, operations: Operations, table: str, column: sa.Column[Any]) -> None:
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
    def create_text_index_if_missing(
        cls, operations: Operations, name: str, table: str, column: str, letters: int | None = None
    ) -> None:
        """Create an index for the beginning of a text, in any case; servers index only so many letters."""
        if not _must_add(operations, _indexes, table, name):
            return
        # A server's column ignores the case by its collation.
        part = f"{column} COLLATE NOCASE" if _is_sqlite(operations) else f"{column}({letters})" if letters else column
        operations.execute(f"CREATE INDEX {name} ON {table} ({part})")

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
    def replace_check(cls, operations: Operations, table: sa.Table, name: str, condition: str) -> None:
        """Change the condition of a CHECK constraint; ``table`` is the whole table without this constraint."""
        if _is_sqlite(operations):
            table.append_constraint(sa.CheckConstraint(condition, name=operations.f(name)))
            # SQLite has no ALTER for this: the table is rebuilt. The whole revision is one transaction there.
            with operations.batch_alter_table(table.name, recreate="always", copy_from=table):
                pass
        else:
            quote = operations.get_context().dialect.identifier_preparer.quote
            check = quote(name)
            operations.execute(
                f"ALTER TABLE {quote(table.name)} DROP CONSTRAINT {check}, ADD CONSTRAINT {check} CHECK ({condition})"
            )


def _constraints(
    operations: Operations,
    table: str,
    *,
    key: str = "id",
    one_of: Mapping[str, Sequence[str]] | None = None,
    references: Mapping[str, str] | None = None,
    unique: Iterable[Sequence[str]] = (),
) -> Iterator[SchemaItem]:
    for column, values in (one_of or {}).items():
        condition = f"{column} IN ({', '.join(map(repr, values))})"
        # ``f`` says that the name is whole, and not to be made by the naming convention of the models.
        yield sa.CheckConstraint(condition, name=operations.f(f"ck_{table}_{column}"))
    for column, target in (references or {}).items():
        yield sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")
    yield sa.PrimaryKeyConstraint(key, name=f"pk_{table}")
    for columns in unique:
        yield sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _is_sqlite(operations: Operations) -> bool:
    return operations.get_context().dialect.name == "sqlite"


def _columns(operations: Operations, table: str) -> set[str]:
    return {str(column["name"]) for column in sa.inspect(operations.get_bind()).get_columns(table)}


def _indexes(operations: Operations, table: str) -> set[str]:
    return {str(index["name"]) for index in sa.inspect(operations.get_bind()).get_indexes(table)}


def _must_add(operations: Operations, names: Names, table: str, name: str) -> bool:
    return bool(operations.get_context().as_sql or name not in names(operations, table))


def _must_drop(operations: Operations, names: Names, table: str, name: str) -> bool:
    return bool(operations.get_context().as_sql or name in names(operations, table))
