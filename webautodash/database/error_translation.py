"""Turns errors of the driver and the database library into this program's, which quote nobody's data."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from webautodash.database.products import ProductServer, Trouble
from webautodash.database.products.types import UnreadableValueError
from webautodash.errors import (
    ConnectionLost,
    DatabaseBusy,
    DatabaseError,
    DatabaseMissing,
    DatabaseUnreachable,
    DuplicateKey,
    Remedy,
    WebAutoDashError,
    without_context,
)

_UNREADABLE = (
    "a row has a value that its column's type cannot read, written by another program; correct it, or restore a backup"
)


@contextmanager
def translated(server: ProductServer, database: str) -> Iterator[None]:
    """Translate the errors of a block: the code and the database, no text of the original and no link to it."""
    with without_context:
        try:
            yield
        except DBAPIError as error:
            raise _translate(error, server, database) from None
        except SQLAlchemyError as error:
            raise DatabaseError(database, type(error).__name__, "the database library refused the call") from None
        except UnreadableValueError:
            raise DatabaseError(database, "unreadable value", _UNREADABLE, Remedy.VERIFY) from None


def _translate(error: DBAPIError, server: ProductServer, database: str) -> WebAutoDashError:
    failure = server.failure(error)
    code, advice = failure.code, failure.advice
    match failure.trouble:
        case Trouble.TRANSIENT:
            return DatabaseBusy(database, code)
        case Trouble.LOST:
            return ConnectionLost(database, code)
        case Trouble.UNREACHABLE:
            return DatabaseUnreachable(server.where, code, advice or "check the host, port and account")
        case Trouble.NO_DATABASE:
            return DatabaseMissing(database)
        case Trouble.DUPLICATE_KEY:
            return DuplicateKey(database, code, "a row with the same unique key exists")
        case Trouble.REFUSED:
            return DatabaseError(database, code, advice or "the statement was rolled back", failure.remedy)
