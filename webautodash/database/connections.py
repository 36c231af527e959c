"""The open connections of one server: over all its databases together never more than the settings allow."""

from collections import OrderedDict
from threading import Condition
from typing import Any

from sqlalchemy.pool import ConnectionPoolEntry, Pool

from webautodash.errors import NoFreeConnection


class Connections:
    """Open connections, in use or idle, counted over the pools of all databases.

    Where all are open and another database needs one, the one that was idle for longest makes room; where all are in
    use, the caller waits. A connection in use is never taken from anybody.
    """

    def __init__(self, most: int, patience_seconds: float) -> None:
        self._most, self._patience = most, patience_seconds
        self._open = 0
        self._idle: OrderedDict[ConnectionPoolEntry, Pool] = OrderedDict()
        self._changed = Condition()

    def take(self, pool: Pool) -> ConnectionPoolEntry | None:
        """An idle connection of this pool; None says that the pool may open one, which counts from now on.

        Raises NoFreeConnection where nobody gives one back in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._most, self._patience):
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
        """A connection that nobody uses any more; one that was lost is no longer counted."""
        with self._changed:
            if entry.dbapi_connection is None:
                self._open -= 1
            else:
                self._idle[entry] = pool
            self._changed.notify()

    def could_not_open(self) -> None:
        """What ``take`` allowed did not succeed."""
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def limit(self, most: int) -> None:
        """Allow so many from now on; idle ones beyond are closed, those in use as they come back for another."""
        with self._changed:
            self._most = most
            beyond = [self._idle.popitem(last=False)[0] for _ in range(min(self._open - most, len(self._idle)))]
            self._open -= len(beyond)
            self._changed.notify_all()
        for entry in beyond:
            entry.close()

    def close_idle(self, pool: Pool) -> None:
        """Close a pool's idle connections; those in use stay."""
        with self._changed:
            unused = [entry for entry, owner in self._idle.items() if owner is pool]
            for entry in unused:
                del self._idle[entry]
        for entry in unused:
            entry.close()
        with self._changed:
            self._open -= len(unused)
            self._changed.notify(len(unused))


class SharingPool(Pool):
    """One database's pool; how many connections it has depends on what the others leave."""

    def __init__(self, creator: Any, connections: Connections, **options: Any) -> None:
        super().__init__(creator, **options)
        self._connections = connections

    def _do_get(self) -> ConnectionPoolEntry:
        idle = self._connections.take(self)
        if idle is not None:
            return idle
        try:
            return self._create_connection()
        except BaseException:
            self._connections.could_not_open()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self._connections.give_back(self, record)

    def dispose(self) -> None:
        """Close the idle connections."""
        self._connections.close_idle(self)

    def recreate(self) -> Pool:
        """The pool itself: ``dispose`` leaves it usable, and connections in use come back to it."""
        return self

    def status(self) -> str:
        """For SQLAlchemy's log."""
        return type(self).__name__
