"""Column types of SQLite."""

from sqlalchemy import Integer

from webautodash.database.products.column_types import ColumnTypes

# SQLite generates row numbers only for an INTEGER PRIMARY KEY.
COLUMN_TYPES = ColumnTypes(("sqlite",), big_id=Integer())
