"""What became of each path. No patient's value: paths, counts, states and reasons."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from webautodash.database.dialects.bulk import OnExisting
from webautodash.domain.vocabulary import FileState
from webautodash.models import IngestedFile
from webautodash.repositories.rows import insert_rows

_TABLE = cast(Table, IngestedFile.__table__)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The state of one path, and the counts of its last reading."""

    path: str
    state: FileState
    provider_id: int | None = None
    content_sha256: str | None = None
    size: int | None = None
    reason: str | None = None
    found: int = 0
    stored: int = 0
    changed: int = 0
    duplicates: int = 0
    set_aside: int = 0


class FileRepository:
    """Rows of ``ingested_files``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, path: str) -> FileRecord | None:
        """What is known of a path."""
        columns = [_TABLE.c[name] for name in FileRecord.__slots__]
        row = self._session.execute(select(*columns).where(_TABLE.c.path_sha256 == _key(path))).mappings().first()
        return None if row is None else FileRecord(**{**row, "state": FileState(row["state"])})

    def record(self, record: FileRecord, now: datetime) -> None:
        """Say what became of a path; the row is made where there is none."""
        values = {name: getattr(record, name) for name in FileRecord.__slots__}
        new = {**values, "path_sha256": _key(record.path), "attempts": 0, "first_seen_at": now, "updated_at": now}
        insert_rows(self._session, IngestedFile, [new], OnExisting("path_sha256"))
        self._session.execute(
            update(IngestedFile)
            .where(IngestedFile.path_sha256 == _key(record.path))
            .values(**values, attempts=IngestedFile.attempts + 1, updated_at=now)
            .execution_options(synchronize_session=False)
        )

    def set_counts(self, provider_id: int, content_sha256: str, record: dict[str, object], now: datetime) -> None:
        """Correct the state and counts of every path of a provider that holds these bytes."""
        self._session.execute(
            update(IngestedFile)
            .where(IngestedFile.provider_id == provider_id, IngestedFile.content_sha256 == content_sha256)
            .values(**record, updated_at=now)
            .execution_options(synchronize_session=False)
        )


def _key(path: str) -> str:
    return sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
