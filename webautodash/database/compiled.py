"""Statements compiled once for all databases of a server."""

from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

_KEPT = 500


class CompiledStatements(LRUCache[Any, Any]):
    """The engines' common ``compiled_cache``: compiling takes longer than the statements of a small file.

    SQLAlchemy's keys begin with the engine's own dialect object; those of one server's databases compile alike.
    """

    def __init__(self) -> None:
        super().__init__(_KEPT)

    def get(self, key: Any, default: Any = None) -> Any:
        """The statement as any engine of the server compiled it."""
        return super().get(_common(key), default)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_common(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_common(key), value)


def _common(key: Any) -> Any:
    return key[1:] if isinstance(key, tuple) and isinstance(key[0], Dialect) else key
