"""Column types that mean the same on every product, and errors that quote nothing when a stored value is unreadable."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Date, DateTime, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from webautodash.database.products.column_types import ColumnTypes, of_each_product
from webautodash.domain.json_document import sorted_json

T = TypeVar("T", bound=TypeEngine[Any])


class UnreadableValueError(ValueError):
    """A row holds a value that its column's type cannot read; the text never quotes it."""


_PRODUCTS: tuple[ColumnTypes, ...] = tuple(product.COLUMN_TYPES for product in of_each_product("column_types"))


def _with_variants(general: T, own: Callable[[ColumnTypes], TypeEngine[Any] | None]) -> T:
    """The general type, with each product's own as a variant."""
    for product in _PRODUCTS:
        if (variant := own(product)) is not None:
            general = general.with_variant(variant, *product.dialects)
    return general


TABLE_OPTIONS = MappingProxyType(
    {name: value for product in _PRODUCTS for name, value in product.table_options.items()}
)
"""Table options of all products; SQLAlchemy uses those of the product at hand."""

TEXT_INDEX_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {name: value for product in _PRODUCTS for name, value in product.text_index_options.items()}
)
"""Options of an index on a column of ``LongText``, of all products."""

BIG_ID = _with_variants(BigInteger(), lambda product: product.big_id)

LongText = _with_variants(Text(), lambda product: product.long_text)

# 64 hexadecimal digits: readable for a person who uses SQL.
SHA256 = _with_variants(String(64), lambda product: product.sha256)


def bytewise(length: int) -> String:
    """Text that is equal only if its bytes are equal."""
    return _with_variants(String(length), lambda product: product.bytewise and product.bytewise(length))


class Day(TypeDecorator[date]):
    """A date."""

    impl = Date
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """None where the driver returns dates itself: reading them then costs nothing."""
        read = self.impl_instance.dialect_impl(dialect).result_processor(dialect, coltype)
        return None if read is None else _readable(read)


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware instant, stored as UTC with microseconds."""

    impl = _with_variants(DateTime(), lambda product: product.instant)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Read in one step: this runs for every instant of every row."""
        read = self.impl_instance.dialect_impl(dialect).result_processor(dialect, coltype)
        return _readable(partial(_instant, read))


class JsonText(TypeDecorator[Any]):
    """JSON kept as text, byte for byte.

    The products' own JSON types change numbers and the order of keys, and refuse deep nesting, which would lose a file.
    The products' JSON functions read text as well.
    """

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else sorted_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else _load(value)


def _instant(read: Callable[[Any], Any] | None, value: Any) -> datetime | None:
    if value is None:
        return None
    instant: datetime = value if read is None else read(value)
    return instant.replace(tzinfo=UTC)


def _readable(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def process(value: Any) -> Any:
        try:
            return read(value)
        except (ValueError, TypeError, AttributeError):
            raise UnreadableValueError from None

    return process


_load = _readable(json.loads)
