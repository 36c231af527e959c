"""What a database or its server refuses, or does not answer."""

from pathlib import PurePath

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


class TransactionTooLarge(DatabaseError):
    """A file's rows are more than the nodes of a cluster exchange in one transaction; ``setting`` says how much."""

    def __init__(self, database: str, code: str, setting: str, limit: int, written: int) -> None:
        self.setting, self.limit, self.written = setting, limit, written
        super().__init__(
            database,
            code,
            f"about {written:,} bytes of rows are more than its cluster takes in one transaction ({setting} = "
            f"{limit:,}); nothing was stored: split the file, or raise {setting} on every node",
        )


class DuplicateKey(DatabaseError):
    """A unique key holds this row already; another worker was first."""


class DatabaseBusy(TransientError):
    """A lock, a deadlock or a lost connection, after the bounded number of tries."""

    exit_status = 3

    def __init__(self, database: str, code: str) -> None:
        self.database, self.code = database, code
        super().__init__(f"database {database}: busy or the connection was lost (error {code}); try again")


class ConnectionLost(DatabaseBusy):
    """A connection that was in use was lost, again and again."""


class FileReplaced(TransientError):
    """A SQLite file was removed or replaced while it was in use; what was not committed is undone."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"the file of database {database} was removed or replaced meanwhile; nothing was stored in it")


class UntrustedDatabaseFile(TerminalError):
    """A SQLite file, or its folder, that somebody else may have put there or can change; it is not opened."""

    exit_status = 2

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} {reason}; it was not opened, see `webautodash doctor`")


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


class AccountMissing(TerminalError):
    """There is no password for the account of a database, where each has one of its own."""

    exit_status = 2

    def __init__(self, account: str) -> None:
        self.account = account
        super().__init__(
            f"WEBAUTODASH_ACCOUNTS_DIR has no file {account}: whoever administers the server makes the accounts that "
            f"are missing with `webautodash provider grant --all`"
        )


class AccountRefused(TerminalError):
    """The server does not take the password that the folder of accounts has for an account."""

    exit_status = 2

    def __init__(self, account: str) -> None:
        self.account = account
        super().__init__(
            f"the server refuses the account {account} with the password in WEBAUTODASH_ACCOUNTS_DIR, or from this "
            f"machine: `webautodash provider grant --rotate` with its provider, --system or --migrations renews it, "
            f"--host says from where it may connect"
        )


class AccountInUse(TerminalError):
    """An account of the name that a database's should have may do other things already."""

    def __init__(self, account: str, rights: str) -> None:
        self.account = account
        super().__init__(
            f"the account {account} is there and has other rights ({rights}); nothing was changed: take them away, or "
            f"DROP USER {account}"
        )


class AccountUnknown(TerminalError):
    """An account of the name that a database's should have is there, and nothing says that it is not somebody else's.

    ``code`` is the server's where it does not tell ``asker`` what the account may do.
    """

    def __init__(self, account: str, asker: str, code: str | None = None) -> None:
        self.account, self.asker, self.code = account, asker, code
        if code is None:
            why, cure = "it has no rights", f"DROP USER {account} if nobody needs it"
        else:
            why, cure = f"error {code} to SHOW GRANTS", f"GRANT SELECT ON mysql.* TO {asker}"
        super().__init__(
            f"the account {account} is there and may be somebody else's ({why}); it was left as it is: {cure}, or keep "
            f"its password in the folder of --into, in the file of its name"
        )


class WrongConnection(TransientError):
    """A connection that is in another database than it was opened for; it is given up before anything is sent."""

    exit_status = 3

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database}: a connection was in another database and was given up; nothing was read or written "
            f"there: a program that uses the same engine must not send USE, nor a proxy choose the database"
        )


class NoFreeConnection(TransientError):
    """All connections that the settings allow are in use, and none came back in time."""

    exit_status = 3

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"all {most} database connections are in use and none was given back in time: raise "
            f"WEBAUTODASH_MAX_CONNECTIONS, use fewer threads, or leave the sessions that are done"
        )


class LogLeftBehind(TerminalError):
    """A SQLite file is gone and its write-ahead log is not: a new file would take in what is in it."""

    def __init__(self, database: str, log: str) -> None:
        self.database, self.log = database, log
        super().__init__(
            f"database {database}: its file is not there, but {log} with its last rows is; move that, and the -shm, to "
            f"where the file is now"
        )


class DatabaseMissing(TerminalError):
    """A registered provider's database is not on the server."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database} is registered but not on the server: restore it from a backup, "
            f"or make it anew and empty with `webautodash provider register`"
        )
