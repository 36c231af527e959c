"""What the system database knows of each path. No patient's value: paths, counts, states and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, Table, delete, select, update

from webautodash.database.products.inserts import OnExisting
from webautodash.domain.file_state_transitions import FOUND
from webautodash.domain.vocabulary import FAILED_FILES, OPEN_FILES, STORED_FILES, FileState
from webautodash.models import IngestedFile
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.rows import insert_tuples

_TABLE = cast(Table, IngestedFile.__table__)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The state of one path, and the counts of its last attempt."""

    path: str
    state: FileState
    attempts: int = 0
    provider_id: int | None = None
    content_sha256: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    session_id: int | None = None
    look: str | None = None
    next_attempt_at: datetime | None = None
    reason: str | None = None
    kind: str | None = None
    found: int = 0
    stored: int = 0
    changed: int = 0
    duplicates: int = 0
    set_aside: int = 0
    duration_ms: int | None = None
    unfinished: int | None = None


class FileStatus(NamedTuple):
    """The state of one path, its file's stat text when it was last seen, and its attempts."""

    path: str
    state: FileState
    look: str | None
    attempts: int
    next_attempt_at: datetime | None
    updated_at: datetime


class IngestedPath(NamedTuple):
    """Where the bytes of a path are stored, and its file's stat when they were read."""

    size: int
    mtime_ns: int
    provider_id: int
    session_id: int
    content_sha256: str
    look: str


class StoredPath(NamedTuple):
    """A path that is recorded as stored, and the bytes that were."""

    path: str
    content_sha256: str
    size: int | None


class OldFile(NamedTuple):
    """A path that was stored long ago."""

    id: int
    path: str
    session_id: int
    content_sha256: str
    updated_at: datetime


OUTCOMES = ("stored", "changed", "duplicates", "set_aside")
"""The counts of a file's patients by outcome."""
COUNTS = ("found", *OUTCOMES)
"""Their sum, then each of them."""
_COLUMNS = (*FileRecord.__slots__, "path_sha256", "first_seen_at", "updated_at")
_FACTS = attrgetter(*FileRecord.__slots__)
NEW_ROW = ("path", "path_sha256", "state", *COUNTS, "attempts", "first_seen_at", "updated_at")
"""The columns of a new row that cannot be NULL."""
NO_COUNTS = (0,) * (len(COUNTS) + 1)
"""The counts and the attempts of a new row."""


class FileRepository(Repository):
    """Rows of ``ingested_files``."""

    def find(self, paths: Sequence[str]) -> dict[str, FileRecord]:
        """The rows of some paths."""
        rows = self._session.execute(_select(FileRecord.__slots__).where(is_any_of(paths)))
        return {row.path: from_row(FileRecord, row) for row in rows}

    def ingested(self, paths: Sequence[str]) -> dict[str, IngestedPath]:
        """Those of some paths whose bytes are stored and whose stat is known."""
        by_key = {path_key(path): path for path in paths}
        statement = _select(("path_sha256", *IngestedPath._fields)).where(
            _TABLE.c.path_sha256.in_(by_key),
            _TABLE.c.state.in_(STORED_FILES),
            *(_TABLE.c[name].is_not(None) for name in IngestedPath._fields),
        )
        return {by_key[key]: IngestedPath(*facts) for key, *facts in self._session.execute(statement)}

    def open(self) -> list[FileStatus]:
        """The files that are still to be ingested."""
        return self._statuses(_TABLE.c.state.in_(OPEN_FILES))

    def failed(self) -> list[FileStatus]:
        """The files that are not tried again by themselves."""
        return self._statuses(_TABLE.c.state.in_(FAILED_FILES))

    def statuses(self, paths: Sequence[str]) -> dict[str, FileStatus]:
        """The states of some paths, whatever they are."""
        return {row.path: row for row in self._statuses(is_any_of(paths))}

    def record_found(self, stats: Mapping[str, str], before: Mapping[str, FileStatus], now: datetime) -> None:
        """Record that files were found, new or changed, with these stat texts by path.

        A path whose row is not the one in ``before`` any more is left alone: another process was faster.
        """
        new = [
            (path, path_key(path), FOUND.state, *NO_COUNTS, now, now, text)
            for path, text in stats.items()
            if path not in before
        ]
        insert_tuples(self._session, IngestedFile, (*NEW_ROW, "look"), new, OnExisting("path_sha256"))
        first_seen = self._unchanged([before[path] for path in stats if path in before])
        changes = {**asdict(FOUND), "reason": None, "kind": None, "updated_at": now}
        rows = [
            # A file that changes again and again has been waiting all the time.
            (
                path,
                path_key(path),
                *NO_COUNTS[1:],
                stats[path],
                *changes.values(),
                at if before[path].state in OPEN_FILES else now,
            )
            for path, at in first_seen.items()
        ]
        changed = ("look", *changes, "first_seen_at")
        insert_tuples(
            self._session,
            IngestedFile,
            ("path", "path_sha256", *COUNTS, *changed),
            rows,
            OnExisting("path_sha256", changed),
        )

    def limit_next_attempts(self, paths: Sequence[str], latest: datetime) -> None:
        """Let no attempt of these paths be later than ``latest``; nothing else changes."""
        late = (is_any_of(paths), _TABLE.c.next_attempt_at > latest)
        self._change(update(_TABLE).where(*late).values(next_attempt_at=latest))

    def stored_of(self, provider_id: int) -> list[StoredPath]:
        """Every path of a provider that is recorded as stored."""
        theirs = (_TABLE.c.provider_id == provider_id, _TABLE.c.state.in_(STORED_FILES))
        stored = _select(StoredPath._fields).where(*theirs, _TABLE.c.content_sha256.is_not(None))
        return [StoredPath(*row) for row in self._session.execute(stored.order_by(_TABLE.c.id))]

    def has_files_of_root(self, prefix: str) -> bool:
        """Whether any path begins with the prefix of a root; those of the default root have none."""
        path = _TABLE.c.path
        # Files that were named from elsewhere belong to no root.
        of_default = ~path.contains("://") & ~path.startswith("/")
        mine = path.startswith(prefix, autoescape=True) if prefix else of_default
        return self._session.execute(select(_TABLE.c.id).where(mine).limit(1)).first() is not None

    def clear_sessions(self, paths: Sequence[str]) -> None:
        """Record that the provider's database has no session of these paths: their files are read again."""
        self._change(update(_TABLE).where(is_any_of(paths)).values(session_id=None))

    def providers_without_session(self) -> set[int]:
        """The providers with a path that is recorded as stored but has no session."""
        lost = (_TABLE.c.state.in_(STORED_FILES), _TABLE.c.session_id.is_(None), _TABLE.c.provider_id.is_not(None))
        return set(self._session.scalars(select(_TABLE.c.provider_id).where(*lost).distinct()))

    def stored_before(self, provider_id: int, moment: datetime, after: int, most: int) -> list[OldFile]:
        """A provider's stored files whose rows have not changed since ``moment``, by id, those above ``after``."""
        old = _select(OldFile._fields).where(
            _TABLE.c.provider_id == provider_id,
            _TABLE.c.state.in_(STORED_FILES),
            _TABLE.c.updated_at < moment,
            _TABLE.c.session_id.is_not(None),
            _TABLE.c.content_sha256.is_not(None),
            _TABLE.c.id > after,
        )
        return [OldFile(*row) for row in self._session.execute(old.order_by(_TABLE.c.id).limit(most))]

    def delete_stored(self, rows: Sequence[OldFile]) -> int:
        """Delete rows of stored files that have not changed since they were read. Returns how many."""
        return self._delete(list(self._unchanged(rows)), _TABLE.c.state.in_(STORED_FILES))

    def remove(self, rows: Sequence[FileStatus]) -> None:
        """Delete the rows of paths whose state is unchanged."""
        self._delete(list(self._unchanged(rows)))

    def record(self, records: Sequence[FileRecord], now: datetime) -> None:
        """Write the states of some paths and count an attempt of each; a row is made where there is none.

        One statement. The attempts of the row are counted on, not those of the record: another process may have
        recorded an attempt since the row was read.
        """
        changed = tuple(name for name in (*FileRecord.__slots__, "updated_at") if name != "attempts")
        values = _values([replace(record, attempts=1) for record in records], now)
        insert_tuples(self._session, IngestedFile, _COLUMNS, values, OnExisting("path_sha256", changed, ("attempts",)))

    def correct(self, record: FileRecord, now: datetime) -> None:
        """Correct session, state, reason and counts of every path of a provider that has these bytes.

        Where there is none, the record's path gets a row, unless it has one already.
        """
        facts = {name: getattr(record, name) for name in ("state", "session_id", "reason", *COUNTS)}
        same = (_TABLE.c.provider_id == record.provider_id, _TABLE.c.content_sha256 == record.content_sha256)
        corrected = update(_TABLE).where(*same, _TABLE.c.state.in_(STORED_FILES)).values(**facts, updated_at=now)
        if not self._change(corrected):
            # A row that only counts an attempt: the process was killed before it wrote the outcome.
            counted = (is_any_of([record.path]), _TABLE.c.state == FOUND.state, _TABLE.c.look.is_(None))
            self._change(delete(_TABLE).where(*counted))
            insert_tuples(self._session, IngestedFile, _COLUMNS, _values([record], now), OnExisting("path_sha256"))

    def _statuses(self, condition: ColumnElement[bool]) -> list[FileStatus]:
        rows = self._session.execute(_select(FileStatus._fields).where(condition))
        return [FileStatus(path, FileState(state), *rest) for path, state, *rest in rows]

    def _unchanged(self, rows: Sequence[FileStatus] | Sequence[OldFile]) -> dict[str, datetime]:
        """Lock the rows that are as they were read; by path, since when each file was seen."""
        before = {row.path: row.updated_at for row in rows}
        if not before:
            return {}
        columns = (_TABLE.c.path, _TABLE.c.updated_at, _TABLE.c.first_seen_at)
        found = self._session.execute(select(*columns).where(is_any_of(list(before))).with_for_update())
        return {path: first_seen for path, updated_at, first_seen in found if updated_at == before[path]}

    def _delete(self, paths: Sequence[str], *conditions: ColumnElement[bool]) -> int:
        if not paths:
            return 0
        return self._change(delete(_TABLE).where(is_any_of(paths), *conditions))


def path_key(path: str) -> str:
    """The unique key of a path, which may itself be too long for one."""
    return sha256(path.encode("utf-8", "surrogateescape")).hexdigest()


def is_any_of(paths: Sequence[str]) -> ColumnElement[bool]:
    """The condition that selects the rows of some paths."""
    # Sorted, so that all processes lock rows in the same order.
    return _TABLE.c.path_sha256.in_(sorted(map(path_key, paths)))


def _select(names: Sequence[str]) -> Select[Any]:
    return select(*(_TABLE.c[name] for name in names))


def _values(records: Sequence[FileRecord], now: datetime) -> list[tuple[object, ...]]:
    return [(*_FACTS(record), path_key(record.path), now, now) for record in records]
