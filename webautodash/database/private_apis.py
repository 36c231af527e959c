"""Everything that depends on SQLAlchemy's internals; pyproject.toml has the upper bound, and a test notices changes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from sqlalchemy.util import LRUCache

_KEPT_STATEMENTS = 500


class CompiledStatements(LRUCache[Any, Any]):
    """A ``compiled_cache`` for several engines: compiling takes longer than the statements of a small file.

    SQLAlchemy's keys begin with the engine's own dialect object, so that each engine would compile every statement
    again. The databases of one server have equal dialects.
    """

    def __init__(self) -> None:
        super().__init__(_KEPT_STATEMENTS)

    def get(self, key: Any, default: Any = None) -> Any:
        """The statement that any engine of the server compiled."""
        return super().get(_without_dialect(key), default)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_without_dialect(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_without_dialect(key), value)


def _without_dialect(key: Any) -> Any:
    return key[1:] if isinstance(key, tuple) and isinstance(key[0], Dialect) else key


class CustomPool(Pool):
    """A pool whose subclass decides which connection to hand out, and what becomes of a returned one."""

    def acquire(self, open_new: Callable[[], ConnectionPoolEntry]) -> ConnectionPoolEntry:
        """A connection, idle or new."""
        raise NotImplementedError

    def release(self, entry: ConnectionPoolEntry) -> None:
        """Keep or close a connection that is not used any more."""
        raise NotImplementedError

    def _do_get(self) -> ConnectionPoolEntry:
        return self.acquire(self._create_connection)

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.release(record)
