"""File states as people query and change them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from webautodash.domain.file_state_transitions import FOUND, RETRY_REQUESTED
from webautodash.domain.vocabulary import OPEN_FILES, STORED_FILES, FileState
from webautodash.models import IngestedFile, Provider
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.ingested_files import COUNTS, path_key
from webautodash.repositories.paging import Page, page_of


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The state of one path."""

    id: int
    path: str
    provider: str | None
    """The slug, if the provider is known."""
    state: FileState
    attempts: int
    next_attempt_at: datetime | None
    reason: str | None
    kind: str | None
    """The error kind of ``reason``."""
    size: int | None
    found: int
    set_aside: int
    duration_ms: int | None
    first_seen_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProcessedFiles:
    """The results of the files that were processed in a period."""

    files: dict[FileState, int]
    found: int
    stored: int
    changed: int
    duplicates: int
    set_aside: int


class FileStateRepository(Repository):
    """Rows of ``ingested_files``, for queries and commands of people."""

    def counts(self) -> dict[FileState, int]:
        """The number of files in each state, also in those without any."""
        rows = self._session.execute(select(IngestedFile.state, func.count()).group_by(IngestedFile.state))
        return dict.fromkeys(FileState, 0) | {FileState(state): number for state, number in rows}

    def search(
        self, states: Collection[FileState], provider_id: int | None, limit: int, after: int | None = None
    ) -> Page[FileEntry]:
        """Files in some states, or in all, in the order in which they were first seen."""
        own = [getattr(IngestedFile, name) for name in FileEntry.__slots__ if name != "provider"]
        statement = (
            select(*own, Provider.slug.label("provider"))
            .outerjoin(Provider, Provider.id == IngestedFile.provider_id)
            .order_by(IngestedFile.id)
            .limit(limit + 1)
        )
        if states:
            statement = statement.where(IngestedFile.state.in_(states))
        if provider_id is not None:
            statement = statement.where(IngestedFile.provider_id == provider_id)
        if after is not None:
            statement = statement.where(IngestedFile.id > after)
        entries = [from_row(FileEntry, row) for row in self._session.execute(statement)]
        return page_of(entries, limit, lambda one: one.id)

    def oldest_waiting_seconds(self) -> float | None:
        """Seconds since the longest waiting file was first seen, by the database's clock; None if no file waits."""
        since = select(func.min(IngestedFile.first_seen_at)).where(IngestedFile.state.in_(OPEN_FILES))
        first = self._session.scalar(since)
        now = self._session.scalars(select(self._moment())).one()
        return None if first is None else max(0.0, (now - first).total_seconds())

    def processed_since(self, since: datetime) -> ProcessedFiles:
        """The results of the files whose last attempt was at ``since`` or later, without those that wait."""
        changed = (IngestedFile.updated_at >= since, IngestedFile.state.not_in(OPEN_FILES))
        rows = self._session.execute(
            select(IngestedFile.state, func.count()).where(*changed).group_by(IngestedFile.state)
        )
        files = {FileState(state): number for state, number in rows}
        sums = self._session.execute(
            select(*(func.sum(getattr(IngestedFile, name)) for name in COUNTS)).where(
                *changed, IngestedFile.state.in_(STORED_FILES)
            )
        ).one()
        return ProcessedFiles(files, *(int(number or 0) for number in sums))

    def existing(self, paths: Sequence[str]) -> set[str]:
        """Those of some paths that have a row."""
        keys = [path_key(path) for path in paths]
        return set(self._session.scalars(select(IngestedFile.path).where(IngestedFile.path_sha256.in_(keys))))

    def retry(self, paths: Sequence[str], now: datetime) -> None:
        """Let the monitor or the next ingest process files as if they had never failed."""
        self._set(paths, **asdict(RETRY_REQUESTED), unfinished=None, first_seen_at=now, updated_at=now)

    def reset(self, paths: Sequence[str], now: datetime) -> None:
        """Forget everything about files except that they were found."""
        counts = dict.fromkeys(COUNTS, 0)
        stat = dict.fromkeys(("content_sha256", "size", "mtime_ns", "look"))
        attempt = dict.fromkeys(("provider_id", "session_id", "reason", "kind", "unfinished", "duration_ms"))
        self._set(paths, **asdict(FOUND), first_seen_at=now, updated_at=now, **counts, **stat, **attempt)

    def forget(self, paths: Sequence[str]) -> None:
        """Delete the rows of files."""
        keys = [path_key(path) for path in paths]
        self._session.execute(delete(IngestedFile).where(IngestedFile.path_sha256.in_(keys)))

    def _set(self, paths: Sequence[str], **values: object) -> None:
        keys = [path_key(path) for path in paths]
        self._session.execute(update(IngestedFile).where(IngestedFile.path_sha256.in_(keys)).values(**values))
