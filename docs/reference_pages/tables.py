"""The page of the tables: columns, keys and indexes, from the models."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.dialects import mysql

from reference_pages.markup import attribute_docs, cell, code, first_paragraph, page, prose, table
from webautodash.models import ProviderBase, SystemBase


def render() -> str:
    """Every table with its columns, keys and indexes, from the models."""
    lines = [
        "# Tables",
        "One system database for each installation, one database for each provider. Types are those of MySQL and "
        "MariaDB; SQLite has the corresponding ones. Every table is InnoDB with `utf8mb4` on the servers.",
    ]
    for title, base in (("System database", SystemBase), ("Provider's database", ProviderBase)):
        lines += [f"## {title}", first_paragraph(base.__doc__)]
        for mapper in sorted(base.registry.mappers, key=lambda each: str(each.local_table)):
            lines += _table_of(mapper.class_)
    return page(lines)


def _table_of(model: Any) -> Iterator[str]:
    columns: Table = model.__table__
    documented: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        if parent.__module__.startswith("webautodash.models"):
            documented |= attribute_docs(parent)
    yield f"### {columns.name}"
    yield prose(model.__doc__)
    yield table(("column", "meaning", "type", "null", "key"), [_column(each, documented) for each in columns.columns])
    indexes = sorted(columns.indexes, key=lambda index: str(index.name))
    if names := [f"{'unique ' * bool(index.unique)}{code(', '.join(index.columns.keys()))}" for index in indexes]:
        yield f"Indexes: {'; '.join(names)}."


def _column(column: Column[Any], documented: dict[str, str]) -> tuple[str, ...]:
    kind = re.sub(r" (CHARACTER SET|COLLATE) \w+", "", column.type.compile(mysql.dialect()))
    keys = [f"→ `{key.target_fullname}`" for key in column.foreign_keys]
    if column.primary_key:
        keys.insert(0, "primary")
    if column.unique:
        keys.insert(0, "unique")
    meaning = documented.get(column.name, "")
    for check in column.table.constraints:
        if isinstance(check, CheckConstraint) and str(check.sqltext).startswith(f"{column.name} IN "):
            allowed = ", ".join(map(code, re.findall(r"'(\w+)'", str(check.sqltext))))
            meaning = f"{meaning} One of {allowed}.".strip()
    return code(column.name), cell(meaning), code(kind), "yes" if column.nullable else "", ", ".join(keys)
