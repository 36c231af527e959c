"""What SQLite's error codes mean."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from webautodash.database.products.product_server import Failure, Trouble
from webautodash.errors import Remedy

_TRANSIENT = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DUPLICATE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_FULL = "the disk is full; make room and try again"
_ADVICE = {
    "SQLITE_READONLY": "this user may not write to the SQLite folder",
    "SQLITE_CANTOPEN": "the file cannot be opened: check the permissions of the file and its folder",
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR_SHMSIZE": _FULL,
    "SQLITE_IOERR": "the disk failed to read or write: it is full, over quota, or broken; repair it and try again",
    "SQLITE_CORRUPT": "the file is damaged; it was left unchanged",
    "SQLITE_NOTADB": "the file is not an SQLite database; it was left unchanged",
}
# Without its -wal the file lacks its last rows, and a new file beside the old -wal would take them in.
_REMEDIES = dict.fromkeys(("SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB"), Remedy.RECREATE_FILE)


def failure_of(error: DBAPIError) -> Failure:
    """The meaning of an error. The code is SQLite's name for it, such as SQLITE_BUSY."""
    number: int = getattr(error.orig, "sqlite_errorcode", 0)
    code: str = getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
    if number & 0xFF in _TRANSIENT:
        return Failure(Trouble.TRANSIENT, code)
    if number in _DUPLICATE:
        return Failure(Trouble.DUPLICATE_KEY, code)
    # SQLITE_READONLY_DIRECTORY is a kind of SQLITE_READONLY.
    general = "_".join(code.split("_")[:2])
    advice = _ADVICE.get(code) or _ADVICE.get(general)
    return Failure(Trouble.REFUSED, code, advice, _REMEDIES.get(general))
