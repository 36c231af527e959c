"""The open connections of one server, limited over all its databases together."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Condition
from typing import Any

from sqlalchemy.pool import ConnectionPoolEntry, Pool

from webautodash.database.private_apis import CustomPool
from webautodash.errors import NoFreeConnection


class Connections:
    """Counts open connections, in use or idle, over the pools of all databases.

    If the limit is reached and a database needs a connection, the one that was idle for longest is closed; if all are
    in use, the caller waits. A connection in use is never closed.
    """

    def __init__(self, most: int, timeout_seconds: float) -> None:
        self._most, self._timeout = most, timeout_seconds
        self._open = 0
        self._idle: OrderedDict[ConnectionPoolEntry, Pool] = OrderedDict()
        self._changed = Condition()

    def take(self, pool: Pool) -> ConnectionPoolEntry | None:
        """An idle connection of this pool; None if the pool may open one, which counts from now on.

        Raises NoFreeConnection if none is returned in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._most, self._timeout):
                raise NoFreeConnection(self._most)
            own = next((entry for entry in reversed(self._idle) if self._idle[entry] is pool), None)
            if own is not None:
                del self._idle[own]
                return own
            if self._open < self._most:
                self._open += 1
                return None
            longest_idle, _ = self._idle.popitem(last=False)
        longest_idle.close()
        return None

    def give_back(self, pool: Pool, entry: ConnectionPoolEntry) -> None:
        """Keep a connection for the next user; a lost connection is no longer counted."""
        with self._changed:
            if entry.dbapi_connection is None:
                self._open -= 1
            else:
                self._idle[entry] = pool
            self._changed.notify()

    def could_not_open(self) -> None:
        """Give up the connection that ``take`` allowed: it could not be opened."""
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def limit(self, most: int) -> None:
        """Change the limit. Surplus idle connections are closed now, those in use when another database needs one."""
        with self._changed:
            self._most = most
            surplus = [self._idle.popitem(last=False)[0] for _ in range(min(self._open - most, len(self._idle)))]
            self._open -= len(surplus)
            self._changed.notify_all()
        for entry in surplus:
            entry.close()

    def close_idle(self, pool: Pool) -> None:
        """Close a pool's idle connections; those in use stay open."""
        with self._changed:
            unused = [entry for entry, owner in self._idle.items() if owner is pool]
            for entry in unused:
                del self._idle[entry]
        for entry in unused:
            entry.close()
        with self._changed:
            self._open -= len(unused)
            self._changed.notify(len(unused))


class SharingPool(CustomPool):
    """The pool of one database; all pools of a server share the connections."""

    def __init__(self, creator: Any, connections: Connections, **options: Any) -> None:
        super().__init__(creator, **options)
        self._connections = connections

    def acquire(self, open_new: Callable[[], ConnectionPoolEntry]) -> ConnectionPoolEntry:
        """An idle connection of this database, or a new one."""
        idle = self._connections.take(self)
        if idle is not None:
            return idle
        try:
            return open_new()
        except BaseException:
            self._connections.could_not_open()
            raise

    def release(self, entry: ConnectionPoolEntry) -> None:
        """Return a connection."""
        self._connections.give_back(self, entry)

    def dispose(self) -> None:
        """Close the idle connections."""
        self._connections.close_idle(self)

    def recreate(self) -> Pool:
        """The pool itself: it stays usable after ``dispose``, and connections in use return to it."""
        return self

    def status(self) -> str:
        """For SQLAlchemy's log."""
        return type(self).__name__
