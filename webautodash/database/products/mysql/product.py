"""MySQL and MariaDB as a product: expressions and statements."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Select, String, and_, cast, func, literal, literal_column, select
from sqlalchemy.dialects.mysql import BINARY, CHAR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from webautodash.config import Settings
from webautodash.database.connections import Connections
from webautodash.database.products.inserts import Insert
from webautodash.database.products.mysql.column_types import COLUMN_TYPES
from webautodash.database.products.mysql.server import MySQLServer
from webautodash.database.products.mysql.writer import write
from webautodash.database.products.product import ByBytes, InServerTimeZone, Product
from webautodash.database.products.product_server import ProductServer

_BYTEWISE = "utf8mb4_bin"
_SCHEME = "mysql+pymysql"


class MySQL(Product):
    """MySQL and MariaDB, through PyMySQL."""

    dialects = COLUMN_TYPES.dialects
    schemes = (_SCHEME, "mysql", "mariadb", "mariadb+pymysql")
    url_example = f"{_SCHEME}://"
    is_at_db_host = True

    def server(
        self, url: URL, settings: Settings, connections: Connections, *, unattended: bool, schema: bool
    ) -> ProductServer:
        url = url.set(drivername=_SCHEME)
        return MySQLServer(url, settings, connections, unattended=unattended, schema=schema)

    def write(self, connection: Connection, inserts: Sequence[Insert]) -> None:
        write(connection, inserts)

    def triggers(self, connection: Connection) -> list[str]:
        found = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        return list(connection.exec_driver_sql(found).scalars())

    def rename_tables(self, connection: Connection, names: Mapping[str, str]) -> None:
        quote = connection.dialect.identifier_preparer.quote_identifier
        renamed = ", ".join(f"{quote(old)} TO {quote(new)}" for old, new in names.items())
        connection.exec_driver_sql(f"RENAME TABLE {renamed}")

    def in_any_case(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return column

    def different_texts(self, column: ColumnElement[Any]) -> Select[Any]:
        return select(column).distinct()

    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        wanted: ColumnElement[str] = literal(text)
        # A default collation treats Jose and José as equal. The server lowers both sides: it knows fewer letters.
        lowered, begin = (func.lower(each.collate(_BYTEWISE)) for each in (column, wanted))
        pattern = re.sub("[/%_]", r"/\g<0>", text) + "%"
        return and_(column.like(pattern, escape="/"), func.left(lowered, len(text)) == begin)

    def moment(self, seconds_ahead: int) -> ColumnElement[Any]:
        # Written into the statement: it is a number from this program, and INTERVAL takes no parameter.
        return literal_column(f"UTC_TIMESTAMP(6) + INTERVAL {int(seconds_ahead)} SECOND")

    def exact(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(column, BINARY)


PRODUCT = MySQL()


@compiles(ByBytes, *COLUMN_TYPES.dialects)
def _by_bytes(element: ByBytes, compiler: SQLCompiler, **options: Any) -> str:
    (text,) = element.clauses
    return compiler.process(cast(text, CHAR(charset="utf8mb4")).collate(_BYTEWISE), **options)


@compiles(InServerTimeZone, *COLUMN_TYPES.dialects)
def _in_server_time_zone(element: InServerTimeZone, compiler: SQLCompiler, **options: Any) -> str:
    (stamp,) = element.clauses
    zones = [literal_column(f"@@{scope}.time_zone", String) for scope in ("session", "global")]
    return compiler.process(func.convert_tz(stamp, *zones), **options)
