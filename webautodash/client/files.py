"""Extraction files that are not stored: waiting, rejected or held."""

from collections.abc import Collection, Sequence

from webautodash.client.installation import Group
from webautodash.domain.vocabulary import FileState
from webautodash.errors import UsageError
from webautodash.repositories.file_states import FileEntry as FileEntry
from webautodash.services.ingest import NOT_STORED as NOT_STORED, FileOutcome, file_states
from webautodash.services.paging import Listing


class Files(Group):
    """Methods about files and their states: ``WebAutoDash().files``."""

    def search(
        self,
        states: Collection[FileState] = NOT_STORED,
        provider: str | None = None,
        *,
        limit: int = 50,
        after: int | None = None,
    ) -> Listing[FileEntry]:
        """List files in these states, by default those that are not stored; an empty ``states`` means every state."""
        return file_states.search(self._store, states, provider, limit=limit, after=after)

    def retry(
        self, paths: Sequence[str] = (), *, states: Collection[FileState] = (), provider: str | None = None
    ) -> list[str]:
        """Reset the attempts of files, so that the monitor or the next ingest reads them again; return their paths.

        Files are given by path, or by state and provider. Raises UsageError for both, for neither, and for an unknown
        path.
        """
        paths = self._chosen(paths, states, provider, watched=True)
        return file_states.retry(self._store, paths)

    def forget(
        self, paths: Sequence[str] = (), *, states: Collection[FileState] = (), provider: str | None = None
    ) -> list[str]:
        """Delete the state of files, given as for ``retry``; what is stored of them stays stored."""
        paths = self._chosen(paths, states, provider, watched=False)
        return file_states.forget(self._store, paths)

    def accept(self, path: str, *, by: str, why: str, extracted_at: str | None = None) -> FileOutcome:
        """Store a held file because a person confirms it; ``extracted_at`` corrects its time.

        Raises UsageError without ``by`` or ``why``, and for a file that is not held.
        """
        return file_states.accept_file(self._installation.prepared(), path, by=by, why=why, extracted_at=extracted_at)

    def _chosen(
        self, paths: Sequence[str], states: Collection[FileState], provider: str | None, *, watched: bool
    ) -> Sequence[str]:
        if bool(paths) == bool(states or provider):
            raise UsageError("name files, or select them by state or provider, not both")
        if paths:
            return paths
        return file_states.waiting_paths(self._store, states or NOT_STORED, provider, watched=watched)
