"""The Results folders of the installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from webautodash.models import ResultsRoot
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.ingested_files import path_key

_FIRST = 1


@dataclass(frozen=True, slots=True)
class RootFolder:
    """A folder of a root, and when and on which machine it was recorded."""

    name: str
    folder: str
    host: str
    created_at: datetime


class RootRepository(Repository):
    """Rows of ``results_roots``."""

    def all(self) -> list[RootFolder]:
        """Every folder, in the order of recording."""
        rows = self._session.scalars(select(ResultsRoot).order_by(ResultsRoot.created_at, ResultsRoot.id))
        return [from_row(RootFolder, row) for row in rows]

    def add_first(self, name: str, folder: str, host: str) -> None:
        """Record the first folder. Raises DuplicateKey if another process has recorded one meanwhile."""
        self._session.add(ResultsRoot(id=_FIRST, **_values(name, folder, host)))
        self._session.flush()

    def add(self, name: str, folder: str, host: str) -> None:
        """Record another folder. Raises DuplicateKey if the root has it already."""
        self._session.add(ResultsRoot(**_values(name, folder, host)))
        self._session.flush()

    def remove(self, name: str, folders: Sequence[str]) -> None:
        """Remove folders of a root."""
        keys = [path_key(folder) for folder in folders]
        self._session.execute(delete(ResultsRoot).where(ResultsRoot.name == name, ResultsRoot.folder_sha256.in_(keys)))


def _values(name: str, folder: str, host: str) -> dict[str, str]:
    return {"name": name, "folder": folder, "folder_sha256": path_key(folder), "host": host}
