"""How the files stand, for whoever looks after them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webautodash.database.products.statements import moment
from webautodash.domain.vocabulary import OPEN_FILES, STORED_FILES, FileState
from webautodash.models import IngestedFile, Provider
from webautodash.repositories.ingested_files import COUNTS, path_key
from webautodash.repositories.paging import Page


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One path, and how it stands."""

    id: int
    path: str
    provider: str | None
    """The slug, where it is known."""
    state: FileState
    attempts: int
    next_attempt_at: datetime | None
    reason: str | None
    kind: str | None
    """Of what is wrong with it, in one word."""
    size: int | None
    found: int
    set_aside: int
    duration_ms: int | None
    first_seen_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TakenFiles:
    """What became of the files that were taken in a time."""

    files: dict[FileState, int]
    found: int
    stored: int
    changed: int
    duplicates: int
    set_aside: int


class FileStateRepository:
    """Rows of ``ingested_files`` as a person asks for them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def counts(self) -> dict[FileState, int]:
        """How many files stand how; every state is there."""
        rows = self._session.execute(select(IngestedFile.state, func.count()).group_by(IngestedFile.state))
        return dict.fromkeys(FileState, 0) | {FileState(state): number for state, number in rows}

    def search(
        self, states: Collection[FileState], provider_id: int | None, limit: int, after: int | None = None
    ) -> Page[FileEntry]:
        """Files of some states, or of all, the first seen first."""
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
        rows = self._session.execute(statement).mappings().all()
        entries = tuple(FileEntry(**{**row, "state": FileState(row["state"])}) for row in rows[:limit])
        return Page(entries, entries[-1].id if len(rows) > limit else None)

    def oldest_waiting_seconds(self) -> float | None:
        """For how long the file that waits for longest is there, by the database's clock; None where none waits."""
        since = select(func.min(IngestedFile.first_seen_at)).where(IngestedFile.state.in_(OPEN_FILES))
        first = self._session.scalar(since)
        now = self._session.scalars(select(moment(self._session.connection()))).one()
        return None if first is None else max(0.0, (now - first).total_seconds())

    def taken_since(self, since: datetime) -> TakenFiles:
        """What became of the files whose last reading was then or later; those that wait are not among them."""
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
        return TakenFiles(files, *(int(number or 0) for number in sums))

    def known_among(self, paths: Sequence[str]) -> set[str]:
        """Those of some paths that have a row."""
        keys = [path_key(path) for path in paths]
        return set(self._session.scalars(select(IngestedFile.path).where(IngestedFile.path_sha256.in_(keys))))

    def try_again(self, paths: Sequence[str], now: datetime) -> None:
        """Have files taken by whoever comes next, as if they had never failed."""
        again = {"attempts": 0, "unfinished": None, "next_attempt_at": None, "first_seen_at": now, "updated_at": now}
        self._change(paths, state=FileState.WAITING, **again)

    def begin_anew(self, paths: Sequence[str], now: datetime) -> None:
        """Forget all but that files are there."""
        counts = dict.fromkeys((*COUNTS, "attempts"), 0)
        nothing = dict.fromkeys(
            (
                "provider_id",
                "content_sha256",
                "size",
                "mtime_ns",
                "session_id",
                "look",
                "reason",
                "kind",
                "unfinished",
                "next_attempt_at",
                "duration_ms",
            )
        )
        self._change(paths, state=FileState.SEEN, first_seen_at=now, updated_at=now, **counts, **nothing)

    def forget(self, paths: Sequence[str]) -> None:
        """Forget files altogether."""
        keys = [path_key(path) for path in paths]
        self._session.execute(delete(IngestedFile).where(IngestedFile.path_sha256.in_(keys)))

    def _change(self, paths: Sequence[str], **values: object) -> None:
        keys = [path_key(path) for path in paths]
        self._session.execute(update(IngestedFile).where(IngestedFile.path_sha256.in_(keys)).values(**values))
