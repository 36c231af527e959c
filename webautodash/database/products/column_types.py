"""What each product says about the column types of ``types.py``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
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
    text_index_options: Mapping[str, int] = field(default_factory=dict)
    """For an index on a column of ``long_text``."""


def of_each_product(module: str) -> Iterator[Any]:
    """This module of every product's folder."""
    for folder in iter_modules([str(Path(__file__).parent)]):
        if folder.ispkg:
            yield import_module(f"{__package__}.{folder.name}.{module}")
