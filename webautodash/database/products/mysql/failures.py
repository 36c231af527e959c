"""What the error numbers of MySQL, MariaDB and PyMySQL mean."""

from sqlalchemy.exc import DBAPIError

from webautodash.database.products.product_server import Failure, Trouble
from webautodash.errors import Remedy

NO_RIGHT_TO_TABLE, NO_RIGHT_TO_DATABASE = 1142, 1044
NO_TABLE, ROW_TOO_LARGE = 1146, 1153
LOST, SILENT, LOGIN_REFUSED, NO_TLS = 2013, 2003, 1045, 2026
SCHEMA_MISMATCH = frozenset({"1050", "1051", "1054", "1060", "1061", "1072", "1091", str(NO_TABLE)})
"""Errors of a statement that does not fit the schema."""

_TROUBLES = {
    # 1412 and 1684: another connection has changed, or is changing, the table's definition.
    Trouble.TRANSIENT: (1020, 1047, 1180, 1205, 1213, 1412, 1684, 2014),
    Trouble.LOST: (2006, LOST, 4031),
    Trouble.UNREACHABLE: (1040, LOGIN_REFUSED, 1129, 1130, 1203, 1226, 2002, SILENT, 2005, NO_TLS, 2061, 2068),
    Trouble.NO_DATABASE: (1049,),
    Trouble.DUPLICATE_KEY: (1062,),
}
_TROUBLE_OF = {number: trouble for trouble, numbers in _TROUBLES.items() for number in numbers}

# A server without disk space for a rollback exits, and its clients get no answer.
_NO_SERVER = (
    "no server answers there: check that it runs (its log says why it stopped, for example a full disk), and "
    "WEBAUTODASH_DATABASE_URL or WEBAUTODASH_DB_HOST and WEBAUTODASH_DB_PORT"
)
_ADVICE = {
    NO_RIGHT_TO_DATABASE: "the account has no right to this database; grant it as the manual says",
    NO_RIGHT_TO_TABLE: "the account lacks a right on this table; grant it as the manual says",
    LOGIN_REFUSED: "wrong user or password: check WEBAUTODASH_DB_USER and WEBAUTODASH_DB_PASSWORD, or the URL",
    NO_TABLE: "a table is missing",
    1227: "the account may not create databases; grant CREATE on the prefix as the manual says",
    ROW_TOO_LARGE: "a row is larger than the server's max_allowed_packet; raise it",
    1021: "the server's disk is full; make room there and try again",
    1114: "the server's disk, or the space it may use, is full; make room there and try again",
    1040: "the server has too many connections; raise max_connections or try later",
    2002: _NO_SERVER,
    SILENT: _NO_SERVER,
    NO_TLS: "TLS failed and no data was sent: the server has no TLS, or its certificate is for another host or from an "
    "unknown authority. WEBAUTODASH_TLS_CA names the authority's certificate; WEBAUTODASH_TLS=off allows plain text",
}
_REMEDIES = {NO_RIGHT_TO_TABLE: Remedy.GRANT, NO_TABLE: Remedy.CREATE_TABLES}


def number_of(error: DBAPIError) -> int:
    """The number that the server or the driver gave an error; 0 if it has none."""
    args = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else 0


def failure_of(error: DBAPIError) -> Failure:
    """The meaning of an error. The code is its number as text."""
    number = number_of(error)
    if number == 0 and error.connection_invalidated:
        return Failure(Trouble.LOST, "connection lost")
    return Failure(_TROUBLE_OF.get(number, Trouble.REFUSED), str(number), _ADVICE.get(number), _REMEDIES.get(number))
