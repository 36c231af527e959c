"""The schema of a live database, and the differences between two schemas."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, inspect
from sqlalchemy.types import TypeEngine

from webautodash.database.products.statements import triggers

Table = Mapping[str, Mapping[str, Any]]
"""By kind (column, key, unique key, index, foreign key, check) and name, the properties that the server reports."""
Schema = Mapping[str, Table]
"""The tables of a database by name."""


def schema_of(connection: Connection) -> Schema:
    """Every table as the server reports it."""
    inspector = inspect(connection)
    tables = {name: _table(inspector, name) for name in inspector.get_table_names()}
    # No migration ever creates a view or a trigger.
    others: dict[str, Table] = {f"view {name}": {} for name in inspector.get_view_names()}
    others |= {f"trigger {name}": {} for name in triggers(connection)}
    return tables | others


def differences(expected: Schema, found: Schema) -> Iterator[str]:
    """One line for each object that is missing, unexpected or different; none if both schemas are equal."""
    for name in sorted({*expected, *found}):
        if name not in found:
            yield f"{_label(name)} is missing"
        elif name not in expected:
            yield f"{_label(name)} is not of this revision"
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
    """True for a column with another collation than its model: it could merge patients. Alembic finds the rest."""
    table_default = model.table.kwargs.get(f"{context.dialect.name}_collate")
    expected = getattr(wanted.dialect_impl(context.dialect), "collation", None) or table_default
    actual = getattr(found, "collation", None) or table_default
    return True if expected != actual else None


def _label(name: str) -> str:
    return name if " " in name else f"table {name}"


def _in_table(table: str, expected: Table, found: Table) -> Iterator[str]:
    for kind, wanted in expected.items():
        actual = found[kind]
        for name in sorted({*wanted, *actual}):
            if name not in actual:
                yield f"{table}: {kind} {name} is missing"
            elif name not in wanted:
                yield f"{table}: {kind} {name} is not of this revision"
            else:
                yield from _in_parts(f"{table}: {kind} {name}", wanted[name], actual[name])


def _in_parts(where: str, wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[str]:
    for part in sorted({*wanted, *actual}):
        if actual.get(part) != wanted.get(part):
            yield f"{where}: {part} is {actual.get(part)}, not {wanted.get(part)}"


def _table(inspector: Any, table: str) -> Table:
    unique = _by_name(inspector.get_unique_constraints(table), "column_names")
    return {
        "column": {
            column["name"]: {
                "type": repr(column["type"]),
                "nullable": column["nullable"],
                "default": column["default"],
            }
            for column in inspector.get_columns(table)
        },
        "key": {"primary": {"columns": inspector.get_pk_constraint(table)["constrained_columns"]}},
        "unique key": unique,
        # Servers list a unique key as an index too.
        "index": {
            name: parts
            for name, parts in _by_name(inspector.get_indexes(table), *_INDEX).items()
            # The index of a unique key adds how much of each column it covers.
            if name not in unique or any(parts[part] for part in _ONLY_OF_INDEXES)
        },
        "foreign key": _by_name(
            inspector.get_foreign_keys(table), "constrained_columns", "referred_table", "referred_columns", "options"
        ),
        "table": {"options": _options(inspector, table)},
        "check": _by_name(inspector.get_check_constraints(table), "sqltext"),
    }


_ONLY_OF_INDEXES = ("dialect options", "column sorting")
_INDEX = ("column_names", "unique", "dialect_options", "column_sorting")


def _options(inspector: Any, table: str) -> dict[str, Any]:
    # The next row number of a table is not part of its schema.
    return {name: value for name, value in inspector.get_table_options(table).items() if "auto_increment" not in name}


def _by_name(objects: Iterable[Mapping[str, Any]], *keys: str) -> dict[str, Mapping[str, Any]]:
    return {str(each["name"]): {key.replace("_", " "): each.get(key) for key in keys} for each in objects}
