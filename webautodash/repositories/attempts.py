"""Attempts that have begun but not ended, counted in ``ingested_files``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, case, delete, null, select, update

from webautodash.database.products.inserts import OnExisting
from webautodash.domain.file_state_transitions import FOUND
from webautodash.models import IngestedFile
from webautodash.repositories.base import Repository
from webautodash.repositories.ingested_files import NEW_ROW, NO_COUNTS, is_any_of, path_key
from webautodash.repositories.rows import insert_tuples

_TABLE = cast(Table, IngestedFile.__table__)


class BegunAttempt(NamedTuple):
    """An attempt that begins: the path, its file's stat text, and how many attempts in a row did not end with it."""

    path: str
    look: str
    number: int


class UnfinishedAttempts(NamedTuple):
    """The number of attempts in a row that did not end, and the error kind of the last one."""

    number: int
    kind: str | None


class AttemptRepository(Repository):
    """The columns of ``ingested_files`` that count attempts."""

    def begin(self, attempts: Sequence[BegunAttempt], now: datetime) -> None:
        """Count attempts before they begin; a file without a row gets one. One statement."""
        counted = ("unfinished", "unfinished_look")
        rows = [
            (one.path, path_key(one.path), FOUND.state, *NO_COUNTS, now, now, one.number, one.look)
            for one in sorted(attempts)
        ]
        insert_tuples(self._session, IngestedFile, (*NEW_ROW, *counted), rows, OnExisting("path_sha256", counted))

    def end(self, paths: Sequence[str]) -> None:
        """Reset the counts of files that were read to the end, whichever process counted."""
        self._set_number(paths, null())

    def cancel(self, paths: Sequence[str]) -> None:
        """Undo what ``begin`` counted for files that were not read after all."""
        self._set_number(paths, case((IngestedFile.unfinished > 1, IngestedFile.unfinished - 1), else_=None))

    def _set_number(self, paths: Sequence[str], number: ColumnElement[Any]) -> None:
        """Set the counts, and delete the rows that nothing but the counting has written to."""
        connection, counted = self._session.connection(), is_any_of(paths)
        connection.execute(update(_TABLE).where(counted, _TABLE.c.unfinished > 0).values(unfinished=number))
        untouched = (_TABLE.c.state == FOUND.state, _TABLE.c.look.is_(None), _TABLE.c.unfinished.is_(None))
        connection.execute(delete(_TABLE).where(counted, *untouched))

    def unfinished(self, stats: Mapping[str, str]) -> dict[str, UnfinishedAttempts]:
        """The attempts that did not end, of those paths whose stat text is still the same."""
        rows = self._session.execute(
            select(_TABLE.c.path, _TABLE.c.unfinished_look, _TABLE.c.unfinished, _TABLE.c.kind).where(
                is_any_of(list(stats)), _TABLE.c.unfinished > 0
            )
        )
        return {path: UnfinishedAttempts(number, kind) for path, text, number, kind in rows if stats[path] == text}
