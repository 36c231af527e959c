"""What a database or its server refuses, or does not answer."""

from webautodash.errors.base import TerminalError, TransientError


class DatabaseError(TerminalError):
    """The database refused a statement; ``code`` is the server's, ``table`` where it is known."""

    def __init__(self, database: str, code: str, advice: str) -> None:
        self.database, self.code, self.advice = database, code, advice
        super().__init__(f"database {database}: error {code}; {advice}")


class RowTooLarge(DatabaseError):
    """One row alone is larger than a packet that the server takes."""

    def __init__(self, database: str, table: str) -> None:
        self.table = table
        super().__init__(
            database, "1153", f"a row of {table} is larger than the server's max_allowed_packet; raise it there"
        )


class DuplicateKey(DatabaseError):
    """A unique key holds this row already; another worker was first."""


class DatabaseBusy(TransientError):
    """A lock, a deadlock or a lost connection, after the bounded number of tries."""

    exit_status = 3

    def __init__(self, database: str, code: str) -> None:
        self.database, self.code = database, code
        super().__init__(f"database {database}: busy or the connection was lost (error {code}); try again")


class FileReplaced(TransientError):
    """A SQLite file was removed or replaced while it was in use; what was not committed is undone."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"the file of database {database} was removed or replaced meanwhile; nothing was stored in it")


class LoadInDoubt(TransientError):
    """The server did not take a load of rows whole; the transaction is undone and done again by other means."""

    exit_status = 3

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"database {database}: rows could not be loaded in one go; try again")


class DatabaseUnreachable(TransientError):
    """No connection to the server."""

    exit_status = 3

    def __init__(self, where: str, code: str, advice: str) -> None:
        self.where, self.code, self.advice = where, code, advice
        super().__init__(f"cannot reach the database server at {where} (error {code}): {advice}")


class NoFreeConnection(TransientError):
    """All connections that the settings allow are in use, and none came back in time."""

    exit_status = 3

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"all {most} database connections are in use and none was given back in time: raise "
            f"WEBAUTODASH_MAX_CONNECTIONS, use fewer threads, or leave the sessions that are done"
        )


class DatabaseMissing(TerminalError):
    """A registered provider's database is not on the server."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database} is registered but not on the server: restore it from a backup, "
            f"or make it anew and empty with `webautodash provider register`"
        )
