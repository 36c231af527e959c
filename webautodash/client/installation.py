"""The settings and the open store that all groups of methods share, and the base of the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webautodash.config import Settings
    from webautodash.services.store import Store


class Installation:
    """One installation. Its store is opened when a method first needs it."""

    def __init__(self, settings: Settings, *, unattended: bool = False) -> None:
        self.settings, self._unattended = settings, unattended
        self._store: Store | None = None

    def opened(self) -> Store:
        """The store for reading and writing. Raises NotSetUp where there is none, NotAtHead before a migration."""
        if self._store is None:
            from webautodash.services.store import Store

            self._store = Store.open(self.settings, unattended=self._unattended)
        return self._store

    def prepared(self) -> Store:
        """The store; its system database is created and migrated first where necessary."""
        if self._store is None:
            from webautodash.services.store import Store

            self._store = Store.prepare(self.settings, unattended=self._unattended)
        return self._store

    def close(self) -> None:
        """Close every connection."""
        if self._store is not None:
            self._store.close()
            self._store = None


class Group:
    """Methods about one subject."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    @property
    def _store(self) -> Store:
        """The open store, as ``Installation.opened`` returns it."""
        return self._installation.opened()
