"""The Results folders that belong to the store, each known by one path or several."""

from pathlib import Path

from webautodash.client.installation import Group
from webautodash.repositories.roots import RootFolder as RootFolder
from webautodash.services import registry


class Roots(Group):
    """Methods about Results folders: ``WebAutoDash().roots``. A ``folder`` is by default the one in the settings."""

    def all(self) -> list[RootFolder]:
        """Return the roots and their folders."""
        return registry.list_roots(self._store)

    def add(self, name: str, folder: Path | None = None, *, same_path: bool = False) -> RootFolder:
        """Add a Results folder, or another path of a root's folder; safe to repeat.

        ``same_path``: another machine has a different folder at a path that a root has already.
        """
        return registry.add_root(self._installation.prepared(), name, self._folder(folder), same_path=same_path)

    def move(self, name: str, folder: Path | None = None, before: Path | None = None) -> RootFolder:
        """Record that a root's folder has another path; ``before`` names the old one if the root has several."""
        return registry.move_root(self._installation.prepared(), name, self._folder(folder), before)

    def remove(self, name: str, folder: Path | None = None) -> RootFolder:
        """Remove a folder from a root; ``folder`` names it if the root has several."""
        return registry.remove_root(self._store, name, folder)

    def _folder(self, folder: Path | None) -> Path:
        return folder or self._installation.settings.results_dir
