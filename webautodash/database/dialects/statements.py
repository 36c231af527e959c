"""Statements whose wording differs between products."""

from sqlalchemy import ColumnElement, Connection, func, literal
from sqlalchemy.orm import InstrumentedAttribute


def holds(connection: Connection, column: InstrumentedAttribute[str | None], text: str) -> ColumnElement[bool]:
    """Whether ``text`` stands somewhere in a column, whatever the case of its letters; accents count."""
    wanted: ColumnElement[str] = literal(text)
    if connection.dialect.name == "sqlite":
        return func.instr(func.lower(column), func.lower(wanted)) > 0
    # A default collation would hold Jose for José. Both sides are lowered by the server: it knows fewer letters.
    return func.instr(func.lower(column.collate("utf8mb4_bin")), func.lower(wanted.collate("utf8mb4_bin"))) > 0
