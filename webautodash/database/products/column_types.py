"""What each product says about the column types of ``types.py``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True)
class ColumnTypes:
    """A product's own column types. None: the general type of ``types.py`` is right.

    Each product has one as ``COLUMN_TYPES`` in its ``column_types.py``. That module imports nothing but SQLAlchemy and
    this class: the models need it before any other part of the product.
    """

    dialects: tuple[str, ...]
    """SQLAlchemy's names of the product's dialects."""
    big_id: TypeEngine[Any] | None = None
    long_text: TypeEngine[Any] | None = None
    sha256: TypeEngine[Any] | None = None
    instant: TypeEngine[Any] | None = None
    bytewise: Callable[[int], TypeEngine[Any]] | None = None
    table_options: Mapping[str, str] = field(default_factory=dict)
    """For ``__table_args__``, so that a server's defaults do not decide them."""
