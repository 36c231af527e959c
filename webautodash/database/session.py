"""Units of work: a session that undoes what was not committed, and errors that quote nobody's data."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from webautodash.database.products import TRIES, Dialect, Trouble
from webautodash.errors import (
    ConnectionLost,
    DatabaseBusy,
    DatabaseError,
    DatabaseMissing,
    DatabaseUnreachable,
    DuplicateKey,
    NoFreeConnection,
    TransientError,
    UsageError,
    WebAutoDashError,
    without_context,
)

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.05


@contextmanager
def session_on(engine: Engine, dialect: Dialect, database: str) -> Iterator[Session]:
    """A session on ``engine``; leaving it without ``commit()`` undoes all that was done in it.

    Raises this package's errors instead of the driver's, whose texts quote values.
    """
    with translated(dialect, database), Session(engine, autoflush=False, expire_on_commit=False) as session:
        yield session


@contextmanager
def translated(dialect: Dialect, database: str) -> Iterator[None]:
    """Turn a driver's error into one of ours: the code and the database, nothing of its text and no link to it."""
    with without_context:
        try:
            yield
        except DBAPIError as error:
            raise _translate(error, dialect, database) from None
        except SQLAlchemyError as error:
            raise DatabaseError(database, type(error).__name__, "the database library refused the call") from None
        except (ValueError, TypeError, OverflowError) as error:
            if not _is_of_a_value(error):
                raise
            if isinstance(error, UnicodeEncodeError | OverflowError):
                raise UsageError(
                    "what was asked for holds half a character or too large a number, which no row can have"
                ) from None
            raise DatabaseError(database, "unreadable value", _UNREADABLE) from None


def _is_of_a_value(error: BaseException) -> bool:
    """Whether it came up where the database library or a column's type turns a value, not in what works with it."""
    inside, step = False, error.__traceback__
    while step is not None:
        module = str(step.tb_frame.f_globals.get("__name__"))
        inside = (
            module.startswith("sqlalchemy.") or (inside and not module.startswith("webautodash.")) or module == _TYPES
        )
        step = step.tb_next
    return inside


def _translate(error: DBAPIError, dialect: Dialect, database: str) -> WebAutoDashError:
    trouble, code = dialect.trouble(error)
    match trouble:
        case Trouble.TRANSIENT:
            return DatabaseBusy(database, code)
        case Trouble.LOST:
            return ConnectionLost(database, code)
        case Trouble.UNREACHABLE:
            return DatabaseUnreachable(dialect.where, code, _ADVICE.get(code, "check the host, port and account"))
        case Trouble.NO_DATABASE:
            return DatabaseMissing(database)
        case Trouble.DUPLICATE_KEY:
            return DuplicateKey(database, code, "a unique key holds this row already")
        case Trouble.REFUSED:
            return DatabaseError(database, code, _advice(code))


def _advice(code: str) -> str:
    # SQLITE_READONLY_DIRECTORY is a kind of SQLITE_READONLY.
    general = "_".join(code.split("_")[:2])
    return _ADVICE.get(code) or _ADVICE.get(general, "the statement was undone")


_TYPES = "webautodash.database.products.types"
_UNREADABLE = (
    "a row holds what its column cannot, written by another program; put it right, or a backup in the place of the "
    "database; `webautodash verify` looks at every provider's rows"
)
_FULL = "the disk is full; make room and try again"
# A server that cannot even undo for lack of room ends, and whoever waits for its answer hears nothing.
_NOBODY = (
    "no server listens there: check that it runs (its log says why it ended: a full disk, perhaps), "
    "WEBAUTODASH_DATABASE_URL or WEBAUTODASH_DB_HOST and _PORT"
)
# Without its -wal the file lacks its last rows, and a new one beside the old -wal would take them in.
_ANEW = (
    "move it out of the folder, with its -wal and -shm, and keep it; then put a backup in its place, or have it made "
    "anew with `webautodash provider register NAME` (the system database: `webautodash setup`); then "
    "`webautodash ingest`"
)
_ADVICE = {
    "1044": "the account has no right to this database; grant it (README, A first session on MySQL or MariaDB)",
    "1045": "user or password are wrong: WEBAUTODASH_DB_USER, WEBAUTODASH_DB_PASSWORD or the URL",
    "1142": "the account lacks a right on this table; grant it (README, A first session on MySQL or MariaDB); where "
    "each provider has an account: `webautodash provider grant --all`",
    "1146": "a table is missing: `webautodash doctor` says whether to set up or to migrate",
    "1227": "the account lacks the right to make databases; grant CREATE on the prefix (README)",
    "1153": "a row is larger than the server's max_allowed_packet; raise it",
    "1021": "the server's disk is full; make room there and try again",
    "1114": "the server's disk, or the space that it may take of it, is full; make room there and try again",
    "1040": "the server has too many connections; raise max_connections or try later",
    "2002": _NOBODY,
    "2003": _NOBODY,
    "2026": "TLS failed and nothing was said: the server has none, or its certificate is of another host or of an "
    "authority nobody knows here; WEBAUTODASH_TLS_CA names its file, WEBAUTODASH_TLS=off allows plain text",
    "SQLITE_READONLY": "the SQLite folder is read-only for this user",
    "SQLITE_CANTOPEN": "its file cannot be opened: check the rights on it and its folder; if what is there is not the "
    f"file, {_ANEW}",
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR_SHMSIZE": _FULL,
    "SQLITE_IOERR": "the disk does not take or give what it should: full, over a quota, or broken; put that right and "
    "try again",
    "SQLITE_CORRUPT": f"its file is damaged, and left as it is: {_ANEW}",
    "SQLITE_NOTADB": f"its file is no SQLite database, and left as it is: {_ANEW}",
}


def retrying(work: Callable[[], T]) -> T:
    """Call ``work`` again, a few times and with growing pauses, while it raises TransientError.

    ``work`` is a whole transaction: what failed inside it is undone before the next try.
    """
    for attempt in range(1, TRIES):
        try:
            return work()
        except (DatabaseUnreachable, NoFreeConnection):
            raise
        except TransientError:
            pause = _FIRST_PAUSE_SECONDS * 2**attempt
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # jitter, no secret
    return work()
