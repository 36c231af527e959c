"""Statements whose wording differs between products."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, cast, func, literal, literal_column, type_coerce
from sqlalchemy.dialects.mysql import BINARY, CHAR
from sqlalchemy.orm import InstrumentedAttribute

from webautodash.database.products.types import UtcDateTime


def holds(connection: Connection, column: InstrumentedAttribute[str | None], text: str) -> ColumnElement[bool]:
    """Whether ``text`` stands somewhere in a column, whatever the case of its letters; accents count."""
    wanted: ColumnElement[str] = literal(text)
    if connection.dialect.name == "sqlite":
        return func.instr(func.lower(column), func.lower(wanted)) > 0
    # A default collation would hold Jose for José. Both sides are lowered by the server: it knows fewer letters.
    return func.instr(func.lower(column.collate("utf8mb4_bin")), func.lower(wanted.collate("utf8mb4_bin"))) > 0


def moment(connection: Connection, seconds_ahead: int = 0) -> ColumnElement[datetime]:
    """This moment, or one to come, by the one clock that all see who work on the database."""
    if connection.dialect.name == "sqlite":
        ahead = func.strftime("%Y-%m-%d %H:%M:%f", "now", f"{seconds_ahead:+d} seconds")
        return type_coerce(ahead.concat("000"), UtcDateTime)  # the milliseconds that it knows, as microseconds
    # As a word of the statement: it is a number of ours, and INTERVAL takes no parameter's type.
    return type_coerce(literal_column(f"UTC_TIMESTAMP(6) + INTERVAL {int(seconds_ahead)} SECOND"), UtcDateTime)


def triggers(connection: Connection) -> list[str]:
    """The names of the triggers in the database."""
    if connection.dialect.name == "sqlite":
        return list(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars())
    found = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    return list(connection.exec_driver_sql(found).scalars())


def by_bytes(column: ColumnElement[str]) -> ColumnElement[str]:
    """A text of MySQL or MariaDB as one that is equal only where its bytes are, whatever its column's own rules."""
    return cast(column, CHAR(charset="utf8mb4")).collate("utf8mb4_bin")


def exactly(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text as one that is equal only where every byte is; white space at its end counts as well."""
    return column if connection.dialect.name == "sqlite" else cast(column, BINARY)


def as_written(stamp: ColumnElement[Any]) -> ColumnElement[Any]:
    """A TIMESTAMP of MySQL or MariaDB by the clock of those who left the zone of their sessions to the server."""
    zones = [literal_column(f"@@{scope}.time_zone", String) for scope in ("session", "global")]
    return func.convert_tz(stamp, *zones)


def rename_tables(connection: Connection, names: Mapping[str, str]) -> None:
    """Give tables of MySQL or MariaDB other names, all or none."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    renamed = ", ".join(f"{quote(old)} TO {quote(new)}" for old, new in names.items())
    connection.exec_driver_sql(f"RENAME TABLE {renamed}")
