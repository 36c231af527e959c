"""Column types and table options of MySQL and MariaDB."""

from sqlalchemy.dialects import mysql

from webautodash.database.products.column_types import ColumnTypes

COLUMN_TYPES = ColumnTypes(
    ("mysql", "mariadb"),
    long_text=mysql.LONGTEXT(),  # TEXT ends at 64 KB; a portal's note may be longer
    sha256=mysql.CHAR(64, charset="ascii", collation="ascii_bin"),
    instant=mysql.DATETIME(fsp=6),
    # Default collations treat Jose and José, a1 and A1 as equal.
    bytewise=lambda length: mysql.VARCHAR(length, collation="utf8mb4_bin"),
    table_options={"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"},
    # LONGTEXT has no index of its whole length.
    text_index_options={"mysql_length": 64, "mariadb_length": 64},
)
