"""Expressions that a product's folder compiles, for products on which databases of the earlier scripts can be."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import DateTime


class ByBytes(FunctionElement[str]):
    """A text that is equal only if its bytes are equal, whatever the collation of its column."""

    name = "by_bytes"
    type: Any = String()
    inherit_cache = True


class InServerTimeZone(FunctionElement[Any]):
    """A timestamp in the server's own time zone, in which programs that set no zone of their own wrote it."""

    name = "in_server_time_zone"
    type: Any = DateTime()
    inherit_cache = True
