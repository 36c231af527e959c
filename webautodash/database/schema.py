"""What the schema of a live database is, and how two differ."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, inspect
from sqlalchemy.types import TypeEngine

from webautodash.database.products.statements import triggers

Table = Mapping[str, Mapping[str, Any]]
"""By kind (columns, primary key, unique keys, indexes, foreign keys, checks) and name, what the server says of it."""
Schema = Mapping[str, Table]
"""By name, the tables of a database."""


def schema_of(connection: Connection) -> Schema:
    """Every table as the server tells it."""
    looked = inspect(connection)
    tables = {name: _table(looked, name) for name in looked.get_table_names()}
    # Neither is ever made by a migration.
    others: dict[str, Table] = {f"view {name}": {} for name in looked.get_view_names()}
    others |= {f"trigger {name}": {} for name in triggers(connection)}
    return tables | others


def differences(expected: Schema, found: Schema) -> Iterator[str]:
    """What is missing, what is too much, and what is otherwise, a line each; nothing where both are the same."""
    for name in sorted({*expected, *found}):
        if name not in found:
            yield f"{_called(name)} is missing"
        elif name not in expected:
            yield f"{_called(name)} is not of this revision"
        else:
            yield from _in_table(name, expected[name], found[name])


def has_column(connection: Connection, table: str, name: str) -> bool:
    """Whether a table, which must exist, has a column of this name."""
    return any(column["name"] == name for column in inspect(connection).get_columns(table))


def compare_type(
    context: Any,
    _found: Column[Any],
    model: Column[Any],
    found: TypeEngine[Any],
    wanted: TypeEngine[Any],
) -> bool | None:
    """True for a column that compares text otherwise than its model: it would merge people. Alembic sees the rest."""
    table_default = model.table.kwargs.get(f"{context.dialect.name}_collate")
    ours = getattr(wanted.dialect_impl(context.dialect), "collation", None) or table_default
    theirs = getattr(found, "collation", None) or table_default
    return True if ours != theirs else None


def _called(name: str) -> str:
    return name if " " in name else f"table {name}"


def _in_table(table: str, expected: Table, found: Table) -> Iterator[str]:
    for kind, wanted in expected.items():
        there = found[kind]
        for name in sorted({*wanted, *there}):
            if name not in there:
                yield f"{table}: {kind} {name} is missing"
            elif name not in wanted:
                yield f"{table}: {kind} {name} is not of this revision"
            else:
                yield from _in_parts(f"{table}: {kind} {name}", wanted[name], there[name])


def _in_parts(where: str, wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    for part in sorted({*wanted, *there}):
        if there.get(part) != wanted.get(part):
            yield f"{where}: {part} is {there.get(part)}, not {wanted.get(part)}"


def _table(looked: Any, table: str) -> Table:
    unique = _by_name(looked.get_unique_constraints(table), "column_names")
    return {
        "column": {
            column["name"]: {
                "type": repr(column["type"]),
                "nullable": column["nullable"],
                "default": column["default"],
            }
            for column in looked.get_columns(table)
        },
        "key": {"primary": {"columns": looked.get_pk_constraint(table)["constrained_columns"]}},
        "unique key": unique,
        # The servers list a unique key as an index too.
        "index": {
            name: parts
            for name, parts in _by_name(looked.get_indexes(table), *_INDEX).items()
            # Of a unique key the index says more: how much of each column it holds.
            if name not in unique or any(parts[part] for part in _MORE)
        },
        "foreign key": _by_name(
            looked.get_foreign_keys(table), "constrained_columns", "referred_table", "referred_columns", "options"
        ),
        "table": {"options": _options(looked, table)},
        "check": _by_name(looked.get_check_constraints(table), "sqltext"),
    }


_MORE = ("dialect options", "column sorting")
_INDEX = ("column_names", "unique", "dialect_options", "column_sorting")


def _options(looked: Any, table: str) -> dict[str, Any]:
    # How far a table has numbered its rows is no difference.
    return {name: value for name, value in looked.get_table_options(table).items() if "auto_increment" not in name}


def _by_name(found: Iterable[Mapping[str, Any]], *keys: str) -> dict[str, Mapping[str, Any]]:
    return {str(each["name"]): {key.replace("_", " "): each.get(key) for key in keys} for each in found}
