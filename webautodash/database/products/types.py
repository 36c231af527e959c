"""Column types that mean the same on every product."""

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from webautodash.domain.json_document import sorted_json

# What each product's default must not decide of a table.
TABLE_OPTIONS = MappingProxyType(
    {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}
)

# SQLite numbers rows by itself only in an INTEGER PRIMARY KEY.
BigId = BigInteger().with_variant(Integer, "sqlite")

# The servers' TEXT ends at 64 KB; a portal's note may not.
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def bytewise(length: int) -> String:
    """Text that is equal only when its bytes are: default collations hold Jose for José and a1 for A1."""
    return String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


# A SHA-256 as 64 hexadecimal digits: readable in SQL by hand.
Sha256 = String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant; stored as UTC with microseconds."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """JSON kept as text, byte for byte.

    The products' own JSON types change it (numbers, order of keys) and refuse deep nesting (MariaDB at 32 levels,
    MySQL at 100), which would lose a file; their JSON functions read text as well.
    """

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else sorted_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)
