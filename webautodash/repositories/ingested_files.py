"""What became of each path. No patient's value: paths, counts, states and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, bindparam, case, delete, null, select, update
from sqlalchemy.orm import Session

from webautodash.database.products.inserts import OnExisting
from webautodash.domain.vocabulary import FAILED_FILES, OPEN_FILES, STORED_FILES, FileState
from webautodash.models import IngestedFile
from webautodash.repositories.rows import insert_tuples

_TABLE = cast(Table, IngestedFile.__table__)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The state of one path, and the counts of its last reading."""

    path: str
    state: FileState
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


class Reading(NamedTuple):
    """A reading that is begun: the file, its inode, size and times, and its number among those that did not end."""

    path: str
    look: str
    number: int


class FileStatus(NamedTuple):
    """A path that is not done with, or was not: what its folder said of it then, and how often it was tried."""

    path: str
    state: FileState
    look: str | None
    attempts: int
    next_attempt_at: datetime | None
    updated_at: datetime


class OldFile(NamedTuple):
    """A path that was stored long ago."""

    id: int
    path: str
    session_id: int
    content_sha256: str
    updated_at: datetime


class IngestedPath(NamedTuple):
    """Where the bytes of a path are stored, and what it looked like when they were read."""

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


OUTCOMES = ("stored", "changed", "duplicates", "set_aside")
"""The counts of a file's patients by what became of them."""
COUNTS = ("found", *OUTCOMES)
"""Those, and before them their sum."""
_FACTS = attrgetter(*FileRecord.__slots__)


class FileRepository:
    """Rows of ``ingested_files``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, paths: Sequence[str]) -> dict[str, FileRecord]:
        """What is known of some paths."""
        columns = [_TABLE.c[name] for name in FileRecord.__slots__]
        found = self._session.execute(select(*columns).where(_TABLE.c.path_sha256.in_(map(path_key, paths)))).mappings()
        return {row["path"]: FileRecord(**{**row, "state": FileState(row["state"])}) for row in found}

    def known(self, paths: Sequence[str]) -> dict[str, IngestedPath]:
        """Those of some paths whose bytes are stored and whose inode, size and times are known."""
        by_key = {path_key(path): path for path in paths}
        columns = [_TABLE.c[name] for name in IngestedPath._fields]
        statement = select(_TABLE.c.path_sha256, *columns).where(
            _TABLE.c.path_sha256.in_(by_key),
            _TABLE.c.state.in_(STORED_FILES),
            *(column.is_not(None) for column in columns),
        )
        return {by_key[key]: IngestedPath(*facts) for key, *facts in self._session.execute(statement)}

    def open(self) -> list[FileStatus]:
        """All that were only seen, or wait."""
        return self._standing(_TABLE.c.state.in_(OPEN_FILES))

    def failed(self) -> list[FileStatus]:
        """All that were not taken and are not tried again by themselves."""
        return self._standing(_TABLE.c.state.in_(FAILED_FILES))

    def standing(self, paths: Sequence[str]) -> dict[str, FileStatus]:
        """How some paths stand, done with or not."""
        return {row.path: row for row in self._standing(_TABLE.c.path_sha256.in_(map(path_key, paths)))}

    def see(self, looks: Mapping[str, str], before: Mapping[str, FileStatus], now: datetime) -> None:
        """Say of some paths that they were found, as their folder shows them now.

        One that has a row since, or another one than ``before`` says, is left as it is: somebody was faster.
        """
        columns = ("path", "path_sha256", "look", "state", *COUNTS, "attempts", "first_seen_at", "updated_at")
        numbers = (0,) * (len(COUNTS) + 1)
        new = [
            (path, path_key(path), look, FileState.SEEN, *numbers, now, now)
            for path, look in looks.items()
            if path not in before
        ]
        insert_tuples(self._session, IngestedFile, columns, new, OnExisting("path_sha256"))
        for path, look in looks.items():
            if path in before:
                self._session.execute(
                    update(IngestedFile)
                    .where(
                        IngestedFile.path_sha256 == path_key(path), IngestedFile.updated_at == before[path].updated_at
                    )
                    .values(look=look, state=FileState.SEEN, attempts=0, next_attempt_at=None, reason=None, kind=None)
                    # One that changes again and again waits all the while.
                    .values(updated_at=now, **({} if before[path].state in OPEN_FILES else {"first_seen_at": now}))
                    .execution_options(synchronize_session=False)
                )

    def bring_forward(self, paths: Sequence[str], latest: datetime) -> None:
        """Have some paths wait no longer than until then; nothing else of them changes."""
        late = (_TABLE.c.path_sha256.in_(map(path_key, paths)), _TABLE.c.next_attempt_at > latest)
        self._session.connection().execute(update(_TABLE).where(*late).values(next_attempt_at=latest))

    def stored_of(self, provider_id: int) -> list[StoredPath]:
        """Every path of a provider that is recorded as stored."""
        columns = [_TABLE.c[name] for name in StoredPath._fields]
        theirs = (_TABLE.c.provider_id == provider_id, _TABLE.c.state.in_(STORED_FILES))
        known = select(*columns).where(*theirs, _TABLE.c.content_sha256.is_not(None)).order_by(_TABLE.c.id)
        return [StoredPath(*row) for row in self._session.execute(known)]

    def has_files_of_root(self, prefix: str) -> bool:
        """Whether any path begins with the prefix of a root; those of the default root have none."""
        path = _TABLE.c.path
        # Files that were named from elsewhere belong to no root.
        of_default = ~path.contains("://") & ~path.startswith("/")
        mine = path.startswith(prefix, autoescape=True) if prefix else of_default
        return self._session.execute(select(_TABLE.c.id).where(mine).limit(1)).first() is not None

    def lose_sessions(self, paths: Sequence[str]) -> None:
        """Say of some paths that the provider's database has no session of them: they are read again."""
        lost = update(_TABLE).where(_TABLE.c.path_sha256.in_(map(path_key, paths))).values(session_id=None)
        self._session.connection().execute(lost)

    def providers_without_session(self) -> set[int]:
        """Those who have a path that is recorded as stored, and no session of it."""
        lost = (_TABLE.c.state.in_(STORED_FILES), _TABLE.c.session_id.is_(None), _TABLE.c.provider_id.is_not(None))
        return set(self._session.scalars(select(_TABLE.c.provider_id).where(*lost).distinct()))

    def stored_before(self, provider_id: int, moment: datetime, after: int, most: int) -> list[OldFile]:
        """A provider's stored files whose rows have not changed since then, by number; those above ``after``."""
        columns = [_TABLE.c[name] for name in OldFile._fields]
        old = select(*columns).where(
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
        connection = self._session.connection()
        as_it_was = (_TABLE.c.id == bindparam("number"), _TABLE.c.updated_at == bindparam("then"))
        statement = delete(_TABLE).where(*as_it_was, _TABLE.c.state.in_(STORED_FILES))
        return sum(connection.execute(statement, {"number": row.id, "then": row.updated_at}).rowcount for row in rows)

    def begin_readings(self, readings: Sequence[Reading], now: datetime) -> None:
        """Count readings before they are begun; a file without a row gets one. One statement."""
        columns = ("path", "path_sha256", "state", *COUNTS, "attempts", "first_seen_at", "updated_at")
        counted = ("unfinished", "unfinished_look")
        numbers = (0,) * (len(COUNTS) + 1)
        rows = [
            (one.path, path_key(one.path), FileState.SEEN, *numbers, now, now, one.number, one.look)
            for one in sorted(readings)
        ]
        insert_tuples(self._session, IngestedFile, (*columns, *counted), rows, OnExisting("path_sha256", counted))

    def end_readings(self, paths: Sequence[str]) -> None:
        """Forget the counts of files that were read to the end, also what other processes counted meanwhile."""
        self._uncount(paths, null())

    def take_back_readings(self, paths: Sequence[str]) -> None:
        """Take back what ``begin_readings`` counted for files that were not read after all."""
        self._uncount(paths, case((IngestedFile.unfinished > 1, IngestedFile.unfinished - 1), else_=None))

    def _uncount(self, paths: Sequence[str], left: ColumnElement[Any]) -> None:
        """Set the counts, and remove the rows that nobody else has written to."""
        keys = sorted(map(path_key, paths))
        is_one = IngestedFile.path_sha256.in_(keys)
        self._session.execute(
            update(IngestedFile)
            .where(is_one, IngestedFile.unfinished > 0)
            .values(unfinished=left)
            .execution_options(synchronize_session=False)
        )
        untouched = (
            IngestedFile.state == FileState.SEEN,
            IngestedFile.look.is_(None),
            IngestedFile.unfinished.is_(None),
        )
        self._session.execute(delete(IngestedFile).where(is_one, *untouched))

    def unfinished(self, looks: Mapping[str, str]) -> dict[str, tuple[int, str | None]]:
        """Of some paths that have not changed since: how many readings in a row did not end, and the last kind."""
        columns = (_TABLE.c.path, _TABLE.c.unfinished_look, _TABLE.c.unfinished, _TABLE.c.kind)
        keys = [path_key(path) for path in looks]
        rows = self._session.execute(select(*columns).where(_TABLE.c.path_sha256.in_(keys), _TABLE.c.unfinished > 0))
        return {path: (number, kind) for path, look, number, kind in rows if looks[path] == look}

    def remove(self, rows: Sequence[FileStatus]) -> None:
        """Forget paths that stand as they did."""
        for row in rows:
            as_it_was = (IngestedFile.path_sha256 == path_key(row.path), IngestedFile.updated_at == row.updated_at)
            self._session.execute(delete(IngestedFile).where(*as_it_was))

    def _standing(self, condition: ColumnElement[bool]) -> list[FileStatus]:
        rows = self._session.execute(select(*(_TABLE.c[name] for name in FileStatus._fields)).where(condition))
        return [FileStatus(path, FileState(state), *rest) for path, state, *rest in rows]

    def record(self, records: Sequence[FileRecord], now: datetime) -> None:
        """Say what became of some paths; a row is made where there is none."""
        keys = [path_key(record.path) for record in records]
        columns, rows = self._new(records, now)
        changed = (*FileRecord.__slots__, "updated_at")
        insert_tuples(self._session, IngestedFile, columns, rows, OnExisting("path_sha256", changed))
        self._session.execute(
            update(IngestedFile)
            .where(IngestedFile.path_sha256.in_(keys))
            .values(attempts=IngestedFile.attempts + 1)
            .execution_options(synchronize_session=False)
        )

    @staticmethod
    def _new(records: Sequence[FileRecord], now: datetime) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        columns = (*FileRecord.__slots__, "path_sha256", "attempts", "first_seen_at", "updated_at")
        return columns, [(*_FACTS(record), path_key(record.path), 0, now, now) for record in records]

    def correct(self, record: FileRecord, now: datetime) -> None:
        """Correct session, state, reason and counts of every path of a provider that holds these bytes.

        Where there is none, the record's path gets a row, unless it has one that says something else.
        """
        facts = {name: getattr(record, name) for name in ("state", "session_id", "reason", *COUNTS)}
        same = (_TABLE.c.provider_id == record.provider_id, _TABLE.c.content_sha256 == record.content_sha256)
        corrected = update(_TABLE).where(*same, _TABLE.c.state.in_(STORED_FILES)).values(**facts, updated_at=now)
        if not self._session.connection().execute(corrected).rowcount:
            # A row that only counts a reading: its reader was killed before it wrote the outcome.
            counted = (_TABLE.c.path_sha256 == path_key(record.path), _TABLE.c.state == FileState.SEEN)
            self._session.connection().execute(delete(_TABLE).where(*counted, _TABLE.c.look.is_(None)))
            columns, row = self._new([record], now)
            insert_tuples(self._session, IngestedFile, columns, row, OnExisting("path_sha256"))


def path_key(path: str) -> str:
    """What stands for a path in the unique key."""
    return sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
